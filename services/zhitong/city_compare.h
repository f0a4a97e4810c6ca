/* What differs between the city that is loaded and a folder. */
#ifndef ZHITONG_CITY_COMPARE_H
#define ZHITONG_CITY_COMPARE_H

#include <stdio.h>

#include "common/city_draft.h"

struct table_changes { /* of one table, in rows */
    size_t added, removed, altered;
    bool columns[CITY_COLUMNS_MAX]; /* that differ in some row */
};

/* Rows belong together by their key, in whatever order they stand; numbers are the same however they are written. Each difference
 * is a line on `out`, where that is not NULL: + added, - removed, ~ changed with its fields. */
struct table_changes city_compare(const struct city_draft *loaded, const struct city_draft *folder,
                                  enum city_table table, FILE *out);

bool table_is_changed(const struct table_changes *changes);

#endif
