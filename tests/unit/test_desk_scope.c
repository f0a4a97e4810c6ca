#include "services/desk/scope.h"

#include "tests/unit/small_city.h"

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static struct person person(const char *role, const char *unit) {
    struct person who = {.post = 1};
    strcpy(who.login, "li");
    snprintf(who.role, sizeof who.role, "%s", role);
    snprintf(who.unit, sizeof who.unit, "%s", unit);
    return who;
}

/* A case of tier 1 in village v, with the village's desk; the water office supports. */
static const struct scope_case village_case = {
    .state = CASE_handling, .tier = 1, .unit = "v-desk", .support = "c-water t-centre", .area = "v", .claimed_by = ""};

static void hats_are_those_of_the_role_that_fit_the_case(void **state) {
    static const struct {
        const char *role, *unit;
        uint32_t hats;
    } cases[] = {
        {"village_desk", "v-desk", HAT_lead | HAT_desk | HAT_centre},
        {"department_lead", "v-desk", HAT_lead},
        {"department_lead", "c-water", 0},
        {"department_support", "c-water", HAT_support},
        {"department_support", "s-water", 0},
        {"township_desk", "t-centre", HAT_support | HAT_desk | HAT_above | HAT_centre | HAT_verifier},
        {"county_centre", "c-centre", HAT_desk | HAT_above | HAT_centre | HAT_verifier},
        {"supervisor", "s-centre", HAT_supervisor | HAT_above | HAT_centre | HAT_desk},
        {"caller", "t-centre", HAT_caller},
        {"auditor", "s-centre", 0},
        {"nothing", "s-centre", 0},
        {"supervisor", "nowhere", 0},
    };
    struct city *city = open_city();
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct person who = person(cases[i].role, cases[i].unit);
        if (scope_hats(city, &who, &village_case) != cases[i].hats)
            fail_msg("%s of %s has %x, not %x", cases[i].role, cases[i].unit, scope_hats(city, &who, &village_case),
                     cases[i].hats);
    }
    city_close(&city);
}

static void whoever_claimed_it_done_does_not_verify(void **state) {
    struct city *city = open_city();
    struct scope_case of = village_case;
    const struct person who = person("verifier", "t-centre");
    (void)state;
    of.claimed_by = "wang";
    assert_int_equal(scope_hats(city, &who, &of), HAT_verifier);
    of.claimed_by = "li";
    assert_int_equal(scope_hats(city, &who, &of), 0);
    city_close(&city);
}

static void a_unit_next_door_covers_nothing_here(void **state) {
    struct city *city = open_city();
    struct scope_case of = village_case;
    const struct person who = person("village_desk", "v-desk");
    (void)state;
    assert_true(scope_covers(city, &who, "v") && scope_covers(city, &who, "g"));
    assert_false(scope_covers(city, &who, "w") || scope_covers(city, &who, "t") || scope_covers(city, &who, "moon"));
    of.area = "w";
    of.unit = "t-centre";
    assert_int_equal(scope_hats(city, &who, &of), 0);
    city_close(&city);
}

static void a_units_place_among_the_tiers_and_on_the_case_is_its_own(void **state) {
    static const struct {
        const char *role, *unit, *support, *area;
        uint8_t tier;
        uint32_t hats;
    } cases[] = {
        {"department_support", "c-water", "c-water-2 c-water", "v", 1, HAT_support},
        {"department_support", "c-water", "c-water-2 xc-water", "v", 1, 0},
        {"department_support", "c-water", "c-water-2", "v", 1, 0},
        {"department_support", "c-water", "", "v", 1, 0},
        {"village_desk", "v-desk", "", "v", 2, HAT_lead | HAT_desk},
        {"supervisor", "s-centre", "", "v", 4, HAT_supervisor | HAT_above | HAT_centre | HAT_desk},
        {"supervisor", "s-centre", "", "gone", 1, 0},
    };
    struct city *city = open_city();
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct scope_case of = village_case;
        const struct person who = person(cases[i].role, cases[i].unit);
        of.support = cases[i].support;
        of.area = cases[i].area;
        of.tier = cases[i].tier;
        if (scope_hats(city, &who, &of) != cases[i].hats)
            fail_msg("%zu: %x, not %x", i, scope_hats(city, &who, &of), cases[i].hats);
    }
    city_close(&city);
}

static bool offers(uint32_t hats, enum case_state from, const char *move) {
    int times = 0;
    for (const struct move_spec *line = NULL; (line = scope_move(line, hats, from)) != NULL;)
        times += strcmp(line->name, move) == 0;
    assert_true(times <= 1);
    return times == 1;
}

static void moves_are_offered_by_state_and_hat(void **state) {
    (void)state;
    assert_true(offers(HAT_lead, CASE_dispatched, "sign"));
    assert_false(offers(HAT_lead, CASE_handling, "sign"));
    assert_false(offers(HAT_desk, CASE_dispatched, "sign"));
    assert_true(offers(HAT_lead, CASE_handling, "note")); /* from any open state */
    assert_false(offers(HAT_lead, CASE_closed, "note"));
    assert_true(offers(HAT_verifier, CASE_claimed_done, "verify")); /* two lines, one button */
    assert_false(offers(HAT_lead | HAT_desk | HAT_supervisor, CASE_handling, "warn"));
    assert_null(scope_move(NULL, 0, CASE_handling));
}

static void only_notes_go_without_a_version(void **state) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    (void)state;
    for (size_t i = 0; i < count; i++)
        if (scope_is_note(moves[i].name))
            assert_true(moves[i].from == CASE_any_open && moves[i].to == CASE_same && moves[i].clock == CLOCK_KEEP);
    assert_true(scope_is_note("urge") && scope_is_note("note") && scope_is_note("attach") && scope_is_note("instruct"));
    assert_false(scope_is_note("press") || scope_is_note("list") || scope_is_note("sign") || scope_is_note(""));
}

static void who_leads_watches_or_counts_may_read_the_measures(void **state) {
    static const char *const may[] = {"village_desk", "township_leader", "county_centre", "dispatcher",
                                      "supervisor",   "inspector",       "analyst",       "auditor"};
    static const char *const may_not[] = {"citizen",       "caller", "verifier", "department_lead",
                                          "administrator", "mayor",  ""};
    (void)state;
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        assert_true(scope_may_report(may[i]));
    for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++)
        assert_false(scope_may_report(may_not[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hats_are_those_of_the_role_that_fit_the_case, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(whoever_claimed_it_done_does_not_verify, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_unit_next_door_covers_nothing_here, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_units_place_among_the_tiers_and_on_the_case_is_its_own, make_folder,
                                        remove_folder),
        cmocka_unit_test(moves_are_offered_by_state_and_hat),
        cmocka_unit_test(only_notes_go_without_a_version),
        cmocka_unit_test(who_leads_watches_or_counts_may_read_the_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
