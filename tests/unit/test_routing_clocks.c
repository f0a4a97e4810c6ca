/* The clocks of a case while a unit has it: warned, told, moved up; exactly one step a tier and instant. */
#include "services/routing/case_clocks.h"

#include "tests/unit/case_harness.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
