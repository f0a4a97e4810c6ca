/* What must hold before the desk moves a case, merges it or takes it back from a unit. */
#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

/* ---- the desk --------------------------------------------------------------------------------------------------------------- */

static void a_reporter_is_asked_once(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    act(&trial, "ask", june(4, 10, 0));
    act(&trial, "answer", june(4, 11, 0));
    struct command ask = command_of(&trial, "ask");
    refused(&trial, &ask, june(4, 12, 0), "move");
    city_close(&trial.city);
    (void)state;
}

static void a_declined_case_can_be_appealed_for_seven_days(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    act(&trial, "decline", june(4, 10, 0));
    struct command appeal = command_of(&trial, "appeal");
    refused(&trial, &appeal, june(11, 10, 1), "move");
    assert_int_equal(command_case(&trial, &appeal, june(11, 10, 0)), 0);
    assert_int_equal(trial.file.state, CASE_reported);
    city_close(&trial.city);
    (void)state;
}

static void a_case_is_only_merged_into_an_older_like_one_nearby(void **state) {
    static const struct {
        const char *item;
        enum case_state state;
        int64_t opened_off;
        uint64_t case_id, parent;
        double lat_off;
        bool there;
        int status;
    } cases[] = {
        {"noise", CASE_handling, -MINUTE_MS, 777, 0, 0, true, 0},
        {"noise", CASE_handling, -MINUTE_MS, 777, 0, 0.004, true, 0},       /* 445 m */
        {"noise", CASE_handling, -MINUTE_MS, 777, 0, 0.005, true, -1},      /* 556 m */
        {"noise", CASE_handling, -24 * 60 * MINUTE_MS, 777, 0, 0, true, 0}, /* the hotline's window */
        {"noise", CASE_handling, -25 * 60 * MINUTE_MS, 777, 0, 0, true, -1},
        {"leak", CASE_handling, -MINUTE_MS, 777, 0, 0, true, -1},
        {"noise", CASE_closed, -MINUTE_MS, 777, 0, 0, true, -1},
        {"noise", CASE_merged, -MINUTE_MS, 777, 55, 0, true, -1},
        {"noise", CASE_handling, MINUTE_MS, 777, 0, 0, true, -1}, /* younger */
        {"noise", CASE_handling, 0, 777, 0, 0, true, 0},          /* as old: the smaller number leads */
        {"noise", CASE_handling, 0, 7777, 0, 0, true, -1},
        {"noise", CASE_handling, -MINUTE_MS, 777, 0, 0, false, -1},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", "v");
        trial.parent = trial.file;
        trial.parent.case_id = cases[i].case_id;
        trial.parent.state = cases[i].state;
        trial.parent.parent = cases[i].parent;
        trial.parent.opened_at += cases[i].opened_off;
        trial.has_parent = cases[i].there;
        strcpy(trial.parent.item, cases[i].item);
        struct command merge = command_of(&trial, "merge");
        merge.parent = cases[i].case_id;
        struct case_step step = step_of(&trial, june(4, 11, 0));
        step.parent_place.lat += cases[i].lat_off;
        int status = case_decide(&step, &merge, &trial.why);
        if (status != cases[i].status)
            fail_msg("case %zu: %d: %s", i, status, trial.why.text);
        if (status != 0)
            assert_string_equal(trial.why.field, "parent");
        else
            assert_int_equal(trial.file.parent, 777);
        city_close(&trial.city);
    }
    (void)state;
}

static void what_is_not_known_of_a_channel_or_a_place_hinders_no_merge(void **state) {
    static const struct {
        const char *channel;
        double lat;
        int status;
    } cases[] = {{"hotline", 33.5, -1}, {"gone", 33.5, 0}, {"gone", NAN, 0}, {"gone", 33.6, -1}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", "v");
        trial.parent = trial.file;
        trial.parent.case_id = 777;
        trial.parent.opened_at -= 25 * 60 * MINUTE_MS; /* the hotline's window is a day */
        trial.has_parent = true;
        strcpy(trial.file.channel, cases[i].channel);
        struct command merge = command_of(&trial, "merge");
        struct case_step step = step_of(&trial, june(4, 11, 0));
        step.parent_place.lat = cases[i].lat;
        assert_int_equal(case_decide(&step, &merge, &trial.why), cases[i].status);
        city_close(&trial.city);
    }
    (void)state;
}

static void a_child_follows_its_parent_and_its_reporter_is_called_back(void **state) {
    static const struct {
        const char *channel, *end;
        enum case_state parent, to;
        int status;
    } cases[] = {
        {"hotline", "conclude", CASE_handling, CASE_merged, 0},
        {"hotline", "conclude", CASE_callback, CASE_merged, 0},
        {"hotline", "conclude", CASE_closed, CASE_callback, 1},
        {"hotline", "conclude", CASE_archived, CASE_callback, 1},
        {"quiet", "conclude", CASE_closed, CASE_closed, 1}, /* this channel calls nobody back */
    };
    write_file("channels.csv", "code,name_en,name_zh,enabled,auto_accept,severity,privacy,duplicate_hours,callback\n"
                               "hotline,Hotline,,yes,no,,public,24,yes\nquiet,Quiet,,yes,no,,public,24,no\n");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, cases[i].channel, "noise", "v");
        trial.parent = trial.file;
        trial.parent.case_id = 777;
        trial.has_parent = true;
        act(&trial, "merge", june(4, 11, 0));
        trial.parent.state = cases[i].parent;
        strcpy(trial.parent.kept.claimed_by, "li.wei");
        struct case_step step = step_of(&trial, june(5, 11, 0));
        assert_int_equal(case_conclude(&step, &trial.why), cases[i].status);
        assert_int_equal(trial.file.state, cases[i].to);
        if (cases[i].status == 1) {
            assert_string_equal(trial.moved.move, cases[i].end);
            assert_string_equal(trial.moved.actor, "case 777");
            assert_int_equal(trial.moved.parent, 777);
        }
        city_close(&trial.city);
    }
    (void)state;
}

static void an_unmerged_case_begins_anew(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    trial.parent = trial.file;
    trial.parent.case_id = 777;
    trial.has_parent = true;
    act(&trial, "merge", june(4, 11, 0));
    act(&trial, "unmerge", june(4, 12, 0));
    assert_int_equal(trial.file.parent, 0);
    give(&trial, "dispatch", "v-desk", june(4, 13, 0));
    assert_int_equal(trial.file.due_at, june(5, 13, 0)); /* its clocks start here */
    city_close(&trial.city);
    (void)state;
}

static void a_case_goes_to_a_unit_that_answers_for_its_area(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "w");
    act(&trial, "accept", june(4, 10, 0));
    struct command dispatch = command_of(&trial, "dispatch");
    strcpy(dispatch.unit, "v-desk"); /* of the other village */
    refused(&trial, &dispatch, june(4, 10, 0), "unit");
    strcpy(dispatch.unit, "nobody");
    refused(&trial, &dispatch, june(4, 10, 0), "unit");
    strcpy(dispatch.unit, "");
    strcpy(dispatch.parties, "c-water");
    assert_int_equal(command_case(&trial, &dispatch, june(4, 10, 0)), 0);
    assert_string_equal(trial.file.unit, "t-centre"); /* as the tables say: the village has no desk */
    assert_string_equal(trial.file.support, "c-water");
    city_close(&trial.city);
    (void)state;
}

/* ---- returns ------------------------------------------------------------------------------------------------------------------ */

static void second_return_ends_in_designation(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    struct command designate = command_of(&trial, "designate");
    act(&trial, "return", june(4, 10, 10));
    assert_string_equal(trial.moved.proposed, "t-centre");
    assert_string_equal(trial.file.unit, "v-desk"); /* responsible until another one has it */
    give(&trial, "dispatch", "t-centre", june(4, 10, 20));
    struct command back = command_of(&trial, "return");
    strcpy(back.unit, "v-desk");
    assert_int_equal(command_case(&trial, &back, june(4, 10, 25)), 0);
    struct command dispatch = command_of(&trial, "dispatch");
    refused(&trial, &dispatch, june(4, 10, 30), "move");
    designate = command_of(&trial, "designate");
    strcpy(designate.unit, "v-desk");
    assert_int_equal(command_case(&trial, &designate, june(4, 10, 30)), 0);
    back = command_of(&trial, "return");
    refused(&trial, &back, june(4, 10, 31), "move");
    assert_int_equal(trial.file.due_at, june(5, 10, 0)); /* through all of it the limit ran on */
    city_close(&trial.city);
    (void)state;
}

static void a_return_comes_within_a_quarter_of_the_limit_or_two_working_days(void **state) {
    static const struct {
        const char *unit;
        int day, hour, minute, status;
    } cases[] = {
        {"v-desk", 4, 12, 15, 0}, /* a quarter of nine working hours */
        {"v-desk", 4, 12, 16, -1},
        {"s-centre", 6, 10, 0, 0}, /* fifteen working days: the two days come first */
        {"s-centre", 6, 10, 1, -1},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", "v");
        act(&trial, "accept", june(4, 10, 0));
        give(&trial, "dispatch", cases[i].unit, june(4, 10, 0));
        struct command back = command_of(&trial, "return");
        int64_t now = june(cases[i].day, cases[i].hour, cases[i].minute);
        int status = command_case(&trial, &back, now);
        if (status != cases[i].status)
            fail_msg("case %zu: %d %s", i, status, trial.why.text);
        city_close(&trial.city);
    }
    (void)state;
}

static void a_unit_proposes_another_one_than_itself(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    struct command back = command_of(&trial, "return");
    strcpy(back.unit, "v-desk");
    refused(&trial, &back, june(4, 10, 5), "unit");
    city_close(&trial.city);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_reporter_is_asked_once),
        TEST(a_declined_case_can_be_appealed_for_seven_days),
        TEST(a_case_is_only_merged_into_an_older_like_one_nearby),
        TEST(what_is_not_known_of_a_channel_or_a_place_hinders_no_merge),
        TEST(a_child_follows_its_parent_and_its_reporter_is_called_back),
        TEST(an_unmerged_case_begins_anew),
        TEST(a_case_goes_to_a_unit_that_answers_for_its_area),
        TEST(second_return_ends_in_designation),
        TEST(a_return_comes_within_a_quarter_of_the_limit_or_two_working_days),
        TEST(a_unit_proposes_another_one_than_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
