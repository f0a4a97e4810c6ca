#include "services/notification/concerned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNIT_48 "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

static void the_responsible_unit_comes_first_and_each_unit_once(void **state) {
    static const struct {
        const char *unit, *support, *concerned;
    } cases[] = {
        {"a", "", "a"},
        {"a", "b", "a b"},
        {"c", "a b", "c a b"},
        {"a", "b a c b", "a b c"},
        {"ab", "a abc ab", "ab a abc"}, /* one code may begin another */
        {"a", "  b   c ", "a b c"},
        {"", "b", "b"},
        {"", "", ""},
        {UNIT_48, "b", UNIT_48 " b"},
        {"a", UNIT_48 "x b", "a b"}, /* no unit has so long a code */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct case_moved moved = {.case_id = 1};
        struct concerned concerned;
        char list[400] = "";
        strcpy(moved.unit, cases[i].unit);
        strcpy(moved.support, cases[i].support);
        memset(&concerned, 0xff, sizeof concerned);
        concerned_by(&moved, NULL, &concerned);
        for (int unit = 0; unit < concerned.count; unit++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", unit > 0 ? " " : "",
                     concerned.units[unit]);
        assert_string_equal(list, cases[i].concerned);
    }
}

static void who_oversees_a_case_is_told_too(void **state) {
    (void)state;
    struct case_moved moved = {.unit = "lead", .support = "a b", .overseers = "c a"};
    struct concerned concerned;
    concerned_by(&moved, NULL, &concerned);
    assert_int_equal(concerned.count, 4);
    assert_string_equal(concerned.units[3], "c");
}

static void more_units_than_have_room_are_left_out(void **state) {
    (void)state;
    struct case_moved moved = {.unit = "lead"};
    struct concerned concerned;
    for (int i = 0; i < 40; i++) {
        sprintf(moved.support + strlen(moved.support), "u%d ", i);
        sprintf(moved.overseers + strlen(moved.overseers), "o%d ", i);
    }
    concerned_by(&moved, NULL, &concerned);
    assert_int_equal(concerned.count, CONCERNED_MAX);
    assert_string_equal(concerned.units[0], "lead");
    assert_string_equal(concerned.units[CONCERNED_MAX - 1], "o22");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_responsible_unit_comes_first_and_each_unit_once),
        cmocka_unit_test(who_oversees_a_case_is_told_too),
        cmocka_unit_test(more_units_than_have_room_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
