#include "common/calendar_private.h"

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
    bool has_hours[8];
    int make_up_weekday; /* whose hours a make-up day has when its own weekday has none */
    bool known[YEARS_KNOWN_MAX];
};

static void learn_hours(struct layout *layout, const struct calendar_rules *rules) {
    layout->hours_count = rules->hours_count;
    memcpy(layout->hours, rules->hours, rules->hours_count * sizeof *rules->hours);
    qsort(layout->hours, layout->hours_count, sizeof *layout->hours, work_hours_compare);
    for (size_t i = 0; i < layout->hours_count; i++)
        layout->has_hours[layout->hours[i].weekday] = true;
    layout->make_up_weekday = 1;
    while (layout->make_up_weekday < 7 && !layout->has_hours[layout->make_up_weekday])
        layout->make_up_weekday++;
}

static int learn_days(struct layout *layout, const struct calendar_rules *rules, struct reason *why) {
    layout->day_count = rules->day_count;
    layout->days = calloc(rules->day_count + 1, sizeof *layout->days);
    if (layout->days == NULL)
        return refuse(why, "calendar", "out of memory");
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

/* Whose hours hold on this date: a weekday, or 0 when nobody works. */
static int working_weekday(const struct layout *layout, int32_t date) {
    struct special_day key = {.date = date};
    const struct special_day *special = NULL;
    int weekday = date_weekday(date);

    if (layout->day_count > 0)
        special = bsearch(&key, layout->days, layout->day_count, sizeof key, special_day_compare);
    if (special != NULL && !special->works)
        return 0;
    if (special != NULL && !layout->has_hours[weekday])
        weekday = layout->make_up_weekday;
    return layout->has_hours[weekday] ? weekday : 0;
}

/* Room for a hundred years of days and of windows, or of those that are known. */
static int make_room(struct calendar *calendar, const struct layout *layout, struct reason *why) {
    size_t years = 0;

    for (size_t i = 0; i < YEARS_KNOWN_MAX; i++)
        years += layout->known[i];
    calendar->day_room = years * 366;
    for (int weekday = 1; weekday <= 7; weekday++) {
        size_t windows = 0;
        for (size_t i = 0; i < layout->hours_count; i++)
            windows += layout->hours[i].weekday == weekday;
        if (windows * calendar->day_room > calendar->window_room)
            calendar->window_room = windows * calendar->day_room;
    }
    calendar->work_days = calloc(calendar->day_room + 1, sizeof *calendar->work_days);
    calendar->windows = calloc(calendar->window_room + 1, sizeof *calendar->windows);
    if (calendar->work_days == NULL || calendar->windows == NULL)
        return refuse(why, "calendar", "out of memory");
    return 0;
}

static void lay_day(struct calendar *calendar, const struct layout *layout, int32_t date) {
    int weekday = working_weekday(layout, date);

    if (weekday == 0)
        return;
    for (size_t i = 0; i < layout->hours_count; i++) {
        const struct work_hours *hours = &layout->hours[i];
        if (hours->weekday != weekday)
            continue;
        const struct window *last = calendar->window_count > 0 ? &calendar->windows[calendar->window_count - 1] : NULL;
        calendar->windows[calendar->window_count++] = (struct window){
            .open = zone_instant(calendar->zone, date * DAY_MS + hours->from * MINUTE_MS),
            .close = zone_instant(calendar->zone, date * DAY_MS + hours->to * MINUTE_MS),
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

    if (calendar == NULL)
        return refuse(why, "calendar", "out of memory");
    if (rules->hours_count > WINDOWS_MAX) {
        (void)refuse(why, "hours", "more than %d working windows", WINDOWS_MAX);
        goto fail;
    }
    learn_hours(&layout, rules);
    if (learn_days(&layout, rules, why) != 0 || zone_open(&calendar->zone, rules->timezone, why) != 0 ||
        make_room(calendar, &layout, why) != 0)
        goto fail;
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
