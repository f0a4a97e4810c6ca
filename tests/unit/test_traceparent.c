#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/traceparent.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define GOOD "00-" ID "-00f067aa0ba902b7-01"

static void a_traceparent_is_taken_or_ignored(void **state) {
    static const struct {
        const char *from, *to;
    } examples[] = {
        {GOOD, GOOD},
        {"00-" ID "-00f067aa0ba902b7-00", "00-" ID "-00f067aa0ba902b7-00"},
        {"cc-" ID "-00f067aa0ba902b7-01", GOOD},
        {"cc-" ID "-00f067aa0ba902b7-01-what-the-future-will-be", GOOD},
        {GOOD "-more", ""},                                              /* of version 00 */
        {"cc-" ID "-00f067aa0ba902b7-01.more", ""},                      /* a later version goes on with - */
        {"ff-" ID "-00f067aa0ba902b7-01", ""},                           /* no version */
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""}, /* no trace */
        {"00-" ID "-0000000000000000-01", ""},                           /* no parent */
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", ""}, /* capitals */
        {"00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01", ""},   /* too short */
        {"00_" ID "-00f067aa0ba902b7-01", ""},
        {"00-" ID "_00f067aa0ba902b7-01", ""},
        {"00-" ID "-00f067aa0ba902b7_01", ""},
        {"00-" ID "-00f067aa0ba902b7-0g", ""},
        {"", ""},
        {NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        char to[TRACEPARENT_SIZE + 1] = "before";
        traceparent_copy(to, examples[i].from);
        assert_string_equal(to, examples[i].to);
    }
}

static void a_made_one_is_good_and_another_each_time(void **state) {
    char first[TRACEPARENT_SIZE + 1], second[TRACEPARENT_SIZE + 1], copy[TRACEPARENT_SIZE + 1];
    (void)state;
    traceparent_make(first);
    traceparent_make(second);
    traceparent_copy(copy, first);
    assert_string_equal(first, copy);
    assert_string_not_equal(first, second);
    assert_true(trace_is_sampled(first));
}

static void its_parts_can_be_read(void **state) {
    char id[TRACE_ID_SIZE + 1];
    (void)state;
    trace_id(id, GOOD);
    assert_string_equal(id, ID);
    assert_true(trace_is_sampled(GOOD));
    assert_true(trace_is_sampled("00-" ID "-00f067aa0ba902b7-0b"));
    assert_false(trace_is_sampled("00-" ID "-00f067aa0ba902b7-00"));
    assert_false(trace_is_sampled("00-" ID "-00f067aa0ba902b7-10"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_is_taken_or_ignored),
        cmocka_unit_test(a_made_one_is_good_and_another_each_time),
        cmocka_unit_test(its_parts_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
