#include "common/city_rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/city_fields.h"

static void check_zone(struct city_draft *draft) {
    for (size_t row = 0; row < COUNT(draft, city); row++) {
        const char *zone = FIELD(draft, city, row, value);
        if (strcmp(FIELD(draft, city, row, key), "timezone") == 0 && *zone != '\0' && !zone_exists(zone))
            draft_complain(draft, PLACE(city, row, value),
                           "there is no time zone \"%s\": write an IANA name such as Asia/Shanghai, or install tzdata",
                           zone);
    }
}

struct dated {
    int32_t date;
    size_t row;
};

static int dated_compare(const void *left, const void *right) {
    const struct dated *a = left, *b = right;

    if (a->date != b->date)
        return a->date < b->date ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void check_calendar(struct city_draft *draft) {
    size_t count = COUNT(draft, calendar);
    struct dated *days = calloc(count + 1, sizeof *days);

    if (days == NULL)
        abort();
    for (size_t row = 0; row < count; row++)
        days[row] = (struct dated){field_date(FIELD(draft, calendar, row, date)), row};
    qsort(days, count, sizeof *days, dated_compare);
    for (size_t i = 1; i < count; i++) {
        if (days[i].date != 0 && days[i].date == days[i - 1].date)
            draft_complain(draft, PLACE(calendar, days[i].row, date), "%s stands on line %zu already",
                           FIELD(draft, calendar, days[i].row, date),
                           draft->tables[CITY_calendar].rows[days[i - 1].row].line);
    }
    free(days);
}

static void check_window(struct city_draft *draft, size_t row) {
    const char *weekday = FIELD(draft, hours, row, weekday);
    int from = field_minute(FIELD(draft, hours, row, from)), to = field_minute(FIELD(draft, hours, row, to));

    if (from < 0 || to < 0)
        return;
    if (from >= to) {
        draft_complain(draft, PLACE(hours, row, to),
                       "must be later than %s: a night shift is two rows, to 24:00 and from 00:00",
                       FIELD(draft, hours, row, from));
        return;
    }
    for (size_t other = 0; other < row; other++) {
        if (strcmp(weekday, FIELD(draft, hours, other, weekday)) == 0 &&
            from < field_minute(FIELD(draft, hours, other, to)) && to > field_minute(FIELD(draft, hours, other, from)))
            draft_complain(draft, PLACE(hours, row, from), "overlaps line %zu",
                           draft->tables[CITY_hours].rows[other].line);
    }
}

static void check_hours(struct city_draft *draft) {
    if (COUNT(draft, hours) > WINDOWS_MAX) {
        draft_complain(draft, PLACE(hours, WINDOWS_MAX, weekday), "more than %d rows", WINDOWS_MAX);
        return;
    }
    for (size_t row = 0; row < COUNT(draft, hours); row++)
        check_window(draft, row);
}

void city_check_time(struct city_draft *draft) {
    check_zone(draft);
    check_calendar(draft);
    check_hours(draft);
}
