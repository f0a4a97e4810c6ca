#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/rate_limit.h"

static int taken(struct rate_limit *limit, const char *name, uint32_t per_minute, int64_t now_ms) {
    int count = 0;
    while (rate_limit_take(limit, name, per_minute, now_ms) == 0)
        count++;
    return count;
}

static void a_bucket_holds_a_minute_and_fills_evenly(void **state) {
    static const struct {
        uint32_t per_minute;
        int64_t later_ms;
        int more; /* that there are then */
    } examples[] = {{60, 0, 0},    {60, 999, 0}, {60, 1000, 1}, {60, 30500, 30}, {60, 600000, 60}, {1, 59999, 0},
                    {1, 60000, 1}, {7, 8571, 0}, {7, 8572, 1},  {600, 150, 1},   {6000, 10, 1},    {90000, 10, 15}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct rate_limit *limit = rate_limit_open(10);
        assert_int_equal(taken(limit, "a", examples[i].per_minute, 5000), examples[i].per_minute);
        assert_int_equal(taken(limit, "a", examples[i].per_minute, 5000 + examples[i].later_ms), examples[i].more);
        rate_limit_close(&limit);
    }
}

static void what_it_says_to_wait_is_enough_and_not_too_much(void **state) {
    (void)state;
    for (uint32_t per_minute = 1; per_minute < 2000; per_minute += 37) {
        struct rate_limit *limit = rate_limit_open(1);
        (void)taken(limit, "a", per_minute, 0);
        int64_t wait = rate_limit_take(limit, "a", per_minute, 0);
        assert_true(rate_limit_take(limit, "a", per_minute, wait - 1) > 0);
        assert_int_equal(rate_limit_take(limit, "a", per_minute, wait), 0);
        rate_limit_close(&limit);
    }
}

static void asking_too_often_costs_nothing_more(void **state) {
    struct rate_limit *limit = rate_limit_open(4);
    (void)state;
    (void)taken(limit, "a", 60, 0);
    for (int64_t now = 1; now < 1000; now++)
        assert_true(rate_limit_take(limit, "a", 60, now) > 0);
    assert_int_equal(rate_limit_take(limit, "a", 60, 1000), 0);
    rate_limit_close(&limit);
}

static void a_lower_limit_holds_at_once(void **state) {
    struct rate_limit *limit = rate_limit_open(4);
    (void)state;
    assert_int_equal(rate_limit_take(limit, "a", 1000, 0), 0);
    assert_int_equal(taken(limit, "a", 5, 1), 5);
    rate_limit_close(&limit);
}

static void names_do_not_share_a_bucket(void **state) {
    struct rate_limit *limit = rate_limit_open(1000);
    char name[16];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(taken(limit, name, 3, 0), 3);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(taken(limit, name, 3, 1), 0);
    }
    rate_limit_close(&limit);
}

static void the_name_not_heard_of_for_longest_goes(void **state) {
    struct rate_limit *limit = rate_limit_open(3);
    (void)state;
    (void)taken(limit, "a", 1, 0);
    (void)taken(limit, "b", 1, 0);
    (void)taken(limit, "c", 1, 0);
    assert_int_equal(taken(limit, "a", 1, 1), 0); /* heard of again */
    assert_int_equal(taken(limit, "d", 1, 1), 1); /* b goes */
    assert_int_equal(rate_limit_names(limit), 3);
    assert_int_equal(taken(limit, "a", 1, 1), 0);
    assert_int_equal(taken(limit, "c", 1, 1), 0);
    assert_int_equal(taken(limit, "b", 1, 1), 1);
    rate_limit_close(&limit);
}

/* Whoever floods it with names stays within its places, and it still tells names apart. */
static void a_flood_of_names_stays_bounded(void **state) {
    struct rate_limit *limit = rate_limit_open(100);
    char name[24];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "flood-%d", i);
        assert_int_equal(rate_limit_take(limit, name, 1, i), 0);
        assert_true(rate_limit_take(limit, name, 1, i) > 0);
    }
    assert_int_equal(rate_limit_names(limit), 100);
    rate_limit_close(&limit);
    rate_limit_close(&limit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_a_minute_and_fills_evenly),
        cmocka_unit_test(what_it_says_to_wait_is_enough_and_not_too_much),
        cmocka_unit_test(asking_too_often_costs_nothing_more),
        cmocka_unit_test(a_lower_limit_holds_at_once),
        cmocka_unit_test(names_do_not_share_a_bucket),
        cmocka_unit_test(the_name_not_heard_of_for_longest_goes),
        cmocka_unit_test(a_flood_of_names_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
