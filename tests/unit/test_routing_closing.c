/* What a unit may do, and how the loop is closed. */
#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

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

static void a_rating_says_the_same_as_its_move(void **state) {
    static const struct {
        const char *move;
        uint64_t rating;
        int status;
    } cases[] = {{"satisfied", 5, 0},  {"satisfied", 3, 0},    {"satisfied", 2, -1},    {"satisfied", 0, -1},
                 {"satisfied", 6, -1}, {"dissatisfied", 2, 0}, {"dissatisfied", 3, -1}, {"dissatisfied", 0, -1}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_claimed(&trial);
        verify(&trial, june(4, 11, 0));
        struct command command = command_of(&trial, cases[i].move);
        command.rating = cases[i].rating;
        assert_int_equal(command_case(&trial, &command, june(4, 12, 0)), cases[i].status);
        if (cases[i].status != 0)
            assert_string_equal(trial.why.field, "rating");
        city_close(&trial.city);
    }
    (void)state;
}

static void what_was_asked_of_a_lower_unit_is_not_the_higher_ones(void **state) {
    struct trial trial = {0};
    open_dispatched(&trial);
    act(&trial, "sign", june(4, 10, 1));
    act(&trial, "ask_extension", june(4, 10, 2));
    act(&trial, "pass_up", june(4, 10, 3));
    act(&trial, "sign", june(4, 10, 4));
    struct command grant = command_of(&trial, "grant_extension");
    refused(&trial, &grant, june(4, 10, 5), "move");
    act(&trial, "ask_extension", june(4, 10, 5)); /* the new unit asks for itself */
    city_close(&trial.city);
    (void)state;
}

static void a_desk_below_the_tier_of_a_case_leaves_it_alone(void **state) {
    static const struct {
        const char *unit;
        int status;
    } cases[] = {{"v-desk", -1}, {"t-centre", 0}, {"s-centre", 0}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", "v");
        pass_until(&trial, "escalate"); /* nobody accepted it: the township's desk answers */
        struct command accept = command_of(&trial, "accept");
        strcpy(accept.role, "township_desk");
        strcpy(accept.actor_unit, cases[i].unit);
        assert_int_equal(command_case(&trial, &accept, trial.moved.at + MINUTE_MS), cases[i].status);
        city_close(&trial.city);
    }
    (void)state;
}

static void who_claims_done_has_said_whom_he_spoke_with(void **state) {
    struct trial trial = {0};
    open_claimed(&trial);
    assert_int_equal(trial.file.clocks[RUNNING_contact].from, 0);
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
        TEST(a_rating_says_the_same_as_its_move),
        TEST(what_was_asked_of_a_lower_unit_is_not_the_higher_ones),
        TEST(a_desk_below_the_tier_of_a_case_leaves_it_alone),
        TEST(who_claims_done_has_said_whom_he_spoke_with),
        TEST(a_reopened_case_begins_anew_at_the_tier_where_it_was),
        TEST(on_the_supervision_list_only_once),
        TEST(a_case_has_room_for_fifty_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
