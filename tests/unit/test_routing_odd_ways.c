/* Ways through a life that nobody plans: a ladder, a city or a supervisor that changes its mind meanwhile. */
#include "services/routing/case_decide.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stricter_instant_counts_also_before_a_granted_extension_begins),
        TEST(a_stricter_instant_counts_for_the_desk_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
