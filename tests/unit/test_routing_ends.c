/* Where the calendar's years end and where the ladder has no rung: a clock that cannot be counted refuses its move, and says whose fault
 * it is; nothing of the case is lost by it. The small city knows the holidays of 2025 only. */
#include "services/routing/case_guard.h"
#include "services/routing/case_units.h"
#include "tests/unit/case_harness.h"

#define NEW_YEARS_EVE (date_of(2025, 12, 31) * DAY_MS + (17 - 8) * 60 * MINUTE_MS) /* a Wednesday at 17:00, of 18:00 */
#define NEW_YEAR (date_of(2026, 1, 2) * DAY_MS + (10 - 8) * 60 * MINUTE_MS)

static const enum move_clock acts[] = {CLOCK_START,  CLOCK_SIGNED,   CLOCK_CONTACTED, CLOCK_SILENT,
                                       CLOCK_HOLD,   CLOCK_RESUME,   CLOCK_REDO,      CLOCK_WAIT,
                                       CLOCK_EXTEND, CLOCK_STRICTER, CLOCK_REVIEW,    CLOCK_KEEP};

/* How many of the acts are refused at this instant, of a case in this state; each with this field. */
static size_t refused_acts(const struct trial *trial, int64_t now, enum case_state from, const char *field) {
    size_t refused = 0;
    for (size_t i = 0; i < LENGTH(acts); i++) {
        struct trial tried = *trial;
        const struct case_step step = step_of(&tried, now);
        tried.file.state = from;
        tried.why.field[0] = '\0';
        if (case_clocks_act(&step, acts[i], now + DAY_MS, &tried.why) == 0)
            continue;
        refused++;
        if (strcmp(tried.why.field, field) != 0)
            fail_msg("%s: %s: %s", case_clock_name(acts[i]), tried.why.field, tried.why.text);
    }
    return refused;
}

static void no_clock_runs_into_a_year_that_is_not_known(void **state) {
    static const enum case_state states[] = {CASE_reported, CASE_dispatched, CASE_handling, CASE_suspended};
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    for (size_t i = 0; i < LENGTH(states); i++) {
        assert_int_equal(refused_acts(&trial, june(4, 11, 0), states[i], ""), 0);
        assert_true(refused_acts(&trial, NEW_YEAR, states[i], "calendar") > 0);
        assert_true(refused_acts(&trial, NEW_YEARS_EVE, states[i], "calendar") > 0);
    }
    city_close(&trial.city);
}

static void without_a_rung_for_its_severity_no_clock_starts(void **state) {
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    strcpy(trial.file.severity, "pink");
    assert_true(refused_acts(&trial, june(4, 11, 0), CASE_dispatched, "severity") > 0);
    trial.file.supervised = true;
    assert_true(refused_acts(&trial, june(4, 11, 0), CASE_handling, "severity") > 0);
    city_close(&trial.city);
}

static void what_cannot_be_counted_anew_stays_as_it_was(void **state) {
    struct trial trial = {0}, before;
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    for (int i = 0; i < RUNNING_COUNT; i++)
        if (trial.file.clocks[i].from != 0)
            trial.file.clocks[i].from = NEW_YEAR;
    before = trial;
    const struct case_step step = step_of(&trial, NEW_YEAR);
    assert_int_equal(case_recalculate(&step, &trial.why), -1);
    assert_string_equal(trial.why.field, "calendar");
    assert_memory_equal(&trial.file, &before.file, sizeof trial.file);
    city_close(&trial.city);
}

static void a_return_cannot_be_in_time_in_a_year_that_is_not_known(void **state) {
    struct trial trial = {0};
    const struct command command = {.case_id = 1};
    const struct move_spec line = {.name = "return", .guard = GUARD_return_in_time};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    struct case_step step = step_of(&trial, NEW_YEAR);
    trial.file.kept.dispatched_at = NEW_YEAR;
    assert_int_equal(case_guard(&step, &line, &command, &trial.why), -1);
    assert_string_equal(trial.why.field, "calendar");
    /* days that only pass are no working time */
    struct running_clock *resolve = &trial.file.clocks[RUNNING_resolve];
    static const enum time_unit units[] = {CONTINUOUS_MINUTES, CALENDAR_DAYS};
    for (size_t i = 0; i < LENGTH(units); i++) {
        *resolve = (struct running_clock){
            .from = june(4, 10, 0), .limit = {3, units[i]}, .limit_at = june(7, 10, 0), .up_at = june(7, 10, 0)};
        trial.file.kept.dispatched_at = june(4, 10, 0);
        step.now = june(4, 10, 30);
        assert_int_equal(case_guard(&step, &line, &command, &trial.why), 0);
        step.now = june(7, 9, 0);
        assert_int_equal(case_guard(&step, &line, &command, &trial.why), -1);
    }
    /* of a limit into a year that is not known, the quarter is one of the time that passes */
    *resolve = (struct running_clock){.from = june(4, 10, 0), .limit = {3, WORKING_DAYS}, .limit_at = NEW_YEAR};
    step.now = june(6, 10, 0);
    assert_int_equal(case_guard(&step, &line, &command, &trial.why), 0);
    city_close(&trial.city);
}

static void a_deadline_that_is_not_the_cases_is_void(void **state) {
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct deadline_passed good = {.case_id = trial.file.case_id,
                                         .at = trial.file.next_at,
                                         .version = trial.file.version,
                                         .tier = trial.file.tier,
                                         .due_at = trial.file.next_at};
    for (int i = 0; i < 3; i++) {
        struct trial tried = trial;
        struct deadline_passed passed = good;
        const struct case_step step = step_of(&tried, good.at);
        if (i == 0)
            tried.file.next_at = 0;
        if (i == 1)
            passed.due_at++;
        if (i == 2)
            passed.tier++;
        assert_int_equal(case_pass_deadline(&step, &passed, &tried.why), 0);
    }
    city_close(&trial.city);
}

static void only_what_is_merged_into_something_finished_is_concluded(void **state) {
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step alone = step_of(&trial, june(4, 11, 0));
    assert_int_equal(case_conclude(&alone, &trial.why), 0); /* not merged */
    trial.file.state = CASE_merged;
    assert_int_equal(case_conclude(&alone, &trial.why), 0); /* nothing is known of the other */
    trial.has_parent = true;
    trial.parent = trial.file;
    trial.parent.state = CASE_handling;
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    assert_int_equal(case_conclude(&step, &trial.why), 0); /* it is not finished */
    city_close(&trial.city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_clock_runs_into_a_year_that_is_not_known),
        cmocka_unit_test(without_a_rung_for_its_severity_no_clock_starts),
        cmocka_unit_test(what_cannot_be_counted_anew_stays_as_it_was),
        cmocka_unit_test(a_return_cannot_be_in_time_in_a_year_that_is_not_known),
        cmocka_unit_test(a_deadline_that_is_not_the_cases_is_void),
        cmocka_unit_test(only_what_is_merged_into_something_finished_is_concluded),
    };
    return cmocka_run_group_tests(tests, make_full_folder, remove_folder);
}
