/* Intake's batch as far as duplicates go: the older reports near those of the batch, read with one query; and a second look at those
 * that came in at the same moment on another lane or replica. One lane, one struct; see linking.h for what is decided. */
#ifndef ZHITONG_INTAKE_DUPLICATES_H
#define ZHITONG_INTAKE_DUPLICATES_H

#include "common/service.h"
#include "services/intake/linking.h"

struct duplicates;
struct seeker; /* a report of this batch that looks for older ones; in the batch's arena */

struct duplicates *duplicates_open(void);
void duplicates_close(struct duplicates **duplicates);

/* Load: forgets the batch before; then each report, as it would be kept; then one query for all. */
void duplicates_begin(struct duplicates *duplicates, struct batch *batch);
struct seeker *duplicates_seek(struct duplicates *duplicates, struct batch *batch,
                               const struct report_received *report);
MUST_CHECK int duplicates_load(struct duplicates *duplicates, struct batch *batch);

/* Decide: fills parent, likeness, because or likely of the report, whose case id and instant are set now. Later reports of the batch
 * find it when it stands for itself. Returns its place for the row; 0: nobody finds it there. */
int64_t duplicates_decide(struct duplicates *duplicates, struct batch *batch, struct seeker *seeker,
                          const struct link_wish *wish, struct report_received *received);

/* Tick: report_linked for those of about a second ago that are part of one that came at the same moment; and their rows. */
MUST_CHECK int duplicates_tick(struct duplicates *duplicates, struct batch *batch);
MUST_CHECK int duplicates_save(struct duplicates *duplicates, struct batch *batch);

#endif
