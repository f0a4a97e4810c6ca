/* Labelled metrics of a service: series of one more label beside `service`, in Prometheus text format (version 0.0.4).
 *
 * They are asked for when somebody scrapes and kept nowhere. Bounded: of each group SERIES_SHOWN_MAX rows are shown, the worst
 * first; the gauges of the rest are summed in the row "other". Counters have no such row: its sum would fall whenever a row comes
 * out of it, and Prometheus takes a fall for a restart. */
#ifndef ZHITONG_SERIES_H
#define ZHITONG_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SERIES_SHOWN_MAX 200 /* rows of a group */
#define SERIES_FAMILIES_MAX 4
#define SERIES_VALUE_BYTES_MAX 64 /* of a label's value; the rest is cut */

enum series_kind {
    SERIES_GAUGE,
    SERIES_WORSE, /* a gauge: the more, the worse. Rows are sorted by the sum of these */
    SERIES_COUNTER
};
struct series_family { /* zhitong_<name>{service=…,<label>=…}; a counter's name ends in _total */
    const char *name;
    enum series_kind kind;
    const char *unit, *meaning;
};

struct service_loop;
struct series_sheet; /* the rows of one scrape */

struct series_group {         /* families whose rows are told apart by the same label */
    const char *label, *rows; /* its name, and what a row is */
    struct series_family families[SERIES_FAMILIES_MAX];
    size_t family_count;
    /* Calls series_add once for each row. In the loop's thread; it must not wait. */
    void (*list)(struct service_loop *loop, struct series_sheet *sheet);
};

/* `values`: one a family of the group. A row called "other" goes into the sum of that name. */
void series_add(struct series_sheet *sheet, const char *value, const int64_t *values);

/* A sheet filled in one thread, whose rows are added to a scrape's in another; who opens it closes it. */
struct series_sheet *series_sheet_open(const struct series_group *group);
void series_sheet_close(struct series_sheet **sheet);
void series_add_all(struct series_sheet *to, const struct series_sheet *from); /* of the same group */

/* Writes the exposition of `count` groups; the last line is whole even where the file ends early. */
void series_write(FILE *out, const char *service, const struct series_group *groups, size_t count,
                  struct service_loop *loop);
/* The table of deploy/OPERATIONS.md. */
void series_markdown(FILE *out, const struct series_group *groups, size_t count);

#endif
