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
    const char *calendar;
    int32_t date;
    size_t row;
};

static int dated_compare(const void *left, const void *right) {
    const struct dated *a = left, *b = right;
    int order = strcmp(a->calendar, b->calendar);

    if (order != 0)
        return order;
    if (a->date != b->date)
        return a->date < b->date ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The years that occur in the city's own rows are the years known, whatever a unit's calendar has. */
static void check_years(struct city_draft *draft, const struct dated *days, size_t count) {
    bool known[ZONE_YEAR_LAST + 1] = {false};
    size_t citys = 0;

    for (size_t i = 0; i < count && *days[i].calendar == '\0'; i++) {
        known[days[i].date == 0 ? 0 : date_year(days[i].date)] = true;
        citys++;
    }
    for (size_t i = citys; citys > 0 && i < count; i++) {
        int year = days[i].date == 0 ? 0 : date_year(days[i].date);
        if (year != 0 && !known[year])
            draft_complain(draft, PLACE(calendar, days[i].row, date), "the city's own days of %d must be added first",
                           year);
    }
}

static void check_calendar(struct city_draft *draft) {
    size_t count = COUNT(draft, calendar);
    struct dated *days = calloc(count + 1, sizeof *days);

    if (days == NULL)
        abort();
    for (size_t row = 0; row < count; row++)
        days[row] = (struct dated){FIELD(draft, calendar, row, calendar), field_date(FIELD(draft, calendar, row, date)),
                                   row};
    qsort(days, count, sizeof *days, dated_compare);
    for (size_t i = 1; i < count; i++) {
        if (days[i].date != 0 && days[i].date == days[i - 1].date &&
            strcmp(days[i].calendar, days[i - 1].calendar) == 0)
            draft_complain(draft, PLACE(calendar, days[i].row, date), "%s stands on line %zu already",
                           FIELD(draft, calendar, days[i].row, date),
                           draft->tables[CITY_calendar].rows[days[i - 1].row].line);
    }
    check_years(draft, days, count);
    free(days);
}

/* From the first to the last day of a row of hours.csv; both 0: always. */
static void days_of(const struct city_draft *draft, size_t row, int32_t days[2]) {
    days[0] = field_date(FIELD(draft, hours, row, valid_from));
    days[1] = field_date(FIELD(draft, hours, row, valid_to));
}

/* Whether two rows may hold on one day: those with days stand in the place of those without, so both or none have them. */
static bool meet(const struct city_draft *draft, size_t row, size_t other) {
    int32_t a[2], b[2];

    if (strcmp(FIELD(draft, hours, row, weekday), FIELD(draft, hours, other, weekday)) != 0 ||
        strcmp(FIELD(draft, hours, row, calendar), FIELD(draft, hours, other, calendar)) != 0)
        return false;
    days_of(draft, row, a);
    days_of(draft, other, b);
    bool a_has = a[0] != 0 || a[1] != 0, b_has = b[0] != 0 || b[1] != 0;
    return a_has == b_has && (a[1] == 0 || b[0] <= a[1]) && (b[1] == 0 || a[0] <= b[1]);
}

static void check_window(struct city_draft *draft, size_t row) {
    int32_t days[2];
    int from = field_minute(FIELD(draft, hours, row, from)), to = field_minute(FIELD(draft, hours, row, to));

    if (from < 0 || to < 0)
        return;
    if (from >= to) {
        draft_complain(draft, PLACE(hours, row, to),
                       "must be later than %s: a night shift is two rows, to 24:00 and from 00:00",
                       FIELD(draft, hours, row, from));
        return;
    }
    days_of(draft, row, days);
    if (days[1] != 0 && days[1] < days[0])
        draft_complain(draft, PLACE(hours, row, valid_to), "must not be before %s",
                       FIELD(draft, hours, row, valid_from));
    for (size_t other = 0; other < row; other++) {
        if (meet(draft, row, other) && from < field_minute(FIELD(draft, hours, other, to)) &&
            to > field_minute(FIELD(draft, hours, other, from)))
            draft_complain(draft, PLACE(hours, row, from), "overlaps line %zu",
                           draft->tables[CITY_hours].rows[other].line);
    }
}

static void check_hours(struct city_draft *draft) {
    if (COUNT(draft, hours) > WINDOWS_MAX) {
        draft_complain(draft, PLACE(hours, WINDOWS_MAX, weekday), "more than %d rows", WINDOWS_MAX);
        return;
    }
    size_t citys = 0;
    for (size_t row = 0; row < COUNT(draft, hours); row++) {
        check_window(draft, row);
        citys += *FIELD(draft, hours, row, calendar) == '\0';
    }
    if (citys == 0 && COUNT(draft, hours) > 0)
        draft_complain(draft, PLACE(hours, 0, calendar),
                       "one row at least must have no calendar: the city's own hours");
}

static bool is_calendar(const struct city_draft *draft, const char *code) {
    for (size_t row = 0; row < COUNT(draft, hours); row++)
        if (strcmp(FIELD(draft, hours, row, calendar), code) == 0)
            return true;
    for (size_t row = 0; row < COUNT(draft, calendar); row++)
        if (strcmp(FIELD(draft, calendar, row, calendar), code) == 0)
            return true;
    return false;
}

static void check_units(struct city_draft *draft) {
    for (size_t row = 0; row < COUNT(draft, units); row++) {
        const char *code = FIELD(draft, units, row, calendar);
        if (*code != '\0' && !is_calendar(draft, code))
            draft_complain(draft, PLACE(units, row, calendar),
                           "there is no calendar \"%s\" in hours.csv or calendar.csv", code);
    }
}

void city_check_time(struct city_draft *draft) {
    check_zone(draft);
    check_calendar(draft);
    check_hours(draft);
    check_units(draft);
}
