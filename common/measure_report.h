/* A report of the measures: who asks says what, and gets sums, names and ranks; as JSON for `zhitong report --format json` and for
 * the desk's GET /report, which give the same. */
#ifndef ZHITONG_MEASURE_REPORT_H
#define ZHITONG_MEASURE_REPORT_H

#include <jansson.h>

#include "common/measure_log.h"

#define REPORT_NAME_MAX 240 /* bytes */
#define REPORT_CODE_MAX 48

struct report_ask { /* zero-initialised asks for everything in one row */
    enum sums_by by;
    const char *from,
        *to; /* YYYY-MM-DD in the city's zone, both included; NULL or "": from the first, to the last case */
    const char *const *units;     /* codes: only what is charged to them */
    size_t unit_count;            /* 0: all */
    struct exclusion *exclusions; /* borrowed; sorted by report_make, `met` is set */
    size_t exclusion_count;
    bool kept;                         /* from the kept facts, brought up to date first; else from the whole log */
    struct measure_progress *progress; /* NULL: nobody listens */
};

struct report_row {
    const struct sums_cell *cell;
    char code[REPORT_CODE_MAX + 1]; /* of unit, item, channel; the tier; YYYY-MM or YYYY-MM-DD */
    char name_en[REPORT_NAME_MAX + 1], name_zh[REPORT_NAME_MAX + 1];
    double composite; /* NaN: nothing to count in one of its parts */
    uint32_t rank;    /* by composite, from 1; 0: fewer than RANKED_CASES_MIN cases, no composite, or not by unit */
};

struct report {
    struct report_ask ask; /* borrowed as above */
    struct code_book book;
    struct sums sums;
    struct zone *zone;
    int64_t kept_from;   /* unix ms: the log is whole from there; 0: nothing was dropped */
    uint64_t unreadable; /* entries */
    struct report_row *rows;
    size_t row_count;
    char city_en[REPORT_NAME_MAX + 1], city_zh[REPORT_NAME_MAX + 1];
    char titles_en[MEASURE_COUNT]
                  [REPORT_NAME_MAX + 1]; /* of slots: the city's, else the project's; of rates: the names */
    char titles_zh[MEASURE_COUNT][REPORT_NAME_MAX + 1];
    bool titled[MEASURE_COUNT]; /* the city has given this slot its title */
};

/* The connection has prepared measures_queries and serves reports only: its time limits are lifted. Refuses a date that is none, from later than to, no city, and what the database
 * refuses. The caller closes the report, also after a refusal. */
MUST_CHECK int report_make(struct report *report, struct db *db, const struct report_ask *ask, struct reason *why);
void report_close(struct report *report);

/* A new object; the caller json_decref()s it. */
json_t *report_json(const struct report *report);

#endif
