#include "common/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define FIRST_YEAR 2007
#define LAST_YEAR 2026
#define DAYS_OFF 3 /* of the made-up holidays: each year the first days of January, May and October */

/* Mornings and afternoons; each year has holidays, and the Saturday after one works. */
static struct calendar *open_calendar(void) {
    static struct work_hours hours[10];
    static struct special_day days[(LAST_YEAR - FIRST_YEAR + 1) * 3 * (DAYS_OFF + 1)];
    struct calendar_rules rules = {"Asia/Shanghai", hours, 10, days, 0};
    struct calendar *calendar = NULL;
    struct reason why;

    for (uint8_t i = 0; i < 5; i++) {
        hours[i * 2] = (struct work_hours){(uint8_t)(i + 1), 510, 720, 0, 0};
        hours[i * 2 + 1] = (struct work_hours){(uint8_t)(i + 1), 870, 1080, 0, 0};
    }
    for (int year = FIRST_YEAR; year <= LAST_YEAR; year++) {
        for (int month = 1; month <= 10; month += month == 1 ? 4 : 5) {
            int32_t date = date_of(year, month, 1);
            for (int i = 0; i < DAYS_OFF; i++)
                days[rules.day_count++] = (struct special_day){date + i, false};
            int32_t saturday = date + DAYS_OFF + (13 - date_weekday(date + DAYS_OFF)) % 7;
            days[rules.day_count++] = (struct special_day){saturday, true};
        }
    }
    assert_int_equal(calendar_open(&calendar, &rules, &why), 0);
    return calendar;
}

static int64_t worked(const struct calendar *calendar, int64_t from, int64_t to) {
    struct reason why;
    int64_t worked_ms;
    assert_int_equal(calendar_worked(calendar, from, to, &worked_ms, &why), 0);
    return worked_ms;
}

/* Every day of twenty years, at hours inside and outside of the windows. */
static void adding_and_measuring_agree_and_nothing_is_early(void **state) {
    static const int minutes[] = {0, 509, 510, 600, 720, 800, 1079, 1080, 1439};
    static const uint32_t amounts[] = {1, 30, 239, 420, 421, 2520};
    struct calendar *calendar = open_calendar();
    struct reason why;
    int64_t last_due[6] = {0}, due;

    (void)state;
    for (int32_t date = date_of(FIRST_YEAR, 1, 1); date < date_of(LAST_YEAR, 12, 15); date++) {
        for (size_t m = 0; m < sizeof minutes / sizeof *minutes; m++) {
            int64_t from = date * DAY_MS + minutes[m] * MINUTE_MS - 8 * HOUR_MS;
            for (size_t i = 0; i < 6; i++) {
                struct limit limit = {amounts[i], WORKING_MINUTES};
                assert_int_equal(calendar_add(calendar, from, limit, &due, &why), 0);
                assert_int_equal(worked(calendar, from, due), amounts[i] * MINUTE_MS);
                assert_int_equal(worked(calendar, from, due - 1), amounts[i] * MINUTE_MS - 1); /* not a ms earlier */
                assert_true(due >= last_due[i]);
                last_due[i] = due;
            }
        }
    }
    calendar_close(&calendar);
}

/* A working day later is never less than no working time later, and never earlier for a later start. */
static void days_are_never_early_and_monotone(void **state) {
    struct calendar *calendar = open_calendar();
    struct reason why;
    int64_t last_due = 0, due, longer;

    (void)state;
    for (int64_t from = date_of(FIRST_YEAR, 1, 1) * DAY_MS; from < date_of(LAST_YEAR, 12, 1) * DAY_MS;
         from += 7 * HOUR_MS) {
        assert_int_equal(calendar_add(calendar, from, (struct limit){3, WORKING_DAYS}, &due, &why), 0);
        assert_int_equal(calendar_add(calendar, from, (struct limit){4, WORKING_DAYS}, &longer, &why), 0);
        assert_true(due > from && longer > due && due >= last_due);
        assert_int_equal(worked(calendar, from, due), 3 * 420 * MINUTE_MS); /* three whole days of seven hours */
        last_due = due;
        assert_int_equal(calendar_add(calendar, from, (struct limit){3, OFFICE_DAYS}, &due, &why), 0);
        assert_true(due > from);
    }
    calendar_close(&calendar);
}

static void nothing_is_counted_or_measured_past_the_last_year(void **state) {
    struct calendar *calendar = open_calendar();
    int64_t from = date_of(LAST_YEAR, 12, 31) * DAY_MS, out = 7;
    struct reason why;

    (void)state;
    assert_int_equal(calendar_last_year(calendar), LAST_YEAR);
    assert_int_equal(calendar_add(calendar, from, (struct limit){3, WORKING_DAYS}, &out, &why), -1);
    assert_string_equal(why.field, "calendar");
    assert_int_equal(calendar_add(calendar, from, (struct limit){3, OFFICE_DAYS}, &out, &why), -1);
    assert_non_null(strstr(why.text, "2027"));
    assert_int_equal(calendar_worked(calendar, from, from + 40 * DAY_MS, &out, &why), -1);
    assert_non_null(strstr(why.text, "2027"));
    assert_int_equal(calendar_worked(calendar, from, from - 1, &out, &why), -1);
    assert_string_equal(why.field, "calendar");
    assert_int_equal(out, 7);
    calendar_close(&calendar);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_and_measuring_agree_and_nothing_is_early),
        cmocka_unit_test(days_are_never_early_and_monotone),
        cmocka_unit_test(nothing_is_counted_or_measured_past_the_last_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
