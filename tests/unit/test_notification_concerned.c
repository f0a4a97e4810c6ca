#include "services/notification/concerned.h"

#include "tests/unit/small_city.h"

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

static struct city *city;

static int open_city(void **state) {
    if (make_folder(state) != 0)
        return -1;
    struct city_draft *draft;
    int status = city_folder_open(&city, &draft, folder);
    city_draft_close(&draft);
    return status;
}

static int close_city(void **state) {
    city_close(&city);
    return remove_folder(state);
}

static void list_of(const struct case_moved *moved, char list[4000]) {
    struct concerned concerned;
    list[0] = '\0';
    concerned_by(moved, city, &concerned);
    for (int unit = 0; unit < concerned.count; unit++)
        sprintf(list + strlen(list), "%s%s", unit > 0 ? " " : "", concerned.units[unit]);
}

static void the_centres_around_the_case_hear_of_it_from_the_inside_out(void **state) {
    static const struct {
        const char *area, *unit, *support, *former, *concerned;
    } cases[] = {
        {"v", "v-desk", "", "", "v-desk t-centre c-centre s-centre"},
        {"g", "v-desk", "", "", "v-desk t-centre c-centre s-centre"},   /* a grid's village hears */
        {"w", "c-water", "", "", "c-water t-centre c-centre s-centre"}, /* no centre of its own; departments do not */
        {"t", "t-centre", "v-desk", "", "t-centre v-desk c-centre s-centre"},
        {"c", "c-water", "", "", "c-water c-centre s-centre"},
        {"s", "s-water", "", "", "s-water s-centre"},
        {"c", "c-water", "", "t-centre v-desk", "c-water t-centre v-desk c-centre s-centre"}, /* held it once */
        {"v", "s-centre", "c-centre", "v-desk c-water", "s-centre c-centre v-desk c-water t-centre"},
        {"nowhere", "v-desk", "", "", "v-desk"}, /* an area that the city has no longer */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct case_moved moved = {.case_id = 1};
        char list[4000];
        strcpy(moved.area, cases[i].area);
        strcpy(moved.unit, cases[i].unit);
        strcpy(moved.support, cases[i].support);
        strcpy(moved.former, cases[i].former);
        list_of(&moved, list);
        assert_string_equal(list, cases[i].concerned);
    }
}

static void reporters_hear_where_they_left_an_address_and_a_notice_comes_of_it(void **state) {
    static const struct {
        const char *move;
        bool reporter;
        const char *concerned;
    } cases[] = {
        {"dispatch", true, "s-water s-centre @reporters"},
        {"dispatch", false, "s-water s-centre"},
        {"note", true, "s-water s-centre"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct case_moved moved = {.unit = "s-water", .area = "s", .state = "handling", .reporter = cases[i].reporter};
        char list[4000];
        strcpy(moved.move, cases[i].move);
        list_of(&moved, list);
        assert_string_equal(list, cases[i].concerned);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_responsible_unit_comes_first_and_each_unit_once),
        cmocka_unit_test(who_oversees_a_case_is_told_too),
        cmocka_unit_test(more_units_than_have_room_are_left_out),
        cmocka_unit_test(the_centres_around_the_case_hear_of_it_from_the_inside_out),
        cmocka_unit_test(reporters_hear_where_they_left_an_address_and_a_notice_comes_of_it),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
