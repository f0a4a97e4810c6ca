/* Where a calendar ends, and calendars that hardly are any. */
#include "common/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define HOUR_MS (60 * MINUTE_MS)

static const struct work_hours weekdays[] = {
    {1, 540, 1080, 0, 0}, {2, 540, 1080, 0, 0}, {3, 540, 1080, 0, 0}, {4, 540, 1080, 0, 0}, {5, 540, 1080, 0, 0}};

static int64_t at_hour(int year, int month, int day, int hour) { /* in Shanghai */
    return date_of(year, month, day) * DAY_MS + (hour - 8) * HOUR_MS;
}

static struct calendar *opened(const struct work_hours *hours, size_t hours_count, const struct special_day *days,
                               size_t day_count) {
    const struct calendar_rules rules = {"Asia/Shanghai", hours, hours_count, days, day_count};
    struct calendar *calendar = NULL;
    struct reason why;
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    return calendar;
}

static void what_runs_past_the_years_that_are_known_is_refused(void **state) {
    const struct special_day off = {date_of(2025, 12, 31), false}, on = {date_of(2025, 12, 31), true};
    const struct {
        const struct special_day *last_day;
        int64_t from;
        struct limit limit;
    } examples[] = {
        {&on, at_hour(2025, 12, 31, 19), {1, WORKING_DAYS}},
        {&on, at_hour(2025, 12, 31, 17), {1, WORKING_DAYS}},
        {&on, at_hour(2025, 12, 31, 17), {61, WORKING_MINUTES}},
        {&on, at_hour(2025, 12, 31, 19), {1, OFFICE_DAYS}},
        {&on, at_hour(2025, 12, 31, 17), {1, OFFICE_DAYS}},
        {&off, at_hour(2025, 12, 31, 10), {1, OFFICE_DAYS}},
        {&on, at_hour(2026, 1, 1, 10), {1, OFFICE_DAYS}},
        {&on, at_hour(2024, 12, 31, 10), {1, WORKING_DAYS}},
        {&on, INT64_MAX / 2, {1, WORKING_MINUTES}},
        {&on, INT64_MIN / 2, {1, WORKING_MINUTES}},
        {&on, at_hour(1999, 12, 30, 10), {1, CALENDAR_DAYS}},
        {&on, at_hour(2100, 1, 2, 10), {1, CALENDAR_DAYS}},
        {&on, at_hour(2099, 12, 30, 10), {3, CALENDAR_DAYS}},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct calendar *calendar = opened(weekdays, LENGTH(weekdays), examples[i].last_day, 1);
        struct reason why = {.field = ""};
        int64_t at = 7;
        if (calendar_add(calendar, examples[i].from, examples[i].limit, &at, &why) != -1 || at != 7)
            fail_msg("%zu", i);
        assert_string_equal(why.field, "calendar");
        calendar_close(&calendar);
        calendar_close(&calendar); /* takes what is closed */
    }
}

static void working_time_is_measured_forwards_and_in_years_that_are_known(void **state) {
    const struct special_day day = {date_of(2025, 12, 31), true};
    const struct {
        int64_t from, to;
        int status;
    } examples[] = {
        {at_hour(2025, 12, 31, 10), at_hour(2025, 12, 31, 12), 0},
        {at_hour(2025, 12, 31, 10), at_hour(2025, 12, 31, 9), -1},
        {at_hour(2025, 12, 31, 10), at_hour(2026, 1, 2, 9), -1},
        {at_hour(2026, 1, 2, 9), at_hour(2026, 1, 2, 10), -1},
    };
    struct calendar *calendar = opened(weekdays, LENGTH(weekdays), &day, 1);
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct reason why;
        int64_t worked = 7;
        int status = calendar_worked(calendar, examples[i].from, examples[i].to, &worked, &why);
        if (status != examples[i].status || worked != (status == 0 ? 2 * HOUR_MS : 7))
            fail_msg("%zu: %d", i, status);
    }
    assert_int_equal(calendar_last_year(calendar), 2025);
    calendar_close(&calendar);
}

static void a_calendar_without_hours_never_works(void **state) {
    static const enum time_unit units[] = {WORKING_MINUTES, WORKING_DAYS, OFFICE_DAYS};
    const struct special_day make_up = {date_of(2025, 10, 11), true};
    struct calendar *calendar = opened(NULL, 0, &make_up, 1);
    struct reason why;
    int64_t at, worked = 7;
    (void)state;
    for (size_t i = 0; i < LENGTH(units); i++)
        assert_int_equal(calendar_add(calendar, at_hour(2025, 6, 4, 10), (struct limit){1, units[i]}, &at, &why), -1);
    assert_int_equal(calendar_worked(calendar, at_hour(2025, 6, 4, 10), at_hour(2025, 6, 5, 10), &worked, &why), 0);
    assert_int_equal(worked, 0);
    calendar_close(&calendar);
}

/* From June on it works longer; until March it did, too. In between the hours without days hold. */
static void hours_may_hold_from_a_day_or_until_one(void **state) {
    const struct work_hours hours[] = {
        {3, 540, 1080, 0, 0}, {3, 480, 1200, 0, date_of(2025, 3, 31)}, {3, 480, 1140, date_of(2025, 6, 1), 0}};
    static const struct { int month, day, hours; } examples[] = {{3, 26, 12}, {5, 28, 9}, {6, 4, 11}};
    const struct special_day day = {date_of(2025, 1, 1), false};
    struct calendar *calendar = opened(hours, LENGTH(hours), &day, 1);
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct reason why;
        int64_t worked, from = at_hour(2025, examples[i].month, examples[i].day, 0);
        assert_int_equal(calendar_worked(calendar, from, from + DAY_MS, &worked, &why), 0);
        assert_int_equal(worked, examples[i].hours * HOUR_MS);
    }
    calendar_close(&calendar);
}

static void rules_that_no_table_can_hold_are_refused(void **state) {
    static struct work_hours many[WINDOWS_MAX + 1];
    const struct special_day early = {date_of(1999, 12, 31), true}, late = {date_of(2100, 1, 1), true};
    const struct {
        struct calendar_rules rules;
        const char *field;
    } examples[] = {
        {{"Asia/Shanghai", many, LENGTH(many), NULL, 0}, "hours"},
        {{"Asia/Shanghai", weekdays, LENGTH(weekdays), &early, 1}, "calendar"},
        {{"Asia/Shanghai", weekdays, LENGTH(weekdays), &late, 1}, "calendar"},
        {{"Mars/Olympus", weekdays, LENGTH(weekdays), NULL, 0}, "timezone"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct calendar *calendar = NULL;
        struct reason why = {.field = ""};
        assert_int_equal(calendar_open(&calendar, &examples[i].rules, &why), -1);
        assert_string_equal(why.field, examples[i].field);
        assert_null(calendar);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_runs_past_the_years_that_are_known_is_refused),
        cmocka_unit_test(working_time_is_measured_forwards_and_in_years_that_are_known),
        cmocka_unit_test(a_calendar_without_hours_never_works),
        cmocka_unit_test(hours_may_hold_from_a_day_or_until_one),
        cmocka_unit_test(rules_that_no_table_can_hold_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
