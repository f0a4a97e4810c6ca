#include "common/calendar_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- laying out the tables ------------------------------------------------------------------------------- */

static int special_day_compare(const void *left, const void *right) {
    const struct special_day *a = left, *b = right;

    return (a->date > b->date) - (a->date < b->date);
}

static int work_hours_compare(const void *left, const void *right) {
    const struct work_hours *a = left, *b = right;

    return (a->from > b->from) - (a->from < b->from);
}

/* Rules with what every day needs to know. */
struct layout {
    struct work_hours hours[WINDOWS_MAX]; /* by start */
    size_t hours_count;
    struct special_day *days; /* by date */
    size_t day_count;
    bool known[YEARS_KNOWN_MAX];
};

static void learn_hours(struct layout *layout, const struct calendar_rules *rules) {
    layout->hours_count = rules->hours_count;
    if (rules->hours_count > 0)
        memcpy(layout->hours, rules->hours, rules->hours_count * sizeof *rules->hours);
    qsort(layout->hours, layout->hours_count, sizeof *layout->hours, work_hours_compare);
}

static bool has_days(const struct work_hours *hours) {
    return hours->first != 0 || hours->last != 0;
}

static bool holds_on(const struct work_hours *hours, int32_t date) {
    return (hours->first == 0 || date >= hours->first) && (hours->last == 0 || date <= hours->last);
}

/* The windows that a weekday has on this date, by start, into `windows`: those with days of their own, else those without. */
static size_t windows_of(const struct layout *layout, int weekday, int32_t date, const struct work_hours **windows) {
    size_t dated = 0, always = 0;

    for (size_t i = 0; i < layout->hours_count; i++) {
        const struct work_hours *hours = &layout->hours[i];
        if (hours->weekday != weekday || !holds_on(hours, date))
            continue;
        if (has_days(hours))
            windows[dated++] = hours;
        else
            always++;
    }
    if (dated > 0)
        return dated;
    for (size_t i = 0, count = 0; count < always; i++)
        if (layout->hours[i].weekday == weekday && !has_days(&layout->hours[i]))
            windows[count++] = &layout->hours[i];
    return always;
}

static int learn_days(struct layout *layout, const struct calendar_rules *rules, struct reason *why) {
    layout->day_count = rules->day_count;
    layout->days = calloc(rules->day_count + 1, sizeof *layout->days);
    assert(layout->days != NULL);
    memset(layout->known, rules->day_count == 0, sizeof layout->known);
    for (size_t i = 0; i < rules->day_count; i++) {
        int year = date_year(rules->days[i].date);
        if (year < ZONE_YEAR_FIRST || year > ZONE_YEAR_LAST)
            return refuse(why, "calendar", "days must lie in %d to %d, not in %d", ZONE_YEAR_FIRST, ZONE_YEAR_LAST,
                          year);
        layout->known[year - ZONE_YEAR_FIRST] = true;
        layout->days[i] = rules->days[i];
    }
    qsort(layout->days, layout->day_count, sizeof *layout->days, special_day_compare);
    return 0;
}

/* The windows of a date, with its holidays and make-up days. */
static size_t windows_on(const struct layout *layout, int32_t date, const struct work_hours **windows) {
    struct special_day key = {.date = date};
    const struct special_day *special = NULL;

    if (layout->day_count > 0)
        special = bsearch(&key, layout->days, layout->day_count, sizeof key, special_day_compare);
    if (special != NULL && !special->works)
        return 0;
    size_t count = windows_of(layout, date_weekday(date), date, windows);
    for (int weekday = 1; special != NULL && count == 0 && weekday <= 7; weekday++)
        count = windows_of(layout, weekday, date, windows);
    return count;
}

/* Room for all windows of the years that are known. */
static void make_room(struct calendar *calendar, const struct layout *layout) {
    const struct work_hours *windows[WINDOWS_MAX];

    for (int i = 0; i < YEARS_KNOWN_MAX; i++) {
        int year = ZONE_YEAR_FIRST + i;
        for (int32_t date = date_of(year, 1, 1); layout->known[i] && date < date_of(year + 1, 1, 1); date++) {
            calendar->window_room += windows_on(layout, date, windows);
            calendar->day_room++;
        }
    }
    calendar->work_days = calloc(calendar->day_room + 1, sizeof *calendar->work_days);
    calendar->windows = calloc(calendar->window_room + 1, sizeof *calendar->windows);
    assert(calendar->work_days != NULL && calendar->windows != NULL);
}

static void lay_day(struct calendar *calendar, const struct layout *layout, int32_t date) {
    const struct work_hours *windows[WINDOWS_MAX];
    size_t count = windows_on(layout, date, windows);

    if (count == 0)
        return;
    assert(calendar->windows != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct window *last = calendar->window_count > 0 ? &calendar->windows[calendar->window_count - 1] : NULL;
        calendar->windows[calendar->window_count++] = (struct window){
            .open = zone_instant(calendar->zone, date * DAY_MS + windows[i]->from * MINUTE_MS),
            .close = zone_instant(calendar->zone, date * DAY_MS + windows[i]->to * MINUTE_MS),
            .before = last == NULL ? 0 : last->before + (last->close - last->open),
            .day = (uint32_t)calendar->day_count,
        };
    }
    calendar->work_days[calendar->day_count++] = date;
}

static void lay_span(struct calendar *calendar, const struct layout *layout, int first_year, int last_year) {
    struct span *span = &calendar->spans[calendar->span_count++];
    int32_t first = date_of(first_year, 1, 1), end = date_of(last_year + 1, 1, 1);

    span->first_year = first_year;
    span->last_year = last_year;
    span->from = zone_instant(calendar->zone, first * DAY_MS);
    span->until = zone_instant(calendar->zone, end * DAY_MS);
    span->window_first = calendar->window_count;
    for (int32_t date = first; date < end; date++)
        lay_day(calendar, layout, date);
    span->window_end = calendar->window_count;
    span->day_end = calendar->day_count;
}

static void lay_spans(struct calendar *calendar, const struct layout *layout) {
    for (int i = 0; i < YEARS_KNOWN_MAX; i++) {
        int first = i;
        if (!layout->known[i])
            continue;
        while (i + 1 < YEARS_KNOWN_MAX && layout->known[i + 1])
            i++;
        lay_span(calendar, layout, ZONE_YEAR_FIRST + first, ZONE_YEAR_FIRST + i);
    }
}

int calendar_open(struct calendar **out, const struct calendar_rules *rules, struct reason *why) {
    struct calendar *calendar = calloc(1, sizeof *calendar);
    struct layout layout = {0};

    assert(calendar != NULL);
    if (rules->hours_count > WINDOWS_MAX) {
        (void)refuse(why, "hours", "more than %d working windows", WINDOWS_MAX);
        goto fail;
    }
    learn_hours(&layout, rules);
    if (learn_days(&layout, rules, why) != 0 || zone_open(&calendar->zone, rules->timezone, why) != 0)
        goto fail;
    make_room(calendar, &layout);
    lay_spans(calendar, &layout);
    free(layout.days);
    *out = calendar;
    return 0;
fail:
    free(layout.days);
    calendar_close(&calendar);
    return -1;
}

void calendar_close(struct calendar **calendar) {
    if (*calendar == NULL)
        return;
    zone_close(&(*calendar)->zone);
    free((*calendar)->windows);
    free((*calendar)->work_days);
    free(*calendar);
    *calendar = NULL;
}

int calendar_last_year(const struct calendar *calendar) {
    return calendar->span_count == 0 ? 0 : calendar->spans[calendar->span_count - 1].last_year;
}

const struct zone *calendar_zone(const struct calendar *calendar) {
    return calendar->zone;
}
