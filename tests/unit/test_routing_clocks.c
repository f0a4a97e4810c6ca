/* The clocks of a case: warned, told, moved up, held, extended, halved; exactly one step a tier and instant. */
#include "services/routing/case_clocks.h"

#include "tests/unit/case_harness.h"

struct word { /* what is said next, and when */
    const char *move, *clock;
    uint64_t percent;
    int64_t at;
};

static void check_words(struct trial *trial, const struct word *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t at = trial->file.next_at;
        if (at != words[i].at)
            fail_msg("%s %s comes at %lld, not %lld (%+lld min)", words[i].move, words[i].clock, (long long)at,
                     (long long)words[i].at, (long long)(at - words[i].at) / MINUTE_MS);
        if (let_next_pass(trial) != 1)
            fail_msg("%s: %s", trial->why.field, trial->why.text);
        if (strcmp(trial->moved.move, words[i].move) != 0 || strcmp(trial->moved.clock, words[i].clock) != 0)
            fail_msg("word %zu is %s %s, not %s %s", i, trial->moved.move, trial->moved.clock, words[i].move,
                     words[i].clock);
        assert_int_equal(trial->moved.percent, words[i].percent);
        assert_string_equal(trial->moved.actor, "deadline");
        assert_int_equal(trial->moved.at, at);
    }
}

static void open_noise(struct trial *trial) {
    open_trial(trial, "hotline", "noise", "v");
    act(trial, "accept", june(4, 10, 0));
    struct command command = command_of(trial, "dispatch");
    strcpy(command.unit, "v-desk");
    command.parties[0] = '\0';
    assert_int_equal(command_case(trial, &command, june(4, 10, 0)), 0);
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

static void a_case_that_nobody_signs_is_warned_of_and_moves_up(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    assert_int_equal(trial.moved.sign_by, june(4, 10, 30));
    assert_int_equal(trial.moved.contact_by, june(4, 12, 0));
    assert_int_equal(trial.moved.due_at, june(5, 10, 0));
    const struct word words[] = {
        {"warn", "sign", 50, june(4, 10, 15)},
        {"warn", "sign", 80, june(4, 10, 24)},
        {"escalate", "sign", 0, june(4, 10, 30)}, /* no grace: what alarms also moves up */
    };
    check_words(&trial, words, LENGTH(words));
    assert_string_equal(trial.file.unit, "t-centre");
    assert_string_equal(trial.file.support, "v-desk");
    assert_int_equal(trial.file.tier, 2);
    /* all clocks of the new tier count from then on */
    assert_int_equal(trial.moved.sign_by, june(4, 11, 30));
    assert_int_equal(trial.file.due_at, june(9, 10, 30));
    city_close(&trial.city);
    (void)state;
}

static void signed_but_silent_is_not_finished(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 10));
    act(&trial, "contact", june(4, 11, 0));
    assert_int_equal(trial.file.clocks[RUNNING_sign].from, 0);
    assert_int_equal(trial.file.clocks[RUNNING_contact].from, 0);
    const struct word words[] = {
        {"warn", "progress", 50, june(4, 13, 0)},
        {"warn", "resolve", 50, june(4, 14, 30)},
        {"warn", "progress", 80, june(4, 14, 12)},
        {"escalate", "progress", 0, june(4, 15, 0)},
    };
    const struct word in_order[] = {words[0], words[2], words[1], words[3]};
    check_words(&trial, in_order, LENGTH(in_order));
    assert_int_equal(trial.file.tier, 2);
    city_close(&trial.city);
    (void)state;
}

static void who_says_something_is_heard_and_the_limit_still_counts(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 10));
    act(&trial, "contact", june(4, 11, 0));
    act(&trial, "progress", june(4, 14, 30));
    act(&trial, "progress", june(4, 16, 30));
    act(&trial, "progress", june(5, 9, 30));
    const struct word words[] = {
        {"alarm", "resolve", 100, june(5, 10, 0)}, /* half an hour of grace */
        {"escalate", "resolve", 0, june(5, 10, 30)},
    };
    while (trial.file.next_at < june(5, 9, 30))
        assert_int_equal(pass_deadline_at(&trial, june(5, 9, 30)), 1);
    check_words(&trial, words, LENGTH(words));
    city_close(&trial.city);
    (void)state;
}

static void an_alarm_is_told_to_the_unit_above(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 10));
    act(&trial, "contact", june(4, 11, 0));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    pass_until(&trial, "alarm");
    assert_string_equal(trial.moved.overseers, "t-centre");
    assert_string_equal(trial.file.unit, "v-desk");
    assert_string_equal(trial.file.kept.overseers, "");
    city_close(&trial.city);
    (void)state;
}

static void a_red_case_is_told_to_all_tiers_at_once(void **state) {
    struct trial trial = {0};
    write_file("items.csv", "code,name_en,name_zh,parent,matter,severity,tier,unit_kind,unit,limit,limit_unit\n"
                            "fire,Fire,,,risk,red,1,centre,,,\n");
    open_trial(&trial, "sensor", "fire", "v");
    assert_string_equal(trial.moved.unit, "v-desk");
    assert_string_equal(trial.moved.overseers, "t-centre c-centre s-centre");
    act(&trial, "sign", june(4, 10, 1));
    assert_string_equal(trial.moved.overseers, "t-centre c-centre s-centre");
    city_close(&trial.city);
    (void)state;
}

/* ---- the way up ------------------------------------------------------------------------------------------------------------ */

static void each_tier_lets_it_pass_once_until_the_supervision_list(void **state) {
    static const struct {
        const char *unit, *support;
        uint8_t tier;
    } rungs[] = {
        {"t-centre", "v-desk", 2},
        {"c-centre", "v-desk t-centre", 3},
        {"s-centre", "v-desk t-centre c-centre", 4},
    };
    struct trial trial = {0};
    open_noise(&trial);
    for (size_t i = 0; i < LENGTH(rungs); i++) {
        pass_until(&trial, "escalate");
        assert_string_equal(trial.file.unit, rungs[i].unit);
        assert_string_equal(trial.file.support, rungs[i].support);
        assert_int_equal(trial.file.tier, rungs[i].tier);
        assert_int_equal(trial.file.state, CASE_dispatched);
    }
    pass_until(&trial, "supervise");
    assert_true(trial.file.supervised && trial.moved.supervised);
    assert_string_equal(trial.file.unit, "s-centre");
    assert_int_equal(trial.file.state, CASE_dispatched);
    for (int i = 0; i < 3; i++) {
        int64_t before = trial.moved.at;
        pass_until(&trial, "remind");
        assert_true(trial.moved.at - before <= 4 * DAY_MS);
    }
    act(&trial, "sign", trial.moved.at + MINUTE_MS); /* on the list, it can still be worked on */
    assert_true(trial.file.supervised);
    city_close(&trial.city);
    (void)state;
}

static void after_an_outage_there_is_one_step_and_no_burst(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    /* Everything of tier 1 has passed: sign, contact, the limit. */
    assert_int_equal(pass_deadline_at(&trial, june(12, 11, 0)), 1);
    assert_string_equal(trial.moved.move, "escalate");
    assert_int_equal(trial.file.tier, 2);
    assert_true(trial.file.next_at > june(12, 11, 0));
    /* The same when what has passed are two warnings. */
    act(&trial, "sign", june(12, 11, 5));
    int64_t resolve_from = trial.file.clocks[RUNNING_resolve].from;
    assert_int_equal(resolve_from, june(12, 11, 0));
    act(&trial, "contact", june(12, 11, 6));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    struct case_step step = step_of(&trial, june(12, 11, 6));
    case_clocks_settle(&step);
    assert_int_equal(pass_deadline_at(&trial, june(17, 10, 59)), 1);
    assert_string_equal(trial.moved.move, "warn");
    assert_int_equal(trial.moved.percent, 80);
    assert_int_equal(trial.file.next_at, trial.file.clocks[RUNNING_resolve].limit_at);
    city_close(&trial.city);
    (void)state;
}

static void a_deadline_that_is_not_the_cases_own_is_void(void **state) {
    static const struct {
        int64_t off;
        uint64_t tier;
    } cases[] = {{1, 1}, {-1, 1}, {0, 2}, {0, 257}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_noise(&trial);
        struct case_file before = trial.file;
        struct deadline_passed passed = {
            .case_id = 1234, .tier = cases[i].tier, .due_at = trial.file.next_at + cases[i].off};
        struct case_step step = step_of(&trial, trial.file.next_at);
        assert_int_equal(case_pass_deadline(&step, &passed, &trial.why), 0);
        assert_memory_equal(&trial.file, &before, sizeof before);
        city_close(&trial.city);
    }
    (void)state;
}

static void the_same_deadline_twice_moves_once(void **state) {
    struct trial trial = {0};
    open_noise(&trial);
    struct deadline_passed passed = {.case_id = 1234, .tier = 1, .due_at = trial.file.next_at};
    struct case_step step = step_of(&trial, trial.file.next_at);
    assert_int_equal(case_pass_deadline(&step, &passed, &trial.why), 1);
    assert_int_equal(case_pass_deadline(&step, &passed, &trial.why), 0);
    city_close(&trial.city);
    (void)state;
}

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

/* ---- any way at all ---------------------------------------------------------------------------------------------------------------- */

/* A generator that gives the same for a seed on every machine (Marsaglia, xorshift64). */
static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void check_stands(const struct trial *trial, const struct case_file *before) {
    const struct case_file *file = &trial->file;
    bool open = case_state_spec(file->state)->open;
    assert_true(file->tier >= before->tier && file->tier <= TIER_MAX);
    assert_true(file->unit[0] != '\0');
    assert_int_equal(open, file->due_at != 0);
    assert_true(!open || file->next_at != 0);
    assert_true(file->state != CASE_handling || file->plan[0] != '\0');
    assert_true(file->state != CASE_merged || file->parent != 0);
    assert_int_equal(message_check(MESSAGE_case_moved, &trial->moved, NULL), 0);
    if (file->due_at != before->due_at)
        assert_int_equal(trial->moved.due_before, before->due_at);
}

/* Random people and clocks for a while; then nobody does anything and the clocks alone must bring the case to rest: on the
 * supervision list, or in the archive. */
static void whatever_happens_an_open_case_has_a_unit_a_due_and_a_next_instant(void **state) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (uint64_t run = 1; run <= 400; run++) {
        uint64_t seed = run * UINT64_C(0x9E3779B97F4A7C15);
        struct trial trial = {0};
        open_trial(&trial, run % 2 ? "hotline" : "sensor", "noise", run % 3 ? "v" : "w");
        int64_t now = june(4, 10, 0);
        for (int turn = 0; turn < 40; turn++) {
            struct case_file before = trial.file;
            now += (int64_t)(next_random(&seed) % 600) * MINUTE_MS;
            while (trial.file.next_at != 0 && trial.file.next_at <= now) {
                before = trial.file;
                int64_t at = trial.file.next_at;
                if (pass_deadline_at(&trial, at) != 1)
                    fail_msg("run %d: %s: %s", (int)run, trial.why.field, trial.why.text);
                check_stands(&trial, &before);
                /* Clocks that did not count in the state before may have something to say at once. */
                if (trial.file.next_at != 0 && trial.file.next_at <= at && trial.file.state == before.state)
                    fail_msg("run %d: %s %s at %lld, next %lld", (int)run, trial.moved.move, trial.moved.clock,
                             (long long)at, (long long)trial.file.next_at);
            }
            before = trial.file;
            struct command command = command_of(&trial, moves[next_random(&seed) % count].name);
            command.until_at = now + (int64_t)(next_random(&seed) % 20) * DAY_MS;
            snprintf(command.actor, sizeof command.actor, "person %d", (int)(next_random(&seed) % 3));
            if (command_case(&trial, &command, now) == 0)
                check_stands(&trial, &before);
            else
                assert_memory_equal(&trial.file, &before, sizeof before);
        }
        city_close(&trial.city);
    }
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_case_that_nobody_signs_is_warned_of_and_moves_up),
        TEST(signed_but_silent_is_not_finished),
        TEST(who_says_something_is_heard_and_the_limit_still_counts),
        TEST(an_alarm_is_told_to_the_unit_above),
        TEST(a_red_case_is_told_to_all_tiers_at_once),
        TEST(each_tier_lets_it_pass_once_until_the_supervision_list),
        TEST(after_an_outage_there_is_one_step_and_no_burst),
        TEST(a_deadline_that_is_not_the_cases_own_is_void),
        TEST(the_same_deadline_twice_moves_once),
        TEST(waiting_states_end_by_themselves),
        TEST(who_must_verify_is_reminded_each_working_day),
        TEST(what_was_not_done_finds_its_limit_where_it_was),
        TEST(a_suspended_case_goes_on_with_what_was_left),
        TEST(a_review_date_resumes_by_itself),
        TEST(an_extension_begins_where_the_limit_ends),
        TEST(it_is_done_again_in_half_the_limit),
        TEST(a_supervisor_can_only_make_it_earlier),
        TEST(returns_and_transfers_never_reset_a_clock),
        TEST(a_called_unit_that_does_not_come_is_told_of),
        TEST(clocks_and_tasks_come_back_as_they_were_kept),
        TEST(a_case_from_before_clocks_were_kept_moves_up_at_its_one_instant),
        TEST(a_corrected_calendar_is_counted_anew_and_told),
        TEST(whatever_happens_an_open_case_has_a_unit_a_due_and_a_next_instant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
