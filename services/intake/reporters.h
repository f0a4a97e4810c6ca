/* The reporters of a batch: found by their blind index or made, each once. A batch without personal data does nothing here. */
#ifndef ZHITONG_INTAKE_REPORTERS_H
#define ZHITONG_INTAKE_REPORTERS_H

#include "common/batch.h"
#include "common/reporter.h"

struct reporters;
/* Of one lane. keys: NULL where no keyring is set, then nobody is kept; taken over. */
struct reporters *reporters_open(struct secret_keys *take_keys);
void reporters_close(struct reporters **reporters);
const struct secret_keys *reporters_keys(const struct reporters *reporters);

/* Begins a batch; a keyring that was replaced is read again. */
void reporters_begin(struct reporters *reporters, struct batch *batch);
struct reporter_known;
/* Who this report is from, as far as it says; NULL: nobody is named, or there is no keyring. To be called for each report before
 * reporters_find. Whoever hands reports to reporters_put must have asked reporter_check. */
struct reporter_known *reporters_ask(struct reporters *reporters, const struct submit *submit, const char *client);
/* Finds those who reported before, and holds their rows to the end of the batch. -1: the database failed. */
MUST_CHECK int reporters_find(struct reporters *reporters);
/* The reporter's number, for the report of this case through this channel; of a new one it is the case's. 0 for NULL. */
uint64_t reporters_put(struct reporters *reporters, struct reporter_known *known, uint64_t case_id,
                       const struct submit *submit);
/* Queues what was put. -1: the database failed. */
MUST_CHECK int reporters_save(struct reporters *reporters);

#endif
