/* A city's own reports as examples: title and description, labelled with the item under which the case stands now. */
#ifndef ZHITONG_ZHITONG_CLASSIFY_REPORTS_H
#define ZHITONG_ZHITONG_CLASSIFY_REPORTS_H

#include "services/zhitong/examples.h"

/* Those received before `until`, a date or an instant as PostgreSQL reads it, NULL: all. Progress goes to stderr unless quiet.
 * Refuses an `until` that is none, and what the database refuses. */
struct report_source {
    const char *url, *until;
    bool quiet;
};
MUST_CHECK int classify_reports(struct examples *examples, const struct report_source *source, struct reason *why);

#endif
