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

/* "2025-09-30 16:00 +8" as unix ms. */
static int64_t instant(const char *text) {
    int year, month, day, hour, minute, zone;

    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d %d", &year, &month, &day, &hour, &minute, &zone), 6);
    return date_of(year, month, day) * DAY_MS + (hour - zone) * HOUR_MS + minute * MINUTE_MS;
}

/* 9–12 and 14–18 on weekdays, as offices in Luohe have it. */
static const struct work_hours luohe_hours[] = {
    {1, 540, 720, 0, 0},  {1, 840, 1080, 0, 0}, {2, 540, 720, 0, 0},  {2, 840, 1080, 0, 0}, {3, 540, 720, 0, 0},
    {3, 840, 1080, 0, 0}, {4, 540, 720, 0, 0},  {4, 840, 1080, 0, 0}, {5, 540, 720, 0, 0},  {5, 840, 1080, 0, 0},
};

/* State Council notice of 2024-11: New Year, Labour Day and National Day with their make-up days. */
static const struct {
    int month, day;
    bool works;
} days_2025[] = {
    {1, 1, false},  {4, 27, true},  {5, 1, false},  {5, 2, false},  {5, 5, false},  {9, 28, true},  {10, 1, false},
    {10, 2, false}, {10, 3, false}, {10, 6, false}, {10, 7, false}, {10, 8, false}, {10, 11, true}, {10, 4, false},
};

static struct calendar *luohe(void) {
    struct special_day days[LENGTH(days_2025)];
    struct calendar_rules rules = {"Asia/Shanghai", luohe_hours, LENGTH(luohe_hours), days, LENGTH(days)};
    struct calendar *calendar = NULL;
    struct reason why;

    for (size_t i = 0; i < LENGTH(days); i++)
        days[i] = (struct special_day){date_of(2025, days_2025[i].month, days_2025[i].day), days_2025[i].works};
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    return calendar;
}

/* 9–17 on weekdays, no holidays: every year is known. */
static struct calendar *new_york(void) {
    struct work_hours hours[5];
    struct calendar_rules rules = {"America/New_York", hours, 5, NULL, 0};
    struct calendar *calendar = NULL;
    struct reason why;

    for (uint8_t i = 0; i < 5; i++)
        hours[i] = (struct work_hours){(uint8_t)(i + 1), 540, 1020, 0, 0};
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    return calendar;
}

struct example {
    const char *from;
    struct limit limit;
    const char *due;
};

static void check(struct calendar *calendar, const struct example *examples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t due = 0;
        struct reason why = {{0}, {0}};
        if (calendar_add(calendar, instant(examples[i].from), examples[i].limit, &due, &why) != 0)
            fail_msg("%s: %s", examples[i].from, why.text);
        if (due != instant(examples[i].due))
            fail_msg("%s plus %u of unit %d: not %s but %+lld minutes off", examples[i].from, examples[i].limit.amount,
                     (int)examples[i].limit.unit, examples[i].due,
                     (long long)((due - instant(examples[i].due)) / MINUTE_MS));
    }
    calendar_close(&calendar);
}

static void working_minutes_pass_lunch_nights_and_holidays(void **state) {
    static const struct example examples[] = {
        {"2025-09-22 09:00 8", {30, WORKING_MINUTES}, "2025-09-22 09:30 8"},
        {"2025-09-22 11:50 8", {30, WORKING_MINUTES}, "2025-09-22 14:20 8"}, /* lunch */
        {"2025-09-22 12:30 8", {30, WORKING_MINUTES}, "2025-09-22 14:30 8"},
        {"2025-09-22 09:00 8", {420, WORKING_MINUTES}, "2025-09-22 18:00 8"}, /* a window's end belongs to it */
        {"2025-09-22 09:00 8", {421, WORKING_MINUTES}, "2025-09-23 09:01 8"},
        {"2025-09-22 18:00 8", {1, WORKING_MINUTES}, "2025-09-23 09:01 8"},
        {"2025-09-22 03:00 8", {60, WORKING_MINUTES}, "2025-09-22 10:00 8"},
        {"2025-09-26 17:30 8", {60, WORKING_MINUTES}, "2025-09-28 09:30 8"}, /* the Sunday is a make-up day */
        {"2025-09-27 10:00 8", {60, WORKING_MINUTES}, "2025-09-28 10:00 8"},
        {"2025-09-30 17:30 8", {60, WORKING_MINUTES}, "2025-10-09 09:30 8"}, /* over National Day */
        {"2025-10-10 17:30 8", {60, WORKING_MINUTES}, "2025-10-11 09:30 8"}, /* the Saturday after it works */
        {"2025-10-11 17:30 8", {60, WORKING_MINUTES}, "2025-10-13 09:30 8"},
        {"2025-04-30 17:00 8", {120, WORKING_MINUTES}, "2025-05-06 10:00 8"},
    };

    (void)state;
    check(luohe(), examples, LENGTH(examples));
}

static void working_days_keep_the_clock_time(void **state) {
    static const struct example examples[] = {
        {"2025-09-22 10:15 8", {1, WORKING_DAYS}, "2025-09-23 10:15 8"},
        {"2025-09-22 12:30 8", {1, WORKING_DAYS}, "2025-09-23 14:00 8"}, /* lunch: moves to the next window first */
        {"2025-09-22 18:00 8", {1, WORKING_DAYS}, "2025-09-24 09:00 8"}, /* after hours: counts from tomorrow */
        {"2025-09-22 05:00 8", {1, WORKING_DAYS}, "2025-09-23 09:00 8"},
        {"2025-09-26 10:00 8", {1, WORKING_DAYS}, "2025-09-28 10:00 8"},
        {"2025-09-27 10:00 8", {1, WORKING_DAYS}, "2025-09-29 09:00 8"},
        {"2025-09-30 16:00 8", {1, WORKING_DAYS}, "2025-10-09 16:00 8"},
        {"2025-09-30 16:00 8", {3, WORKING_DAYS}, "2025-10-11 16:00 8"},
        {"2025-10-03 16:00 8", {3, WORKING_DAYS}, "2025-10-13 09:00 8"},
        {"2025-09-22 10:15 8", {0, WORKING_DAYS}, "2025-09-22 10:15 8"},
    };

    (void)state;
    check(luohe(), examples, LENGTH(examples));
}

/* Boston's way, where holidays work (Labor Day is 2011-09-05); 2025 in Luohe has holidays and make-up days. */
static void office_days_keep_the_clock_time_of_what_comes_in_before_closing(void **state) {
    static const struct example boston[] = {
        {"2011-07-01 02:18 -4", {2, OFFICE_DAYS}, "2011-07-05 02:18 -4"}, /* before opening: as it is */
        {"2011-09-03 10:00 -4", {1, OFFICE_DAYS}, "2011-09-06 10:00 -4"}, /* Saturday is Monday, same time */
        {"2011-09-03 17:34 -4",
         {10, OFFICE_DAYS},
         "2011-09-20 09:00 -4"}, /* Monday after closing is Tuesday, opening */
        {"2011-09-06 17:00 -4", {1, OFFICE_DAYS}, "2011-09-08 09:00 -4"},
        {"2011-09-06 16:59 -4", {1, OFFICE_DAYS}, "2011-09-07 16:59 -4"},
        {"2011-09-09 20:00 -4", {1, OFFICE_DAYS}, "2011-09-13 09:00 -4"}, /* Friday evening */
    };
    static const struct example holidays[] = {
        {"2025-09-30 16:00 8", {1, OFFICE_DAYS}, "2025-10-09 16:00 8"},
        {"2025-10-03 09:00 8", {1, OFFICE_DAYS}, "2025-10-10 09:00 8"},
    };
    (void)state;
    check(new_york(), boston, LENGTH(boston));
    check(luohe(), holidays, LENGTH(holidays));
}

static void continuous_time_and_calendar_days_ignore_holidays(void **state) {
    static const struct example examples[] = {
        {"2025-09-30 23:50 8", {30, CONTINUOUS_MINUTES}, "2025-10-01 00:20 8"},
        {"2025-09-30 16:00 8", {3, CALENDAR_DAYS}, "2025-10-03 16:00 8"},
        {"2025-12-31 16:00 8",
         {30, CALENDAR_DAYS},
         "2026-01-30 16:00 8"}, /* needs no holidays, so no year is missing */
        {"2025-12-31 16:00 8", {100000, CONTINUOUS_MINUTES}, "2026-03-11 02:40 8"},
    };

    (void)state;
    check(luohe(), examples, LENGTH(examples));
}

static void days_keep_the_clock_time_when_the_clock_changes(void **state) {
    static const struct example examples[] = {
        /* 2025-03-09 02:00 -5 → 03:00 -4, 2025-11-02 02:00 -4 → 01:00 -5 */
        {"2025-03-08 10:00 -5", {1, CALENDAR_DAYS}, "2025-03-09 10:00 -4"},
        {"2025-03-08 02:30 -5", {1, CALENDAR_DAYS}, "2025-03-09 03:00 -4"}, /* 02:30 is skipped */
        {"2025-03-08 10:00 -5", {1440, CONTINUOUS_MINUTES}, "2025-03-09 11:00 -4"},
        {"2025-03-07 16:00 -5", {1, WORKING_DAYS}, "2025-03-10 16:00 -4"},
        {"2025-03-07 16:30 -5", {60, WORKING_MINUTES}, "2025-03-10 09:30 -4"},
        {"2025-11-01 10:00 -4", {1, CALENDAR_DAYS}, "2025-11-02 10:00 -5"},
        {"2025-11-01 01:30 -4", {1, CALENDAR_DAYS}, "2025-11-02 01:30 -4"}, /* comes twice: the first */
        {"2025-10-31 16:30 -4", {60, WORKING_MINUTES}, "2025-11-03 09:30 -5"},
        {"2008-03-07 16:30 -5", {60, WORKING_MINUTES}, "2008-03-10 09:30 -4"},
        {"2098-12-31 16:30 -5", {60, WORKING_MINUTES}, "2099-01-01 09:30 -5"},
    };

    (void)state;
    check(new_york(), examples, LENGTH(examples));
}

static void a_night_shift_works_twenty_three_hours_when_the_clock_skips_one(void **state) {
    struct work_hours hours[7];
    struct calendar_rules rules = {"America/New_York", hours, 7, NULL, 0};
    struct calendar *calendar = NULL;
    struct reason why;
    static const struct example examples[] = {
        {"2025-03-09 00:00 -5", {23 * 60, WORKING_MINUTES}, "2025-03-10 00:00 -4"},
        {"2025-11-02 00:00 -4", {25 * 60, WORKING_MINUTES}, "2025-11-03 00:00 -5"},
    };

    (void)state;
    for (uint8_t i = 0; i < 7; i++)
        hours[i] = (struct work_hours){(uint8_t)(i + 1), 0, DAY_MINUTES, 0, 0};
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    check(calendar, examples, LENGTH(examples));
}

static void a_year_that_is_not_known_is_refused_by_name(void **state) {
    static const struct {
        const char *from;
        struct limit limit;
        const char *year; /* NULL: fine */
    } cases[] = {
        {"2025-12-31 17:00 8", {60, WORKING_MINUTES}, NULL},   {"2025-12-31 17:00 8", {61, WORKING_MINUTES}, "2026"},
        {"2025-12-31 17:00 8", {1, WORKING_DAYS}, "2026"},     {"2025-12-31 19:00 8", {1, WORKING_MINUTES}, "2026"},
        {"2025-06-01 10:00 8", {365, WORKING_DAYS}, "2026"},   {"2026-05-01 10:00 8", {1, WORKING_DAYS}, "2026"},
        {"2024-12-31 17:00 8", {60, WORKING_MINUTES}, "2024"},
    };
    struct calendar *calendar = luohe();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t due = 7;
        struct reason why = {{0}, {0}};
        int status = calendar_add(calendar, instant(cases[i].from), cases[i].limit, &due, &why);
        assert_int_equal(status, cases[i].year == NULL ? 0 : -1);
        if (cases[i].year == NULL)
            continue;
        assert_string_equal(why.field, "calendar");
        assert_non_null(strstr(why.text, cases[i].year));
        assert_int_equal(due, 7);
    }
    calendar_close(&calendar);
}

static void years_known_with_a_gap_do_not_touch(void **state) {
    const struct special_day days[] = {{date_of(2027, 1, 1), false}, {date_of(2025, 1, 1), false}};
    struct calendar_rules rules = {"Asia/Shanghai", luohe_hours, LENGTH(luohe_hours), days, LENGTH(days)};
    struct calendar *calendar = NULL;
    struct reason why;
    int64_t due;

    (void)state;
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    assert_int_equal(calendar_add(calendar, instant("2027-01-04 10:00 8"), (struct limit){1, WORKING_DAYS}, &due, &why),
                     0);
    assert_int_equal(due, instant("2027-01-05 10:00 8"));
    assert_int_equal(
        calendar_add(calendar, instant("2025-12-31 17:30 8"), (struct limit){60, WORKING_MINUTES}, &due, &why), -1);
    assert_non_null(strstr(why.text, "2026"));
    calendar_close(&calendar);
}

static void a_make_up_day_has_mondays_hours_unless_its_weekday_has_some(void **state) {
    const struct work_hours hours[] = {{1, 600, 660, 0, 0}, {2, 480, 1000, 0, 0}, {6, 720, 780, 0, 0}};
    const struct special_day days[] = {{date_of(2025, 10, 11), true}, {date_of(2025, 10, 12), true}};
    struct calendar_rules rules = {"Asia/Shanghai", hours, LENGTH(hours), days, LENGTH(days)};
    struct calendar *calendar = NULL;
    struct reason why;
    static const struct example examples[] = {
        {"2025-10-11 00:00 8", {1, WORKING_MINUTES}, "2025-10-11 12:01 8"}, /* a Saturday has its own */
        {"2025-10-12 00:00 8", {1, WORKING_MINUTES}, "2025-10-12 10:01 8"}, /* a Sunday has none */
    };

    (void)state;
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    check(calendar, examples, LENGTH(examples));
}

static void an_unknown_zone_is_refused(void **state) {
    static const char *const names[] = {"Mars/Olympus", "../../etc/passwd", "/etc/passwd", "",
                                        "Asia",         "Asia/Shanghai/"};
    struct calendar *calendar = NULL;

    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct calendar_rules rules = {names[i], luohe_hours, LENGTH(luohe_hours), NULL, 0};
        struct reason why = {{0}, {0}};
        assert_int_equal(calendar_open(&calendar, &rules, &why), -1);
        assert_string_equal(why.field, "timezone");
    }
}

static uint64_t seed = 20251001;

static uint64_t next_random(uint64_t below) { /* xorshift64 */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Later starts and longer limits never end earlier, and nothing ends before it starts. */
static void check_order(struct calendar *calendar, const char *first, int64_t span, bool clock_time_too) {
    static const enum time_unit units[] = {WORKING_MINUTES, CONTINUOUS_MINUTES, WORKING_DAYS, CALENDAR_DAYS};

    for (int turn = 0; turn < 20000; turn++) {
        enum time_unit unit = units[next_random(clock_time_too ? 4 : 2)];
        uint32_t amount = 1 + (uint32_t)next_random(unit == WORKING_DAYS || unit == CALENDAR_DAYS ? 20 : 4000);
        int64_t from = instant(first) + (int64_t)next_random((uint64_t)span);
        int64_t later = from + (int64_t)next_random(turn % 2 ? 3600000 : 500000000);
        int64_t due, due_of_later, due_of_longer;
        struct reason why;
        assert_int_equal(calendar_add(calendar, from, (struct limit){amount, unit}, &due, &why), 0);
        assert_int_equal(calendar_add(calendar, later, (struct limit){amount, unit}, &due_of_later, &why), 0);
        assert_int_equal(calendar_add(calendar, from, (struct limit){amount + 1, unit}, &due_of_longer, &why), 0);
        assert_true(due > from);
        assert_true(due_of_later >= due);
        assert_true(due_of_longer > due);
        if (unit == WORKING_MINUTES)
            assert_true(due_of_longer - due >= MINUTE_MS);
    }
    calendar_close(&calendar);
}

static void later_starts_and_longer_limits_never_end_earlier(void **state) {
    (void)state;
    check_order(luohe(), "2025-01-05 00:00 8", 250 * DAY_MS, true);
    check_order(new_york(), "2024-01-05 00:00 -5", 800 * DAY_MS, false);
    check_order(new_york(), "2025-03-12 00:00 -4", 200 * DAY_MS, true); /* between two changes of the clock */
}

/* The definition, minute by minute, against the tables. */
static void working_minutes_agree_with_counting_each_minute(void **state) {
    struct calendar *calendar = luohe();
    int64_t due, at = instant("2025-09-26 11:00 8"), from = at;
    struct reason why;
    uint32_t worked = 0;

    (void)state;
    while (worked < 3000) {
        int64_t local = at + 8 * HOUR_MS, minute = local % DAY_MS / MINUTE_MS;
        int32_t date = (int32_t)(local / DAY_MS);
        bool works = date_weekday(date) <= 5;
        for (size_t i = 0; i < LENGTH(days_2025); i++)
            if (date_of(2025, days_2025[i].month, days_2025[i].day) == date)
                works = days_2025[i].works;
        at += MINUTE_MS;
        if (!works || !((minute >= 540 && minute < 720) || (minute >= 840 && minute < 1080)))
            continue;
        worked++;
        assert_int_equal(calendar_add(calendar, from, (struct limit){worked, WORKING_MINUTES}, &due, &why), 0);
        assert_int_equal(due, at);
    }
    calendar_close(&calendar);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(working_minutes_pass_lunch_nights_and_holidays),
        cmocka_unit_test(working_days_keep_the_clock_time),
        cmocka_unit_test(office_days_keep_the_clock_time_of_what_comes_in_before_closing),
        cmocka_unit_test(continuous_time_and_calendar_days_ignore_holidays),
        cmocka_unit_test(days_keep_the_clock_time_when_the_clock_changes),
        cmocka_unit_test(a_night_shift_works_twenty_three_hours_when_the_clock_skips_one),
        cmocka_unit_test(a_year_that_is_not_known_is_refused_by_name),
        cmocka_unit_test(years_known_with_a_gap_do_not_touch),
        cmocka_unit_test(a_make_up_day_has_mondays_hours_unless_its_weekday_has_some),
        cmocka_unit_test(an_unknown_zone_is_refused),
        cmocka_unit_test(later_starts_and_longer_limits_never_end_earlier),
        cmocka_unit_test(working_minutes_agree_with_counting_each_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
