/* What a calendar is made of: shared by what lays it out (calendar.c) and what counts in it (calendar_count.c). */
#ifndef ZHITONG_CALENDAR_PRIVATE_H
#define ZHITONG_CALENDAR_PRIVATE_H

#include "common/calendar.h"

#define YEARS_KNOWN_MAX (ZONE_YEAR_LAST - ZONE_YEAR_FIRST + 1)

struct window {
    int64_t open, close; /* unix ms */
    int64_t before;      /* working ms of all windows that precede it */
    uint32_t day;        /* index into work_days */
};

/* Years known without a gap: working time is only counted within one of these. */
struct span {
    int64_t from, until; /* unix ms */
    int first_year, last_year;
    size_t window_first, window_end; /* into windows */
    size_t day_end;                  /* into work_days */
};

struct calendar {
    struct zone *zone;
    struct window *windows;
    size_t window_count, window_room;
    int32_t *work_days; /* dates that have windows */
    size_t day_count, day_room;
    struct span spans[YEARS_KNOWN_MAX];
    size_t span_count;
};

#endif
