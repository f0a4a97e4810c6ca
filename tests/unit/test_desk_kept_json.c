#include "services/desk/kept_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_int_t number_of(const json_t *array, size_t at, const char *name) {
    const json_t *value = json_object_get(json_array_get(array, at), name);
    return value != NULL ? json_integer_value(value) : -1;
}

static void a_running_clock_says_when_it_is_due_and_when_it_moves_up(void **state) {
    (void)state;
    json_t *json = kept_clocks_json(
        "sign 1000000 30 1 10 1 1800000 600000 50 1;review 2000000 2 3 0 0 172800000 0 200 0;");
    assert_int_equal(json_array_size(json), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "clock")), "sign");
    assert_int_equal(number_of(json, 0, "started_at"), 1000000);
    assert_int_equal(number_of(json, 0, "due_at"), 2800000);
    assert_int_equal(number_of(json, 0, "moves_up_at"), 3400000);
    assert_int_equal(number_of(json, 0, "told_percent"), 50);
    assert_true(json_is_false(json_object_get(json_array_get(json, 0), "held")));
    assert_int_equal(number_of(json, 1, "moves_up_at"), -1);   /* it is only told of */
    assert_int_equal(number_of(json, 1, "told_percent"), 100); /* 200: nothing comes any more */
    json_decref(json);
}

static void a_held_clock_says_what_is_left_of_it(void **state) {
    static const struct {
        const char *text, *unit;
        json_int_t left, told;
    } cases[] = {
        {"resolve 0 95 1 20 1 0 0 50 1;", "working_minutes", 95, 50},
        {"contact 0 7 0 0 0 0 0 0 0;", "continuous_minutes", 7, 0},
        {"contact 0 0 0 0 0 0 0 1 0;", "continuous_minutes", 0, 0}, /* nothing is left */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = kept_clocks_json(cases[i].text);
        assert_true(json_is_true(json_object_get(json_array_get(json, 0), "held")));
        assert_int_equal(number_of(json, 0, "left_minutes"), cases[i].left);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "left_unit")), cases[i].unit);
        assert_int_equal(number_of(json, 0, "told_percent"), cases[i].told);
        assert_int_equal(number_of(json, 0, "due_at"), -1);
        json_decref(json);
    }
}

static void a_called_unit_says_by_when_it_must_have_arrived(void **state) {
    (void)state;
    json_t *json = kept_tasks_json("water called 5000;roads finished 0;");
    assert_int_equal(json_array_size(json), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "unit")), "roads");
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "state")), "finished");
    assert_int_equal(number_of(json, 0, "by_at"), 5000);
    assert_int_equal(number_of(json, 1, "by_at"), -1);
    json_decref(json);
}

static void what_cannot_be_read_is_not_shown(void **state) {
    static const char *const clocks[] = {"sign", "sign 1 2 3;", "sign 1 30 9 0 0 1 1 0 0;", "sign x 30 1 0 0 1 1 0 0;"};
    struct case_kept kept = {.returns = 2};
    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        assert_null(kept_clocks_json(clocks[i]));
    assert_null(kept_tasks_json("water called"));
    strcpy(kept.clocks, clocks[0]);
    json_t *json = kept_json(&kept);
    assert_null(json_object_get(json, "clocks"));
    assert_int_equal(json_integer_value(json_object_get(json, "returns")), 2);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_clock_says_when_it_is_due_and_when_it_moves_up),
        cmocka_unit_test(a_held_clock_says_what_is_left_of_it),
        cmocka_unit_test(a_called_unit_says_by_when_it_must_have_arrived),
        cmocka_unit_test(what_cannot_be_read_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
