#include "common/city.h"

#include "common/calendar.h"
#include "common/policy.h"
#include "tests/unit/small_city.h"

static struct city *open_small_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;

    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s:%zu: %s", city_table_spec(draft->complaints[0].table)->file, draft->complaints[0].line,
                 draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static void codes_are_found_and_others_are_not(void **state) {
    struct city *city = open_small_city();

    (void)state;
    assert_string_equal(city_name(city), "Small");
    assert_string_equal(city_timezone(city), "Asia/Shanghai");
    assert_true(city_channel(city, "sensor")->auto_accept);
    assert_false(city_channel(city, "hotline")->auto_accept);
    assert_string_equal(city_channel(city, "sensor")->severity, "orange");
    assert_string_equal(city_channel(city, "hotline")->severity, "");
    assert_ptr_equal(city_area(city, "g")->parent, city_area(city, "v"));
    assert_null(city_area(city, "s")->parent);
    assert_ptr_equal(city_unit(city, "c-water")->above, city_unit(city, "s-water"));
    assert_int_equal(city_item(city, "leak")->limit.amount, 120);
    assert_string_equal(city_item(city, "sign")->unit_kind, "queue"); /* that of its unit */
    assert_null(city_item(city, "nothing"));
    assert_null(city_area(city, ""));
    city_close(&city);
    assert_null(city);
}

static void units_are_found_by_item_area_and_tier(void **state) {
    static const struct {
        const char *item, *area;
        uint8_t tier;
        const char *unit;
    } cases[] = {
        {"noise", "v", 1, "v-desk"},   {"noise", "g", 1, "v-desk"}, /* a grid's village answers */
        {"noise", "w", 1, "t-centre"},                              /* no centre: one tier up */
        {"noise", "c", 1, "c-centre"},                              /* the area lies above the tier */
        {"noise", "s", 1, "s-centre"}, {"leak", "g", 3, "c-water"}, {"leak", "s", 3, "s-water"},
        {"leak", "g", 4, "s-water"},   {"drain", "g", 1, "v-desk"}, /* no water office there: the centre */
        {"drain", "g", 3, "c-water"},  {"sign", "g", 2, "queue-a"}, {"sign", "g", 3, "c-centre"},
        {"sign", "g", 4, "s-centre"}, /* no queue */
    };
    struct city *city = open_small_city();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct reason why;
        const struct unit *unit = city_unit_for(city, city_item(city, cases[i].item), city_area(city, cases[i].area),
                                                cases[i].tier, &why);
        assert_non_null(unit);
        assert_string_equal(unit->code, cases[i].unit);
    }
    city_close(&city);
}

static void the_way_up_ends_at_the_top(void **state) {
    static const char *const ways[] = {
        "v-desk g t-centre c-centre s-centre",
        "queue-a g c-water s-water",
        "queue-b g c-centre s-centre",
        "t-centre s s-centre",
    };
    struct city *city = open_small_city();

    (void)state;
    for (size_t i = 0; i < LENGTH(ways); i++) {
        char way[128], *rest = way;
        strcpy(way, ways[i]);
        const struct unit *unit = city_unit(city, strsep(&rest, " "));
        const struct area *area = city_area(city, strsep(&rest, " "));
        struct reason why;
        while (rest != NULL) {
            assert_int_equal(city_unit_above(city, unit, area, &unit, &why), 0);
            assert_string_equal(unit->code, strsep(&rest, " "));
        }
        assert_int_equal(city_unit_above(city, unit, area, &unit, &why), 0);
        assert_null(unit);
    }
    city_close(&city);
}

static int64_t shanghai(int month, int day, int hour) {
    return date_of(2025, month, day) * DAY_MS + (hour - 8) * 60 * MINUTE_MS;
}

struct clock_start {
    const struct item *item;
    const char *severity;
    uint8_t tier;
    int64_t from;
};

/* When it must be resolved on the city's calendar, with the grace. */
static int due_of(const struct city *city, const struct clock_start *start, int64_t *due_at, struct reason *why) {
    struct rung_asked asked = {start->item->code, start->severity, start->tier, LADDER_resolve};
    const struct calendar *calendar = city_calendar(city, NULL);
    struct rung rung;

    if (policy_rung(city_policy_at(city, start->from), &asked, &rung, why) != 0)
        return -1;
    assert_int_not_equal(rung.limit.amount, 0);
    if (calendar_add(calendar, start->from, rung.limit, due_at, why) != 0)
        return -1;
    return calendar_add(calendar, *due_at, rung.grace, due_at, why);
}

static void due_comes_from_the_item_or_the_ladder_with_its_grace(void **state) {
    static const struct {
        const char *item, *severity;
        uint8_t tier;
        int month, day, hour;
        int due_month, due_day, due_minutes; /* of the day */
    } cases[] = {
        {"noise", "yellow", 1, 9, 22, 10, 9, 23, 630}, /* one working day and half an hour of grace */
        {"noise", "orange", 1, 9, 22, 10, 9, 23, 600}, /* raised by its channel */
        {"leak", "orange", 3, 9, 22, 10, 9, 22, 780},  /* its own two hours, and the row's grace */
        {"leak", "orange", 4, 9, 22, 10, 9, 23, 600},  /* above its tier the ladder's */
        {"sign", "blue", 2, 9, 30, 10, 10, 6, 600},    /* three working days over a holiday and a weekend */
    };
    struct city *city = open_small_city();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct clock_start start = {city_item(city, cases[i].item), cases[i].severity, cases[i].tier,
                                    shanghai(cases[i].month, cases[i].day, cases[i].hour)};
        int64_t due = 0;
        struct reason why;
        assert_int_equal(due_of(city, &start, &due, &why), 0);
        assert_int_equal(due, shanghai(cases[i].due_month, cases[i].due_day, 0) + cases[i].due_minutes * MINUTE_MS);
    }
    city_close(&city);
}

static void a_due_time_past_the_calendar_is_refused(void **state) {
    struct city *city = open_small_city();
    struct clock_start start = {city_item(city, "noise"), "yellow", 4, shanghai(12, 20, 10)};
    int64_t due = 5;
    struct reason why;

    (void)state;
    assert_int_equal(due_of(city, &start, &due, &why), -1);
    assert_string_equal(why.field, "calendar");
    assert_non_null(strstr(why.text, "2026"));
    start.severity = "pink";
    assert_int_equal(due_of(city, &start, &due, &why), -1);
    assert_string_equal(why.field, "severity");
    assert_int_equal(due, 5);
    city_close(&city);
}

static void severities_have_an_order(void **state) {
    (void)state;
    assert_int_equal(severity_rank("blue"), 0);
    assert_true(severity_rank("yellow") < severity_rank("orange"));
    assert_true(severity_rank("orange") < severity_rank("red"));
    assert_int_equal(severity_rank("pink"), -1);
    assert_int_equal(severity_rank(""), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(codes_are_found_and_others_are_not, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(units_are_found_by_item_area_and_tier, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_way_up_ends_at_the_top, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(due_comes_from_the_item_or_the_ladder_with_its_grace, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_due_time_past_the_calendar_is_refused, make_folder, remove_folder),
        cmocka_unit_test(severities_have_an_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
