/* Clocks that wait, stand still, are extended, halved or made stricter, and how they are kept. */
#include "services/routing/case_clocks.h"

#include "tests/unit/case_harness.h"

/* ---- waiting states ---------------------------------------------------------------------------------------------------------- */

static void waiting_states_end_by_themselves(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    act(&trial, "ask", june(4, 10, 0));
    assert_int_equal(trial.file.due_at, june(5, 10, 0)); /* one working day to answer */
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "lapse");
    assert_int_equal(trial.file.state, CASE_closed);
    assert_int_equal(trial.file.due_at, 0);
    assert_int_equal(trial.file.next_at, june(12, 10, 0)); /* seven days in which it can be reopened */
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "archive");
    assert_int_equal(trial.file.state, CASE_archived);
    assert_int_equal(trial.file.next_at, 0);
    city_close(&trial.city);
    (void)state;
}

static void who_must_verify_is_reminded_each_working_day(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 10));
    act(&trial, "claim_done", june(4, 16, 0));
    assert_int_equal(trial.moved.due_before, june(5, 10, 0));
    assert_string_equal(trial.moved.overseers, "t-centre");
    for (int day = 5; day <= 6; day++) {
        assert_int_equal(trial.file.next_at, june(day, 16, 0));
        assert_int_equal(let_next_pass(&trial), 1);
        assert_string_equal(trial.moved.move, "remind");
        assert_int_equal(trial.file.state, CASE_claimed_done);
    }
    city_close(&trial.city);
    (void)state;
}

static void what_was_not_done_finds_its_limit_where_it_was(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 10));
    act(&trial, "claim_done", june(4, 16, 0));
    struct command reject = command_of(&trial, "reject");
    strcpy(reject.actor, "zhao");
    assert_int_equal(command_case(&trial, &reject, june(4, 17, 0)), 0);
    assert_int_equal(trial.file.state, CASE_handling);
    assert_int_equal(trial.file.due_at, june(5, 10, 0));
    city_close(&trial.city);
    (void)state;
}

/* ---- held, extended, halved, stricter ------------------------------------------------------------------------------------------- */

static void a_suspended_case_goes_on_with_what_was_left(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    struct command suspend = command_of(&trial, "suspend");
    suspend.until_at = june(20, 9, 0);
    assert_int_equal(command_case(&trial, &suspend, june(4, 14, 0)), 0);
    assert_int_equal(trial.file.due_at, june(20, 9, 0));
    assert_int_equal(trial.file.next_at, june(20, 9, 0));
    /* Left: four hours on the 4th, one on the 5th. */
    act(&trial, "resume", june(10, 15, 0));
    assert_int_equal(trial.file.due_at, june(11, 11, 0));
    assert_int_equal(trial.moved.stopped_ms, june(10, 15, 0) - june(4, 14, 0));
    assert_int_equal(trial.file.kept.stopped_ms, trial.moved.stopped_ms);
    city_close(&trial.city);
    (void)state;
}

static void a_review_date_resumes_by_itself(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    struct command suspend = command_of(&trial, "suspend");
    suspend.until_at = june(20, 9, 0);
    assert_int_equal(command_case(&trial, &suspend, june(4, 14, 0)), 0);
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "resume");
    assert_int_equal(trial.file.state, CASE_handling);
    assert_int_equal(trial.file.due_at, june(20, 14, 0));
    city_close(&trial.city);
    (void)state;
}

static void an_extension_begins_where_the_limit_ends(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "ask_extension", june(4, 11, 0));
    assert_string_equal(trial.moved.overseers, "t-centre");
    act(&trial, "grant_extension", june(4, 12, 0));
    assert_int_equal(trial.moved.due_before, june(5, 10, 0));
    assert_int_equal(trial.file.due_at, june(10, 10, 0)); /* three working days over a weekend */
    city_close(&trial.city);
    (void)state;
}

static void it_is_done_again_in_half_the_limit(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "claim_done", june(4, 11, 0));
    struct command verify = command_of(&trial, "verify");
    strcpy(verify.actor, "zhao");
    assert_int_equal(command_case(&trial, &verify, june(4, 12, 0)), 0);
    act(&trial, "dissatisfied", june(4, 13, 0));
    assert_int_equal(trial.file.state, CASE_handling);
    assert_int_equal(trial.file.due_at, june(4, 17, 30)); /* nine hours a day: half are four and a half */
    city_close(&trial.city);
    (void)state;
}

static void it_is_done_again_in_half_of_a_limit_that_only_passes(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    strcpy(trial.file.severity, "orange");
    trial.file.state = CASE_handling;
    const struct case_step step = step_of(&trial, june(4, 13, 0));
    assert_int_equal(case_clocks_act(&step, CLOCK_REDO, 0, &trial.why), 0);
    assert_int_equal(trial.file.due_at, june(5, 1, 0)); /* of 24 hours */
    city_close(&trial.city);
    (void)state;
}

static void what_has_no_clock_gets_none_by_being_pressed(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    memset(trial.file.clocks, 0, sizeof trial.file.clocks);
    trial.file.state = CASE_handling;
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    assert_int_equal(case_clocks_act(&step, CLOCK_STRICTER, june(4, 16, 0), &trial.why), 0);
    assert_int_equal(case_clocks_act(&step, CLOCK_STRICTER, 0, &trial.why), 0);
    assert_int_equal(trial.file.clocks[RUNNING_resolve].limit_at, 0);
    city_close(&trial.city);
    (void)state;
}

static void a_supervisor_can_only_make_it_earlier(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    struct command press = command_of(&trial, "press");
    press.until_at = june(6, 9, 0);
    assert_int_equal(command_case(&trial, &press, june(4, 11, 0)), -1);
    assert_string_equal(trial.why.field, "until_at");
    press.until_at = june(4, 16, 0);
    assert_int_equal(command_case(&trial, &press, june(4, 11, 0)), 0);
    assert_int_equal(trial.file.due_at, june(4, 16, 0));
    assert_true(trial.file.supervised);
    city_close(&trial.city);
    (void)state;
}

static void returns_and_transfers_never_reset_a_clock(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    int64_t due_at = trial.file.due_at;
    act(&trial, "return", june(4, 10, 20));
    assert_int_equal(trial.file.due_at, due_at);
    act(&trial, "dispatch", june(4, 10, 25)); /* to the township, which keeps the village's clocks */
    assert_string_equal(trial.file.unit, "t-centre");
    assert_int_equal(trial.file.due_at, due_at);
    assert_int_equal(trial.file.clocks[RUNNING_sign].limit_at, june(4, 10, 30));
    struct command transfer = command_of(&trial, "transfer");
    strcpy(transfer.unit, "c-water");
    assert_int_equal(command_case(&trial, &transfer, june(4, 10, 28)), 0);
    assert_int_equal(trial.file.due_at, due_at);
    assert_int_equal(trial.file.clocks[RUNNING_sign].limit_at, june(4, 10, 30));
    city_close(&trial.city);
    (void)state;
}

/* ---- called units -------------------------------------------------------------------------------------------------------------- */

static void a_called_unit_that_does_not_come_is_told_of(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "contact", june(4, 10, 1));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    act(&trial, "whistle", june(4, 10, 30));
    assert_string_equal(trial.file.support, "c-water");
    assert_int_equal(trial.file.tasks[0].by_at, june(4, 11, 30));
    const struct word words[] = {{"alarm", "arrive", 100, june(4, 11, 30)}};
    check_words(&trial, words, 1);
    act(&trial, "arrive", june(4, 11, 40));
    act(&trial, "finish", june(4, 12, 40));
    assert_int_equal(trial.file.tasks[0].state, TASK_finished);
    assert_string_equal(trial.moved.tasks, "c-water finished 0;");
    city_close(&trial.city);
    (void)state;
}

static void a_call_is_told_of_once_and_after_what_is_graver(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "whistle", june(4, 10, 5));
    const struct word words[] = {{"warn", "sign", 50, june(4, 10, 15)}}; /* that the called unit may yet come */
    check_words(&trial, words, 1);
    assert_int_equal(trial.file.tasks[0].by_at, june(4, 11, 5));
    assert_int_equal(pass_deadline_at(&trial, june(5, 11, 30)), 1); /* after an outage all has passed */
    assert_string_equal(trial.moved.move, "escalate");
    assert_int_equal(trial.file.tasks[0].by_at, 0);
    assert_string_equal(trial.moved.tasks, "c-water called 0;"); /* who is late stands in the history */
    city_close(&trial.city);
    (void)state;
}

/* ---- what is kept ---------------------------------------------------------------------------------------------------------------- */

static void clocks_and_tasks_come_back_as_they_were_kept(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "whistle", june(4, 10, 30));
    struct case_file file = trial.file, back;
    case_kept_write(&file);
    back = file;
    memset(back.clocks, 0, sizeof back.clocks);
    memset(back.tasks, 0, sizeof back.tasks);
    back.task_count = 0;
    assert_int_equal(case_kept_read(&back, &trial.why), 0);
    assert_memory_equal(back.clocks, file.clocks, sizeof file.clocks);
    assert_int_equal(back.task_count, 1);
    assert_string_equal(back.tasks[0].unit, "c-water");
    assert_int_equal(back.tasks[0].by_at, file.tasks[0].by_at);
    strcpy(back.kept.clocks, "resolve 12 x;");
    assert_int_equal(case_kept_read(&back, &trial.why), -1);
    assert_string_equal(trial.why.field, "kept");
    city_close(&trial.city);
    (void)state;
}

static void a_case_from_before_clocks_were_kept_moves_up_at_its_one_instant(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    trial.file.kept.clocks[0] = '\0';
    memset(trial.file.clocks, 0, sizeof trial.file.clocks);
    trial.file.due_at = trial.file.next_at = june(5, 10, 30);
    assert_int_equal(case_kept_read(&trial.file, &trial.why), 0);
    assert_int_equal(let_next_pass(&trial), 1);
    assert_string_equal(trial.moved.move, "escalate");
    city_close(&trial.city);
    (void)state;
}

static void a_case_without_clocks_keeps_its_instant_in_every_open_state_when_counted_anew(void **state) {
    for (int at = CASE_none + 1; at < CASE_STATE_COUNT; at++) {
        struct trial trial = {0};
        if (!case_state_spec((enum case_state)at)->open)
            continue;
        open_noise(&trial);
        trial.file.state = (enum case_state)at;
        strcpy(trial.file.plan, "mend it");
        trial.file.kept.clocks[0] = '\0';
        memset(trial.file.clocks, 0, sizeof trial.file.clocks);
        trial.file.due_at = trial.file.next_at = june(5, 10, 30);
        assert_int_equal(case_kept_read(&trial.file, &trial.why), 0);
        struct case_step step = step_of(&trial, june(4, 12, 0));
        assert_int_equal(case_recalculate(&step, &trial.why), 0);
        assert_int_equal(trial.file.due_at, june(5, 10, 30));
        assert_int_equal(let_next_pass(&trial), 1);
        city_close(&trial.city);
    }
    (void)state;
}

static void a_corrected_calendar_is_counted_anew_and_told(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    struct case_step step = step_of(&trial, june(4, 12, 0));
    assert_int_equal(case_recalculate(&step, &trial.why), 0); /* nothing changed: nothing is said */
    write_file("calendar.csv", "date,kind,name\n2025-06-05,off,Day of rest\n2025-10-01,off,National Day\n");
    city_close(&trial.city);
    trial.city = city_of_folder();
    step = step_of(&trial, june(4, 12, 0));
    assert_int_equal(case_recalculate(&step, &trial.why), 1);
    assert_string_equal(trial.moved.move, "recalculate");
    assert_string_equal(trial.moved.actor, "calendar");
    assert_int_equal(trial.moved.due_before, june(5, 10, 0));
    assert_int_equal(trial.file.due_at, june(6, 10, 0));
    city_close(&trial.city);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(waiting_states_end_by_themselves),
        TEST(who_must_verify_is_reminded_each_working_day),
        TEST(what_was_not_done_finds_its_limit_where_it_was),
        TEST(a_suspended_case_goes_on_with_what_was_left),
        TEST(a_review_date_resumes_by_itself),
        TEST(an_extension_begins_where_the_limit_ends),
        TEST(it_is_done_again_in_half_the_limit),
        TEST(it_is_done_again_in_half_of_a_limit_that_only_passes),
        TEST(what_has_no_clock_gets_none_by_being_pressed),
        TEST(a_supervisor_can_only_make_it_earlier),
        TEST(returns_and_transfers_never_reset_a_clock),
        TEST(a_called_unit_that_does_not_come_is_told_of),
        TEST(a_call_is_told_of_once_and_after_what_is_graver),
        TEST(clocks_and_tasks_come_back_as_they_were_kept),
        TEST(a_case_from_before_clocks_were_kept_moves_up_at_its_one_instant),
        TEST(a_case_without_clocks_keeps_its_instant_in_every_open_state_when_counted_anew),
        TEST(a_corrected_calendar_is_counted_anew_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
