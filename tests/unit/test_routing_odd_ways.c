/* Ways through a life that nobody plans: a ladder, a city or a supervisor that changes its mind meanwhile. */
#include "services/routing/case_decide.h"

#include "common/city_private.h"
#include "tests/unit/case_harness.h"

/* ---- instants that people name ------------------------------------------------------------------------------------------ */

static void a_stricter_instant_counts_also_before_a_granted_extension_begins(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "contact", june(4, 10, 1));
    act(&trial, "ask_extension", june(4, 10, 2));
    act(&trial, "grant_extension", june(4, 10, 3));
    assert_int_equal(trial.file.due_at, june(10, 10, 0));
    struct command press = command_of(&trial, "press");
    press.until_at = june(4, 12, 0); /* the old limit, from which the extension is counted, was the 5th */
    assert_int_equal(command_case(&trial, &press, june(4, 10, 10)), 0);
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    pass_until(&trial, "escalate");
    assert_string_equal(trial.moved.clock, "resolve");
    assert_int_equal(trial.moved.at, june(4, 12, 0));
    city_close(&trial.city);
    (void)state;
}

static void a_stricter_instant_counts_for_the_desk_too(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    struct command press = command_of(&trial, "press");
    press.until_at = june(4, 11, 0);
    assert_int_equal(command_case(&trial, &press, june(4, 10, 10)), 0);
    assert_int_equal(trial.file.due_at, june(4, 11, 0));
    pass_until(&trial, "escalate");
    assert_int_equal(trial.moved.at, june(4, 11, 0));
    city_close(&trial.city);
    (void)state;
}

/* ---- standing still ------------------------------------------------------------------------------------------------------- */

static void a_limit_that_has_passed_stays_passed_through_a_suspension(void **state) {
    struct trial trial = {0};
    write_file("ladder.csv", "tier,severity,clock,limit,limit_unit,grace,grace_unit,moves_up\n"
                             "1,yellow,resolve,1,working_days,,,no\n2,yellow,resolve,3,working_days,,,no\n"
                             "3,yellow,resolve,5,working_days,,,no\n4,yellow,resolve,15,working_days,,,no\n"
                             "1,orange,resolve,24,continuous_hours,,,\n2,orange,resolve,24,continuous_hours,,,\n"
                             "3,orange,resolve,24,continuous_hours,,,\n4,orange,resolve,24,continuous_hours,,,\n"
                             "2,blue,resolve,1,working_days,,,\n3,blue,resolve,1,working_days,,,\n"
                             "4,blue,resolve,1,working_days,,,\n");
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    pass_until(&trial, "alarm");
    act(&trial, "suspend", june(6, 10, 0));
    act(&trial, "resume", june(10, 10, 0));
    assert_true(trial.file.due_at <= june(10, 10, 0));
    city_close(&trial.city);
    (void)state;
}

static void a_suspension_gives_no_new_grace(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "contact", june(4, 10, 2));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    pass_until(&trial, "alarm"); /* on the 5th at ten; half an hour of grace */
    act(&trial, "suspend", june(5, 10, 20));
    act(&trial, "resume", june(6, 10, 0));
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "escalate");
    assert_int_equal(trial.moved.at, june(6, 10, 10));
    city_close(&trial.city);
    (void)state;
}

static void a_clock_that_is_a_little_behind_does_not_make_a_suspension_endless(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "suspend", june(4, 10, 2));
    act(&trial, "resume", june(4, 10, 2) - 3); /* another replica's clock */
    assert_int_equal(trial.file.kept.stopped_ms, 0);
    city_close(&trial.city);
    (void)state;
}

/* ---- instants that come back ---------------------------------------------------------------------------------------------- */

static void an_instant_that_passed_while_it_did_not_count_is_said_anew(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "contact", june(4, 10, 1));
    int64_t before = trial.file.next_at; /* the first warning, of which escalation may have spoken in vain meanwhile */
    act(&trial, "claim_done", june(4, 10, 2));
    struct command reject = command_of(&trial, "reject");
    strcpy(reject.actor, "zhao");
    assert_int_equal(command_case(&trial, &reject, before + MINUTE_MS), 0);
    assert_int_equal(trial.file.next_at, before + MINUTE_MS + 1);
    assert_int_equal(trial.moved.next_at, trial.file.next_at);
    before = trial.file.next_at;
    act(&trial, "note", before + MINUTE_MS); /* one that is on its way stays, however much is noted */
    assert_int_equal(trial.file.next_at, before);
    city_close(&trial.city);
    (void)state;
}

static void an_instant_that_was_said_is_not_the_next_one(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "contact", june(4, 10, 2));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    pass_until(&trial, "alarm");
    act(&trial, "suspend", june(5, 10, 30)); /* the grace is over, but that was not said yet */
    int64_t review_at = trial.file.next_at;
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "resume");
    assert_true(trial.file.next_at > review_at);
    city_close(&trial.city);
    (void)state;
}

/* ---- the supervision list -------------------------------------------------------------------------------------------------- */

static void pass_until_reminded(struct trial *trial) {
    for (int i = 0; i < 10; i++) {
        assert_int_equal(let_next_pass(trial), 1);
        if (strcmp(trial->moved.move, "remind") == 0)
            return;
    }
    fail_msg("supervised, and nobody is reminded");
}

static void what_was_listed_while_it_waited_is_reminded_of_when_it_goes_on(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "pass_up", june(4, 10, 0));
    act(&trial, "pass_up", june(4, 10, 0));
    act(&trial, "pass_up", june(4, 10, 0));
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "claim_done", june(4, 10, 2));
    int64_t verified_by = trial.file.due_at;
    act(&trial, "list", june(4, 12, 0));
    assert_int_equal(trial.file.due_at, verified_by); /* whoever verifies gets no more time by that */
    struct command reject = command_of(&trial, "reject");
    strcpy(reject.actor, "zhao");
    assert_int_equal(command_case(&trial, &reject, june(4, 14, 0)), 0);
    assert_int_not_equal(trial.file.clocks[RUNNING_review].from, 0);
    pass_until_reminded(&trial);
    city_close(&trial.city);
    (void)state;
}

static void a_reopened_case_that_was_supervised_is_reminded_of(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "list", june(4, 10, 0));
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "claim_done", june(4, 10, 2));
    verify(&trial, june(4, 11, 0));
    act(&trial, "satisfied", june(4, 12, 0));
    act(&trial, "reopen", june(5, 12, 0));
    assert_true(trial.file.supervised);
    assert_int_not_equal(trial.file.clocks[RUNNING_review].from, 0);
    city_close(&trial.city);
    (void)state;
}

static void a_supervised_case_from_before_clocks_were_kept_is_reminded_of(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    memset(trial.file.clocks, 0, sizeof trial.file.clocks);
    trial.file.state = CASE_handling;
    trial.file.supervised = true;
    trial.file.tier = 4;
    strcpy(trial.file.unit, "s-centre");
    trial.file.due_at = trial.file.next_at = june(5, 10, 30);
    assert_int_equal(case_kept_read(&trial.file, &trial.why), 0);
    pass_until_reminded(&trial);
    city_close(&trial.city);
    (void)state;
}

/* ---- a city that changes under its cases ------------------------------------------------------------------------------------ */

static void a_case_whose_area_is_gone_is_the_whole_citys(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    strcpy(trial.file.area, "gone");
    struct command accept = command_of(&trial, "accept");
    strcpy(accept.actor_unit, "c-centre");
    refused(&trial, &accept, june(4, 10, 1), "actor_unit");
    act(&trial, "accept", june(4, 10, 1)); /* the city's own */
    give(&trial, "dispatch", "t-centre", june(4, 10, 2));
    act(&trial, "sign", june(4, 10, 3));
    act(&trial, "claim_done", june(4, 10, 4));
    verify(&trial, june(4, 10, 5));
    act(&trial, "satisfied", june(4, 10, 6));
    city_close(&trial.city);
    (void)state;
}

/* A policy from before there was anybody at the second tier, which the case was opened under. */
static void give_older_policy(struct trial *trial) {
    struct city *city = trial->city;
    city->policies = realloc(city->policies, 2 * sizeof *city->policies);
    assert_non_null(city->policies);
    city->policies[1] = city->policies[0];
    city->policy_count = 2;
    policy_open(&city->policies[0], 0);
    memcpy(city->policies[0].ladder, city->policies[1].ladder, sizeof city->policies[0].ladder);
    memset(city->policies[0].ladder[1], 0, sizeof city->policies[0].ladder[1]);
    city->policies[0].version = trial->file.policy = city->policies[1].version + 1;
}

static void a_tier_that_the_cases_own_policy_did_not_know_has_todays_limits(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    give_older_policy(&trial);
    pass_until(&trial, "escalate");
    assert_int_equal(trial.file.tier, 2);
    assert_int_equal(trial.file.due_at, june(9, 10, 30)); /* three working days */
    city_close(&trial.city);
    (void)state;
}

static void many_called_units_leave_room_for_those_who_let_it_pass(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    memset(trial.file.support, 'x', UNITS_TEXT_MAX);
    for (size_t i = 48; i < UNITS_TEXT_MAX; i += 49)
        trial.file.support[i] = ' ';
    size_t used = UNITS_TEXT_MAX - strlen(" queue-a v-desk t-centre c-centre");
    trial.file.support[used] = '\0';
    struct command whistle = command_of(&trial, "whistle");
    strcpy(whistle.parties, "queue-a queue-b");
    refused(&trial, &whistle, june(4, 10, 0), "parties");
    strcpy(whistle.parties, "queue-a");
    trial.file.support[used - strlen(" s-centre")] = '\0';
    assert_int_equal(command_case(&trial, &whistle, june(4, 10, 0)), 0);
    act(&trial, "pass_up", june(4, 10, 1));
    act(&trial, "pass_up", june(4, 10, 2));
    act(&trial, "pass_up", june(4, 10, 3));
    assert_true(codes_hold(trial.file.support, "v-desk"));
    assert_true(codes_hold(trial.file.support, "t-centre"));
    assert_true(codes_hold(trial.file.support, "c-centre"));
    city_close(&trial.city);
    (void)state;
}

/* ---- others' cases --------------------------------------------------------------------------------------------------------- */

static void a_reporter_who_withdraws_takes_nobody_elses_case_along(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    trial.parent = trial.file;
    trial.parent.case_id = 777;
    trial.has_parent = true;
    act(&trial, "merge", june(4, 11, 0));
    trial.parent.state = CASE_closed; /* and nobody said that it is done */
    struct case_step step = step_of(&trial, june(4, 12, 0));
    assert_int_equal(case_conclude(&step, &trial.why), 1);
    assert_string_equal(trial.moved.move, "unmerge");
    assert_string_equal(trial.moved.actor, "case 777");
    assert_int_equal(trial.file.state, CASE_accepted);
    assert_int_equal(trial.file.parent, 0);
    assert_int_not_equal(trial.file.due_at, 0);
    assert_int_equal(message_check(MESSAGE_case_moved, &trial.moved, &trial.why), 0);
    city_close(&trial.city);
    (void)state;
}

static void a_refusal_says_what_is_wrong_with_the_line_that_people_may_follow(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "suspend", june(4, 10, 2));
    struct command resume = command_of(&trial, "resume");
    strcpy(resume.role, "department_lead");
    strcpy(resume.actor_unit, "queue-a");
    refused(&trial, &resume, june(4, 10, 3),
            "actor_unit"); /* and not that a lead may not: that is of the clock's line */
    city_close(&trial.city);
    (void)state;
}

/* ---- careless clients --------------------------------------------------------------------------------------------------------- */

static void a_result_is_one_of_three_words(void **state) {
    struct trial trial = {0};
    open_claimed(&trial);
    verify(&trial, june(4, 11, 0));
    struct command satisfied = command_of(&trial, "satisfied");
    strcpy(satisfied.result, "Solved");
    refused(&trial, &satisfied, june(4, 12, 0), "result");
    strcpy(satisfied.result, "partly");
    assert_int_equal(command_case(&trial, &satisfied, june(4, 12, 0)), 0);
    city_close(&trial.city);
    (void)state;
}

static void a_whistle_calls_somebody(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    struct command whistle = command_of(&trial, "whistle");
    strcpy(whistle.parties, "  ");
    refused(&trial, &whistle, june(4, 10, 1), "parties");
    city_close(&trial.city);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stricter_instant_counts_also_before_a_granted_extension_begins),
        TEST(a_stricter_instant_counts_for_the_desk_too),
        TEST(a_limit_that_has_passed_stays_passed_through_a_suspension),
        TEST(a_suspension_gives_no_new_grace),
        TEST(a_clock_that_is_a_little_behind_does_not_make_a_suspension_endless),
        TEST(an_instant_that_passed_while_it_did_not_count_is_said_anew),
        TEST(an_instant_that_was_said_is_not_the_next_one),
        TEST(what_was_listed_while_it_waited_is_reminded_of_when_it_goes_on),
        TEST(a_reopened_case_that_was_supervised_is_reminded_of),
        TEST(a_supervised_case_from_before_clocks_were_kept_is_reminded_of),
        TEST(a_case_whose_area_is_gone_is_the_whole_citys),
        TEST(a_tier_that_the_cases_own_policy_did_not_know_has_todays_limits),
        TEST(many_called_units_leave_room_for_those_who_let_it_pass),
        TEST(a_reporter_who_withdraws_takes_nobody_elses_case_along),
        TEST(a_refusal_says_what_is_wrong_with_the_line_that_people_may_follow),
        TEST(a_result_is_one_of_three_words),
        TEST(a_whistle_calls_somebody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
