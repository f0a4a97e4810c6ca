#include "common/calendar.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- counting -------------------------------------------------------------------------------------------- */

static int refuse_year(int year, struct reason *why) {
    return refuse(why, "calendar", "working time in %d is not known: add the holidays of %d to calendar.csv", year,
                  year);
}

/* The years around `from`; NULL, refused, when they are not known. */
static const struct span *find_span(const struct calendar *calendar, int64_t from, struct reason *why) {
    for (size_t i = 0; i < calendar->span_count; i++) {
        if (from >= calendar->spans[i].from && from < calendar->spans[i].until)
            return &calendar->spans[i];
    }
    int64_t local = zone_local(calendar->zone, from);
    int64_t day = local / DAY_MS - (local % DAY_MS < 0);
    bool imaginable = day > INT32_MIN / 2 && day < INT32_MAX / 2;
    (void)refuse_year(imaginable ? date_year((int32_t)day) : ZONE_YEAR_LAST + 1, why);
    return NULL;
}

/* The first window that closes after `from`; span->window_end when there is none. */
static size_t window_after(const struct calendar *calendar, const struct span *span, int64_t from) {
    size_t low = span->window_first, high = span->window_end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calendar->windows[middle].close > from)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int add_working_minutes(const struct calendar *calendar, int64_t from, int64_t minutes, int64_t *at,
                               struct reason *why) {
    const struct span *span = find_span(calendar, from, why);

    if (span == NULL)
        return -1;
    size_t low = window_after(calendar, span, from), high = span->window_end;
    if (low == high)
        return refuse_year(span->last_year + 1, why);
    const struct window *first = &calendar->windows[low];
    int64_t worked = first->before + (from > first->open ? from - first->open : 0) + minutes * MINUTE_MS;
    while (low < high) { /* the first window at whose end so much is worked */
        size_t middle = low + (high - low) / 2;
        const struct window *window = &calendar->windows[middle];
        if (window->before + (window->close - window->open) >= worked)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == span->window_end)
        return refuse_year(span->last_year + 1, why);
    *at = calendar->windows[low].open + (worked - calendar->windows[low].before);
    return 0;
}

static int add_working_days(const struct calendar *calendar, int64_t from, size_t days, int64_t *at,
                            struct reason *why) {
    const struct span *span = find_span(calendar, from, why);

    if (span == NULL)
        return -1;
    size_t index = window_after(calendar, span, from);
    if (index == span->window_end)
        return refuse_year(span->last_year + 1, why);
    const struct window *window = &calendar->windows[index];
    size_t target = window->day + days;
    if (target >= span->day_end)
        return refuse_year(span->last_year + 1, why);
    int64_t start = from > window->open ? from : window->open;
    int64_t clock = zone_local(calendar->zone, start) - calendar->work_days[window->day] * DAY_MS;
    *at = zone_instant(calendar->zone, calendar->work_days[target] * DAY_MS + clock);
    return 0;
}

/* The clock time, in ms of the local day, at which the window opens. */
static int64_t clock_of(const struct calendar *calendar, const struct window *window) {
    return zone_local(calendar->zone, window->open) - calendar->work_days[window->day] * DAY_MS;
}

static int add_office_days(const struct calendar *calendar, int64_t from, size_t days, int64_t *at,
                           struct reason *why) {
    const struct span *span = find_span(calendar, from, why);

    if (span == NULL)
        return -1;
    int64_t local = zone_local(calendar->zone, from);
    int64_t midnight = local - local % DAY_MS, clock = local % DAY_MS;
    size_t index = window_after(calendar, span, zone_instant(calendar->zone, midnight));
    if (index == span->window_end)
        return refuse_year(span->last_year + 1, why);
    size_t day = calendar->windows[index].day;
    index = window_after(calendar, span, zone_instant(calendar->zone, calendar->work_days[day] * DAY_MS + clock));
    if (index == span->window_end)
        return refuse_year(span->last_year + 1, why);
    if (calendar->windows[index].day != day) { /* after the last window */
        day = calendar->windows[index].day;
        clock = clock_of(calendar, &calendar->windows[index]);
    }
    if (day + days >= span->day_end)
        return refuse_year(span->last_year + 1, why);
    *at = zone_instant(calendar->zone, calendar->work_days[day + days] * DAY_MS + clock);
    return 0;
}

static int add_calendar_days(const struct calendar *calendar, int64_t from, int64_t days, int64_t *at,
                             struct reason *why) {
    int64_t first = date_of(ZONE_YEAR_FIRST, 1, 1) * DAY_MS, end = date_of(ZONE_YEAR_LAST + 1, 1, 1) * DAY_MS;
    int64_t local = zone_local(calendar->zone, from);

    if (local < first || local >= end || local + days * DAY_MS >= end)
        return refuse(why, "calendar", "days are counted in the years %d to %d only", ZONE_YEAR_FIRST, ZONE_YEAR_LAST);
    *at = zone_instant(calendar->zone, local + days * DAY_MS);
    return 0;
}

int calendar_add(const struct calendar *calendar, int64_t from, struct limit limit, int64_t *at, struct reason *why) {
    if (limit.amount == 0) {
        *at = from;
        return 0;
    }
    switch (limit.unit) {
    case CONTINUOUS_MINUTES:
        *at = from + limit.amount * MINUTE_MS;
        return 0;
    case WORKING_MINUTES:
        return add_working_minutes(calendar, from, limit.amount, at, why);
    case WORKING_DAYS:
        return add_working_days(calendar, from, limit.amount, at, why);
    case CALENDAR_DAYS:
        return add_calendar_days(calendar, from, limit.amount, at, why);
    case OFFICE_DAYS:
        return add_office_days(calendar, from, limit.amount, at, why);
    }
    return refuse(why, "calendar", "there is no time unit %d", (int)limit.unit);
}
