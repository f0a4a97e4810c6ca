/* What intake found to be one matter: a report that is part of a case from the start, and one of which that shows a second later. */
#include "tests/unit/case_harness.h"

static void open_linked(struct trial *trial, const char *channel, const char *item) {
    struct report_received report = report_of(channel, item, "v");
    struct case_step step = step_of(trial, june(4, 10, 0));
    step.city = trial->city = city_of_folder();
    report.parent = 777;
    report.likeness = 91;
    strcpy(report.because, "same item, 12 m, 3 h, text 0.61");
    if (case_open(&step, &report, &trial->why) != 0)
        fail_msg("%s: %s", trial->why.field, trial->why.text);
}

static int link_at(struct trial *trial, int64_t now) {
    struct report_linked linked = {
        .case_id = trial->file.case_id, .at = now, .parent = 777, .likeness = 83, .because = "same item"};
    struct case_step step = step_of(trial, now);
    return case_link(&step, &linked, &trial->why);
}

static void a_linked_report_is_merged_from_the_start_whatever_its_channel(void **state) {
    static const char *const channels[] = {"hotline", "sensor"}; /* the desk accepts; accepted on arrival */
    for (size_t i = 0; i < LENGTH(channels); i++) {
        struct trial trial = {0};
        open_linked(&trial, channels[i], "noise");
        assert_int_equal(trial.file.state, CASE_merged);
        assert_int_equal(trial.file.parent, 777);
        assert_int_equal(trial.file.version, 1);
        assert_int_equal(trial.file.due_at, 0);
        assert_int_equal(trial.file.next_at, 0);
        assert_string_equal(trial.moved.move, "merge");
        assert_string_equal(trial.moved.from, "none");
        assert_string_equal(trial.moved.actor, "likeness");
        assert_string_equal(trial.moved.note, "same item, 12 m, 3 h, text 0.61");
        assert_int_equal(trial.moved.parent, 777);
        assert_int_equal(message_check(MESSAGE_case_moved, &trial.moved, &trial.why), 0);
        city_close(&trial.city);
    }
    (void)state;
}

static void it_gets_the_result_of_its_parent_or_begins_by_itself(void **state) {
    static const struct {
        enum case_state parent;
        bool claimed, part; /* somebody said that the parent is done; the parent is part of another case */
        const char *move;   /* NULL: it waits */
        enum case_state to;
    } cases[] = {
        {CASE_dispatched, false, false, NULL, CASE_merged},    {CASE_claimed_done, true, false, NULL, CASE_merged},
        {CASE_callback, true, false, NULL, CASE_merged},       {CASE_callback, false, true, "conclude", CASE_callback},
        {CASE_closed, true, false, "conclude", CASE_callback}, {CASE_closed, false, true, "conclude", CASE_callback},
        {CASE_closed, false, false, "unmerge", CASE_accepted}, {CASE_archived, true, false, "conclude", CASE_callback},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {.has_parent = true};
        open_linked(&trial, "hotline", "noise");
        trial.parent = (struct case_file){.case_id = 777, .state = cases[i].parent, .parent = cases[i].part ? 5 : 0};
        if (cases[i].claimed)
            strcpy(trial.parent.kept.claimed_by, "li.wei");
        struct case_step step = step_of(&trial, june(4, 12, 0));
        int status = case_conclude(&step, &trial.why);
        if (status != (cases[i].move != NULL) || trial.file.state != cases[i].to)
            fail_msg("case %zu: %d %s", i, status, case_state_spec(trial.file.state)->name);
        if (cases[i].move != NULL)
            assert_string_equal(trial.moved.move, cases[i].move);
        city_close(&trial.city);
    }
    (void)state;
}

static void a_second_look_merges_what_nobody_has_signed_for_and_notes_the_rest(void **state) {
    static const struct {
        const char *channel;
        const char *ways[4];
        int status;
        const char *move;
        enum case_state to;
    } cases[] = {
        {"hotline", {NULL}, 1, "merge", CASE_merged},
        {"hotline", {"accept"}, 1, "merge", CASE_merged},
        {"sensor", {NULL}, 1, "merge", CASE_merged},
        {"hotline", {"accept", "dispatch"}, 1, "merge", CASE_merged},
        {"hotline", {"accept", "dispatch", "sign"}, 1, "note", CASE_handling},
        {"hotline", {"ask"}, 1, "note", CASE_needs_info},
        {"hotline", {"decline"}, 0, NULL, CASE_declined},
        {"hotline", {"withdraw"}, 0, NULL, CASE_closed},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, cases[i].channel, "noise", "v");
        for (int way = 0; way < 4 && cases[i].ways[way] != NULL; way++) {
            struct command command = command_of(&trial, cases[i].ways[way]);
            if (strcmp(cases[i].ways[way], "dispatch") == 0)
                strcpy(command.unit, "v-desk");
            if (command_case(&trial, &command, june(4, 10, 5 * way)) != 0)
                fail_msg("%s: %s: %s", cases[i].ways[way], trial.why.field, trial.why.text);
        }
        struct case_file before = trial.file;
        int status = link_at(&trial, june(4, 11, 0));
        if (status != cases[i].status || trial.file.state != cases[i].to)
            fail_msg("case %zu: %d %s: %s", i, status, case_state_spec(trial.file.state)->name, trial.why.text);
        bool merged = cases[i].to == CASE_merged;
        assert_int_equal(trial.file.parent, merged ? 777 : 0);
        assert_int_equal(trial.file.version, before.version + (status == 1));
        if (status == 1) {
            assert_string_equal(trial.moved.move, cases[i].move);
            assert_string_equal(trial.moved.actor, "likeness");
            assert_string_equal(trial.moved.note, "same item");
            assert_string_equal(trial.moved.likely, merged ? "" : "777:83");
            assert_int_equal(message_check(MESSAGE_case_moved, &trial.moved, &trial.why), 0);
        }
        city_close(&trial.city);
    }
    (void)state;
}

static void a_merged_case_stays_with_the_parent_it_has(void **state) {
    struct trial trial = {0};
    open_linked(&trial, "hotline", "noise");
    trial.file.parent = 5;
    assert_int_equal(link_at(&trial, june(4, 11, 0)), 0);
    assert_int_equal(trial.file.parent, 5);
    city_close(&trial.city);
    (void)state;
}

static void a_case_is_never_part_of_itself(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    trial.file.case_id = 777;
    assert_int_equal(link_at(&trial, june(4, 11, 0)), -1);
    assert_string_equal(trial.why.field, "parent");
    assert_int_equal(trial.file.state, CASE_reported);
    city_close(&trial.city);
    (void)state;
}

static void nobody_links_by_a_command(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "sensor", "noise", "v"); /* dispatched: the desk may not merge it any more */
    struct command merge = command_of(&trial, "merge");
    assert_int_equal(command_case(&trial, &merge, june(4, 11, 0)), -1);
    assert_string_equal(trial.why.field, "role");
    city_close(&trial.city);
    (void)state;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_linked_report_is_merged_from_the_start_whatever_its_channel),
        TEST(it_gets_the_result_of_its_parent_or_begins_by_itself),
        TEST(a_second_look_merges_what_nobody_has_signed_for_and_notes_the_rest),
        TEST(a_merged_case_stays_with_the_parent_it_has),
        TEST(a_case_is_never_part_of_itself),
        TEST(nobody_links_by_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
