#include "common/calendar_private.h"

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

/* Working ms from the first window of the span to this instant. */
static int64_t worked_until(const struct calendar *calendar, const struct span *span, int64_t at) {
    size_t index = window_after(calendar, span, at);

    if (index < span->window_end) {
        const struct window *window = &calendar->windows[index];
        return window->before + (at > window->open ? at - window->open : 0);
    }
    if (span->window_end == span->window_first)
        return 0;
    const struct window *last = &calendar->windows[span->window_end - 1];
    return last->before + (last->close - last->open);
}

int calendar_worked(const struct calendar *calendar, int64_t from, int64_t to, int64_t *worked_ms, struct reason *why) {
    const struct span *span = find_span(calendar, from, why);

    if (span == NULL)
        return -1;
    if (to < from || to > span->until)
        return to < from ? refuse(why, "calendar", "time is measured forwards only")
                         : refuse_year(span->last_year + 1, why);
    *worked_ms = worked_until(calendar, span, to) - worked_until(calendar, span, from);
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
