/* Working time: which instant is so many minutes or days later on a city's clock (DOMAIN.md section 5).
 * Everything is laid out in tables when the calendar is opened; adding is a binary search, without lock or environment,
 * so any number of threads may share one calendar. */
#ifndef ZHITONG_CALENDAR_H
#define ZHITONG_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

#include "common/city.h"
#include "common/zone.h"

#define DAY_MINUTES 1440
#define WINDOWS_MAX 512 /* rows of hours.csv */

/* One window of a weekday, in minutes of the local day. On the days for which a weekday has windows with a first or last day, these stand
 * in the place of those without. */
struct work_hours {
    uint8_t weekday;     /* 1 Monday … 7 Sunday */
    uint16_t from, to;   /* from < to <= DAY_MINUTES */
    int32_t first, last; /* days since 1970-01-01, both included; 0: no such day */
};

struct special_day { /* a public holiday, or a make-up day that works */
    int32_t date;    /* days since 1970-01-01 */
    bool works;
};

struct calendar_rules { /* borrowed while the calendar is opened; windows of one weekday must not overlap on any day */
    const char *timezone;
    const struct work_hours *hours;
    size_t hours_count;
    const struct special_day *days; /* the years that occur here are the years known; none: all of them */
    size_t day_count;
};

struct calendar;

/* Refuses an unknown zone (field "timezone") and days outside ZONE_YEAR_FIRST … ZONE_YEAR_LAST (field "calendar"). */
MUST_CHECK int calendar_open(struct calendar **out, const struct calendar_rules *rules, struct reason *why);
void calendar_close(struct calendar **calendar);

/* *at = `from` (unix ms) plus the limit; amount 0: `from` itself.
 *   CONTINUOUS_MINUTES  minutes that pass.
 *   CALENDAR_DAYS       the same local clock time so many days later.
 *   WORKING_MINUTES     minutes inside working windows. A window's end belongs to it: 09:00 and eight hours is 17:00.
 *   WORKING_DAYS        the same local clock time so many working days later; a start outside working time first
 *                       moves to the start of the next window.
 *   OFFICE_DAYS         the same local clock time so many working days later, as an office counts that notes what comes in
 *                       before it opens: a start on a free day first moves to the next working day and keeps its clock
 *                       time; at or after the day's last window it moves to the start of the next working day's first.
 * A holiday has no windows; a make-up day has its weekday's, else Monday's, else the first weekday's that has any.
 * A clock time that the target day skips (DST) is the instant of the change.
 * Never earlier for a later `from`, but for the hour that the clock runs through twice (days keep the clock time), and but
 * for office days that start on a free day, which keep their clock time.
 * Refuses (field "calendar", naming the year) when working time in a year that is not known would be counted. */
MUST_CHECK int calendar_add(const struct calendar *calendar, int64_t from, struct limit limit, int64_t *at,
                            struct reason *why);

/* The inverse for working time: how much of `from` to `to` lies inside working windows, in ms. Refuses (field "calendar")
 * years that are not known, and a `to` before `from`. */
MUST_CHECK int calendar_worked(const struct calendar *calendar, int64_t from, int64_t to, int64_t *worked_ms,
                               struct reason *why);

const struct zone *calendar_zone(const struct calendar *calendar);

/* The last year whose working time is known; ZONE_YEAR_LAST when all are, because no special day was given. */
int calendar_last_year(const struct calendar *calendar);

#endif
