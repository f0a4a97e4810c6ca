/* Reports of the measures for whoever waits at the HTTP API. A report reads many cases, so a thread with a connection of its own
 * makes one after the other; who asks what is being asked already waits for the same answer, and an answer is good for
 * REPORT_KEPT_MS. */
#ifndef ZHITONG_DESK_REPORTS_H
#define ZHITONG_DESK_REPORTS_H

#include <jansson.h>

#include "common/mailbox.h"
#include "common/measure_report.h"

#define REPORT_KEPT_MS 60000
#define REPORTS_KEPT 32 /* answers; the oldest makes room */
#define REPORT_DATE_MAX 10

struct report_question {
    enum sums_by by;
    char from[REPORT_DATE_MAX + 1], to[REPORT_DATE_MAX + 1]; /* "": open */
    char *units;                                             /* codes, each with a comma after it; "": all */
};

/* From the loop. json is borrowed; NULL: why says why, of field from or to where the question is wrong. */
typedef void report_done(void *context, json_t *json, const struct reason *why);

struct reports;
struct reports *reports_open(struct mailbox *out, const char *database_url, size_t waiting_max);
/* A kept answer is told at once. The question is copied. False: too many others wait. */
MUST_CHECK bool reports_ask(struct reports *reports, const struct report_question *question, report_done *done,
                            void *context);
void reports_stop(struct reports *reports); /* also the report that is being made */
void reports_close(struct reports **open);

#endif
