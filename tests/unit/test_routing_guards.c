/* What must hold before a case is moved, and what a move leaves behind. */
#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

static void refused(struct trial *trial, const struct command *command, int64_t now, const char *field) {
    struct case_file before = trial->file;
    assert_int_equal(command_case(trial, command, now), -1);
    if (strcmp(trial->why.field, field) != 0)
        fail_msg("%s: refused with %s, not %s: %s", command->move, trial->why.field, field, trial->why.text);
    assert_memory_equal(&trial->file, &before, sizeof before);
}

static void give(struct trial *trial, const char *move, const char *unit, int64_t now) {
    struct command command = command_of(trial, move);
    strcpy(command.unit, unit);
    command.parties[0] = '\0';
    if (command_case(trial, &command, now) != 0)
        fail_msg("%s to %s: %s: %s", move, unit, trial->why.field, trial->why.text);
}

static void open_dispatched(struct trial *trial) {
    open_trial(trial, "hotline", "noise", "v");
    act(trial, "accept", june(4, 10, 0));
    give(trial, "dispatch", "v-desk", june(4, 10, 0));
}

static void open_claimed(struct trial *trial) {
    open_dispatched(trial);
    act(trial, "sign", june(4, 10, 1));
    act(trial, "claim_done", june(4, 10, 2));
}

static void verify(struct trial *trial, int64_t now) {
    struct command command = command_of(trial, "verify");
    strcpy(command.actor, "zhao");
    if (command_case(trial, &command, now) != 0)
        fail_msg("verify: %s: %s", trial->why.field, trial->why.text);
}

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

/* ---- the unit ------------------------------------------------------------------------------------------------------------------ */

static void a_unit_passes_up_what_is_beyond_it_and_stays_on_the_case(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "pass_up", june(4, 10, 5));
    assert_string_equal(trial.file.unit, "t-centre");
    assert_string_equal(trial.file.support, "v-desk");
    assert_int_equal(trial.file.tier, 2);
    act(&trial, "pass_up", june(4, 10, 6));
    act(&trial, "pass_up", june(4, 10, 7));
    assert_int_equal(trial.file.tier, 4);
    struct command up = command_of(&trial, "pass_up");
    refused(&trial, &up, june(4, 10, 8), "move");
    city_close(&trial.city);
    (void)state;
}

static void only_called_units_arrive_and_each_once(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "sign", june(4, 10, 1));
    struct command whistle = command_of(&trial, "whistle");
    strcpy(whistle.parties, "v-desk");
    refused(&trial, &whistle, june(4, 10, 2), "parties"); /* it leads */
    strcpy(whistle.parties, "nobody");
    refused(&trial, &whistle, june(4, 10, 2), "parties");
    strcpy(whistle.parties, "c-water c-centre");
    assert_int_equal(command_case(&trial, &whistle, june(4, 10, 2)), 0);
    refused(&trial, &whistle, june(4, 10, 3), "parties"); /* they are called already */
    struct command arrive = command_of(&trial, "arrive");
    strcpy(arrive.actor_unit, "queue-a");
    refused(&trial, &arrive, june(4, 10, 4), "actor_unit");
    strcpy(arrive.actor_unit, "c-centre");
    assert_int_equal(command_case(&trial, &arrive, june(4, 10, 4)), 0);
    refused(&trial, &arrive, june(4, 10, 5), "actor_unit");
    act(&trial, "finish", june(4, 10, 6));
    struct command finish = command_of(&trial, "finish");
    refused(&trial, &finish, june(4, 10, 7), "actor_unit");
    strcpy(whistle.parties, "queue-a queue-b t-centre s-centre s-water");
    refused(&trial, &whistle, june(4, 10, 8), "parties"); /* seven in all */
    city_close(&trial.city);
    (void)state;
}

static void there_is_one_extension_of_at_most_ten_days_before_the_limit(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "sign", june(4, 10, 1));
    struct command ask = command_of(&trial, "ask_extension");
    ask.days = 11;
    refused(&trial, &ask, june(4, 11, 0), "days");
    ask.days = 10;
    refused(&trial, &ask, june(5, 10, 0), "move"); /* too late */
    assert_int_equal(command_case(&trial, &ask, june(5, 9, 59)), 0);
    refused(&trial, &ask, june(5, 9, 59), "move"); /* one is open */
    act(&trial, "refuse_extension", june(5, 9, 59));
    assert_int_equal(trial.file.due_at, june(5, 10, 0));
    refused(&trial, &ask, june(5, 9, 59), "move"); /* and there is only one */
    struct command grant = command_of(&trial, "grant_extension");
    refused(&trial, &grant, june(5, 9, 59), "move");
    city_close(&trial.city);
    (void)state;
}

static void a_case_is_suspended_for_thirty_days_at_most(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "sign", june(4, 10, 1));
    struct command suspend = command_of(&trial, "suspend");
    suspend.until_at = june(4, 10, 0) + 30 * DAY_MS + MINUTE_MS;
    refused(&trial, &suspend, june(4, 10, 0), "until_at");
    suspend.until_at -= MINUTE_MS;
    assert_int_equal(command_case(&trial, &suspend, june(4, 10, 0)), 0);
    city_close(&trial.city);
    (void)state;
}

static void evidence_is_words_or_a_file(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "sign", june(4, 10, 1));
    struct command claim = command_of(&trial, "claim_done");
    claim.evidence[0] = '\0';
    refused(&trial, &claim, june(4, 10, 2), "evidence");
    struct command attach = command_of(&trial, "attach");
    strcpy(attach.file, "photo.jpg");
    refused(&trial, &attach, june(4, 10, 2), "file");
    act(&trial, "attach", june(4, 10, 2));
    assert_int_equal(trial.file.kept.files, 1);
    assert_int_equal(command_case(&trial, &claim, june(4, 10, 3)), 0);
    city_close(&trial.city);
    (void)state;
}

static void a_case_solved_on_the_spot_and_found_wanting_has_the_complaint_for_a_plan(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    act(&trial, "accept", june(4, 10, 0));
    act(&trial, "solve", june(4, 10, 1));
    struct command reject = command_of(&trial, "reject");
    strcpy(reject.actor, "zhao");
    assert_int_equal(command_case(&trial, &reject, june(4, 10, 2)), 0);
    assert_int_equal(trial.file.state, CASE_handling);
    assert_string_equal(trial.file.plan, "seen");
    assert_int_equal(trial.file.due_at, june(5, 10, 2));
    city_close(&trial.city);
    (void)state;
}

/* ---- closing the loop ------------------------------------------------------------------------------------------------------------ */

static void nobody_verifies_his_own_work(void **state) {
    struct trial trial = {0};
    open_claimed(&trial);
    struct command own = command_of(&trial, "verify");
    refused(&trial, &own, june(4, 11, 0), "actor");
    verify(&trial, june(4, 11, 0));
    assert_int_equal(trial.file.state, CASE_callback);
    city_close(&trial.city);
    (void)state;
}

static void a_channel_that_calls_nobody_back_closes_at_once(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "sensor", "noise", "v");
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "claim_done", june(4, 10, 2));
    verify(&trial, june(4, 11, 0));
    assert_int_equal(trial.file.state, CASE_closed);
    city_close(&trial.city);
    (void)state;
}

static void three_calls_on_two_days_end_as_unreachable(void **state) {
    static const struct {
        int day, hour;
        enum case_state to;
    } calls[] = {{4, 12, CASE_callback}, {4, 13, CASE_callback}, {4, 14, CASE_callback}, {5, 9, CASE_closed}};
    struct trial trial = {0};
    open_claimed(&trial);
    verify(&trial, june(4, 11, 0));
    for (size_t i = 0; i < LENGTH(calls); i++) {
        act(&trial, "attempt", june(calls[i].day, calls[i].hour, 0));
        assert_int_equal(trial.file.state, calls[i].to);
    }
    city_close(&trial.city);
    (void)state;
}

static void it_is_done_again_once(void **state) {
    struct trial trial = {0};
    open_claimed(&trial);
    verify(&trial, june(4, 11, 0));
    act(&trial, "dissatisfied", june(4, 12, 0));
    assert_int_equal(trial.file.state, CASE_handling);
    act(&trial, "claim_done", june(4, 13, 0));
    verify(&trial, june(4, 14, 0));
    act(&trial, "dissatisfied", june(4, 15, 0));
    assert_int_equal(trial.file.state, CASE_closed);
    city_close(&trial.city);
    (void)state;
}

static void a_reopened_case_begins_anew_at_the_tier_where_it_was(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "pass_up", june(4, 10, 1));
    act(&trial, "sign", june(4, 10, 2));
    act(&trial, "claim_done", june(4, 10, 3));
    verify(&trial, june(4, 11, 0));
    act(&trial, "satisfied", june(4, 12, 0));
    assert_int_equal(trial.file.due_at, 0);
    struct command reopen = command_of(&trial, "reopen");
    refused(&trial, &reopen, june(11, 12, 1), "move");
    act(&trial, "reopen", june(11, 12, 0));
    assert_int_equal(trial.file.tier, 2);
    assert_int_equal(trial.file.kept.returns, 0);
    give(&trial, "dispatch", "v-desk", june(11, 12, 0));
    assert_int_equal(trial.file.tier, 2); /* a lower unit answers, the tier does not fall */
    assert_int_equal(trial.file.due_at, june(16, 12, 0));
    city_close(&trial.city);
    (void)state;
}

static void on_the_supervision_list_only_once(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "list", june(4, 10, 1));
    assert_true(trial.moved.supervised);
    struct command list = command_of(&trial, "list");
    refused(&trial, &list, june(4, 10, 2), "move");
    city_close(&trial.city);
    (void)state;
}

static void a_case_has_room_for_fifty_files(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    for (int i = 0; i < FILES_MAX; i++)
        act(&trial, "attach", june(4, 10, 1));
    struct command attach = command_of(&trial, "attach");
    refused(&trial, &attach, june(4, 10, 2), "move");
    city_close(&trial.city);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_reporter_is_asked_once),
        TEST(a_declined_case_can_be_appealed_for_seven_days),
        TEST(a_case_is_only_merged_into_an_older_like_one_nearby),
        TEST(a_child_follows_its_parent_and_its_reporter_is_called_back),
        TEST(an_unmerged_case_begins_anew),
        TEST(a_case_goes_to_a_unit_that_answers_for_its_area),
        TEST(second_return_ends_in_designation),
        TEST(a_return_comes_within_a_quarter_of_the_limit_or_two_working_days),
        TEST(a_unit_proposes_another_one_than_itself),
        TEST(a_unit_passes_up_what_is_beyond_it_and_stays_on_the_case),
        TEST(only_called_units_arrive_and_each_once),
        TEST(there_is_one_extension_of_at_most_ten_days_before_the_limit),
        TEST(a_case_is_suspended_for_thirty_days_at_most),
        TEST(evidence_is_words_or_a_file),
        TEST(a_case_solved_on_the_spot_and_found_wanting_has_the_complaint_for_a_plan),
        TEST(nobody_verifies_his_own_work),
        TEST(a_channel_that_calls_nobody_back_closes_at_once),
        TEST(three_calls_on_two_days_end_as_unreachable),
        TEST(it_is_done_again_once),
        TEST(a_reopened_case_begins_anew_at_the_tier_where_it_was),
        TEST(on_the_supervision_list_only_once),
        TEST(a_case_has_room_for_fifty_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
