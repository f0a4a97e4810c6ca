/* The calendars of a city: its own, and those of units that work by other hours or on other days. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_fields.h"
#include "common/city_private.h"

/* ---- building ------------------------------------------------------------------------------------------------------ */

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count + 1, size);

    assert(room != NULL);
    return room;
}

/* The rows of hours.csv that have this calendar. */
static size_t read_hours(const struct city_draft *draft, const char *code, struct work_hours *hours) {
    size_t count = 0;

    for (size_t row = 0; row < COUNT(draft, hours); row++) {
        if (strcmp(FIELD(draft, hours, row, calendar), code) != 0)
            continue;
        hours[count++] = (struct work_hours){
            field_number(FIELD(draft, hours, row, weekday)),
            (uint16_t)field_minute(FIELD(draft, hours, row, from)),
            (uint16_t)field_minute(FIELD(draft, hours, row, to)),
            field_date(FIELD(draft, hours, row, valid_from)),
            field_date(FIELD(draft, hours, row, valid_to)),
        };
    }
    return count;
}

static int by_date(const void *left, const void *right) {
    const struct special_day *a = left, *b = right;

    return (a->date > b->date) - (a->date < b->date);
}

static size_t read_days(const struct city_draft *draft, const char *code, struct special_day *days) {
    size_t count = 0;

    for (size_t row = 0; row < COUNT(draft, calendar); row++) {
        if (strcmp(FIELD(draft, calendar, row, calendar), code) == 0)
            days[count++] = (struct special_day){field_date(FIELD(draft, calendar, row, date)),
                                                 strcmp(FIELD(draft, calendar, row, kind), "work") == 0};
    }
    qsort(days, count, sizeof *days, by_date);
    return count;
}

/* The calendar's own days, and the city's on all other dates. */
static size_t read_days_over_the_citys(const struct city_draft *draft, const char *code, struct special_day *days) {
    struct special_day *citys = room_for(COUNT(draft, calendar), sizeof *citys);
    size_t own = read_days(draft, code, days), count = own, all = *code == '\0' ? 0 : read_days(draft, "", citys);

    for (size_t i = 0; i < all; i++)
        if (bsearch(&citys[i], days, own, sizeof *days, by_date) == NULL)
            days[count++] = citys[i];
    free(citys);
    return count;
}

static int build_calendar(struct calendar **out, const struct city_draft *draft, const char *code, struct reason *why) {
    struct work_hours *hours = room_for(COUNT(draft, hours), sizeof *hours);
    struct special_day *days = room_for(COUNT(draft, calendar), sizeof *days);
    struct calendar_rules rules = {.timezone = draft_city_value(draft, "timezone"), .hours = hours, .days = days};

    rules.hours_count = read_hours(draft, code, hours);
    if (rules.hours_count == 0)
        rules.hours_count = read_hours(draft, "", hours);
    rules.day_count = read_days_over_the_citys(draft, code, days);
    int status = calendar_open(out, &rules, why);
    free(hours);
    free(days);
    return status;
}

int city_build_calendars(struct city *city, const struct city_draft *draft, struct reason *why) {
    if (build_calendar(&city->calendar, draft, "", why) != 0)
        return -1;
    city->calendars = room_for(CALENDARS_MAX, sizeof *city->calendars);
    city->unit_calendars = room_for(city->unit_count, sizeof *city->unit_calendars);
    for (size_t row = 0; row < city->unit_count; row++) {
        const char *code = FIELD(draft, units, row, calendar);
        size_t i = 0;
        if (*code == '\0')
            continue;
        while (i < city->calendar_count && strcmp(city->calendars[i].code, code) != 0)
            i++;
        if (i == CALENDARS_MAX)
            return refuse(why, "calendar", "units have more than %d calendars", CALENDARS_MAX);
        if (i == city->calendar_count) {
            memcpy(city->calendars[i].code, code, strlen(code) + 1);
            if (build_calendar(&city->calendars[i].calendar, draft, code, why) != 0)
                return -1;
            city->calendar_count++;
        }
        city->unit_calendars[row] = city->calendars[i].calendar;
    }
    return 0;
}

void city_close_calendars(struct city *city) {
    for (size_t i = 0; i < city->calendar_count; i++)
        calendar_close(&city->calendars[i].calendar);
    calendar_close(&city->calendar);
    free(city->calendars);
    free(city->unit_calendars);
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

const struct calendar *city_calendar(const struct city *city, const struct unit *unit) {
    if (unit == NULL)
        return city->calendar;
    assert(unit >= city->units && unit < city->units + city->unit_count);
    const struct calendar *own = city->unit_calendars[unit - city->units];
    return own != NULL ? own : city->calendar;
}

const struct zone *city_zone(const struct city *city) {
    return calendar_zone(city->calendar);
}

int64_t city_date(const struct city *city, int64_t at) {
    int64_t local = zone_local(city_zone(city), at);
    return (local - (local < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
}

int city_last_year(const struct city *city) {
    return calendar_last_year(city->calendar);
}

size_t city_calendar_count(const struct city *city) {
    return city->calendar_count;
}

const char *city_calendar_code(const struct city *city, size_t number) {
    return city->calendars[number].code;
}

int city_calendar_last_year(const struct city *city, size_t number) {
    return calendar_last_year(city->calendars[number].calendar);
}

uint64_t city_calendar_version(const struct city *city) {
    return city->calendar_version;
}
