/* A city that changes under its cases: a calendar that has lost its years, tables with nobody above, a unit or channel that is gone. What
 * cannot be decided is refused and changes nothing; what can be is, with what is left. */
#include "common/city_private.h"
#include "services/routing/case_guard.h"
#include "services/routing/case_units.h"
#include "tests/unit/case_harness.h"

#define NEW_YEAR (date_of(2026, 1, 2) * DAY_MS + (10 - 8) * 60 * MINUTE_MS)

/* The city anew, with a calendar that knows only the year before the case. */
static void lose_the_year(struct trial *trial) {
    city_close(&trial->city);
    write_file("calendar.csv", "date,kind,name\n2024-10-01,off,National Day\n");
    trial->city = city_of_folder();
}

/* Nobody answers for any area any more: city_folder_open takes no such city. */
static void lose_all_posts(struct trial *trial) {
    for (size_t i = 0; i <= trial->city->post_mask; i++)
        trial->city->posts[i].unit = NULL;
}

/* ---- nobody above ------------------------------------------------------------------------------------------------------- */

static int way_above(const struct case_step *step, struct reason *why) {
    const struct unit *above;
    return case_above(step, &above, why);
}

static int guard_of_pass_up(const struct case_step *step, struct reason *why) {
    const struct move_spec line = {.name = "pass_up", .guard = GUARD_not_top};
    const struct command command = {.case_id = 1};
    return case_guard(step, &line, &command, why);
}

static void where_nobody_answers_the_way_up_is_refused(void **state) {
    static int (*const decide[])(const struct case_step *step, struct reason *why) = {way_above, guard_of_pass_up,
                                                                                      case_climb, case_first_unit};
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    for (size_t i = 0; i < LENGTH(decide); i++) {
        struct trial tried = trial;
        const struct case_step step = step_of(&tried, june(4, 11, 0));
        assert_int_equal(decide[i](&step, &tried.why), 0);
    }
    lose_all_posts(&trial);
    for (size_t i = 0; i < LENGTH(decide); i++) {
        struct trial tried = trial;
        const struct case_step step = step_of(&tried, june(4, 11, 0));
        tried.why.field[0] = '\0';
        if (decide[i](&step, &tried.why) != -1 || strcmp(tried.why.field, "unit") != 0)
            fail_msg("%zu: %s: %s", i, tried.why.field, tried.why.text);
    }
    city_close(&trial.city);
}

static void where_nobody_is_above_nobody_is_told_and_anybody_can_be_called(void **state) {
    static const struct {
        const char *unit, *area;
        bool posts;
    } examples[] = {{"v-desk", "v", false}, {"gone", "v", true}, {"v-desk", "gone", true}};
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial trial = {0};
        open_noise(&trial);
        const struct case_step step = step_of(&trial, june(4, 11, 0));
        if (!examples[i].posts)
            lose_all_posts(&trial);
        strcpy(trial.file.unit, examples[i].unit);
        strcpy(trial.file.area, examples[i].area);
        strcpy(trial.file.severity, "red");
        case_tell_tiers(&step);
        assert_string_equal(trial.file.kept.overseers, "");
        assert_true(case_add_support(&step, "c-water"));
        city_close(&trial.city);
    }
}

static void a_case_whose_unit_is_gone_comes_to_the_supervision_list(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    strcpy(trial.file.unit, "gone");
    pass_until(&trial, "supervise");
    assert_true(trial.file.supervised);
    assert_int_equal(trial.file.tier, 1);
    city_close(&trial.city);
}

/* ---- a year that is not known any more ---------------------------------------------------------------------------------- */

static void clocks_that_cannot_be_counted_any_more_are_neither_held_nor_resumed(void **state) {
    static const struct {
        const char *move;
        int hour, minute; /* of the 5th; the limit ends at ten, its grace half an hour later */
    } examples[] = {{"suspend", 9, 30}, {"suspend", 10, 10}, {"resume", 11, 0}};
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial trial = {0};
        assert_int_equal(make_full_folder(NULL), 0);
        open_noise(&trial);
        act(&trial, "sign", june(4, 10, 0));
        act(&trial, "contact", june(4, 10, 1));
        trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
        if (strcmp(examples[i].move, "resume") == 0)
            act(&trial, "suspend", june(4, 11, 0));
        lose_the_year(&trial);
        struct command command = command_of(&trial, examples[i].move);
        refused(&trial, &command, june(5, examples[i].hour, examples[i].minute), "calendar");
        city_close(&trial.city);
        remove_folder(NULL);
    }
}

static void a_warning_comes_after_half_of_the_time_that_passes(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    act(&trial, "contact", june(4, 10, 0));
    trial.file.clocks[RUNNING_progress] = (struct running_clock){0};
    lose_the_year(&trial);
    const struct case_step step = step_of(&trial, june(4, 10, 1));
    case_clocks_settle(&step);
    assert_int_equal(trial.file.next_at, june(4, 22, 0)); /* of ten to ten; of the working time it would be 14:30 */
    city_close(&trial.city);
}

static void a_deadline_whose_next_clocks_cannot_be_counted_changes_nothing(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    lose_the_year(&trial);
    struct case_file before = trial.file;
    assert_int_equal(pass_deadline_at(&trial, trial.file.next_at), 1); /* a warning needs no new clock */
    trial.file = before;
    trial.file.next_at = june(4, 12, 0);
    before = trial.file;
    assert_int_equal(let_next_pass(&trial), -1);
    assert_string_equal(trial.why.field, "calendar");
    assert_memory_equal(&trial.file, &before, sizeof before);
    city_close(&trial.city);
}

static void a_likeness_that_cannot_be_noted_changes_nothing(void **state) {
    const struct report_linked linked = {.case_id = 1234, .parent = 777, .likeness = 80};
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    act(&trial, "sign", june(4, 10, 0));
    trial.file.supervised = true; /* and its review is not counted yet */
    lose_the_year(&trial);
    struct case_file before = trial.file;
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    assert_int_equal(case_link(&step, &linked, &trial.why), -1);
    assert_string_equal(trial.why.field, "calendar");
    assert_memory_equal(&trial.file, &before, sizeof before);
    city_close(&trial.city);
}

/* ---- a ladder without the rung ------------------------------------------------------------------------------------------ */

/* The case's own policy has no rung; today's has them all, or none either. */
static void lose_the_ladder(struct trial *trial, bool todays_too) {
    struct city *city = trial->city;
    city->policies = realloc(city->policies, 2 * sizeof *city->policies);
    assert_non_null(city->policies);
    city->policies[1] = city->policies[0];
    city->policy_count = 2;
    policy_open(&city->policies[0], 0);
    city->policies[0].version = trial->file.policy = city->policies[1].version + 1;
    if (todays_too)
        memset(city->policies[1].ladder, 0, sizeof city->policies[1].ladder);
}

static void what_no_ladder_says_is_refused_and_todays_counts_before(void **state) {
    static const struct {
        bool todays_too, later;
        const char *field; /* NULL: it starts */
    } examples[] = {{false, false, NULL}, {false, true, "calendar"}, {true, false, "ladder"}};
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial trial = {0};
        open_noise(&trial);
        lose_the_ladder(&trial, examples[i].todays_too);
        const struct case_step step = step_of(&trial, examples[i].later ? NEW_YEAR : june(4, 11, 0));
        int status = case_clocks_act(&step, CLOCK_START, 0, &trial.why);
        assert_int_equal(status, examples[i].field == NULL ? 0 : -1);
        if (status != 0)
            assert_string_equal(trial.why.field, examples[i].field);
        else
            assert_int_equal(trial.file.due_at, june(5, 11, 0));
        city_close(&trial.city);
    }
}

/* ---- others' cases ------------------------------------------------------------------------------------------------------ */

static void a_child_follows_its_parent_as_far_as_the_city_still_knows(void **state) {
    static const struct {
        const char *channel;
        bool year_lost;
        int status;
        enum case_state to;
    } examples[] = {
        {"hotline", false, 1, CASE_callback},
        {"gone", false, 1, CASE_closed}, /* nobody is called back for a channel that is gone */
        {"hotline", true, -1, CASE_merged},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", "v");
        trial.parent = trial.file;
        trial.parent.case_id = 777;
        trial.parent.state = CASE_closed;
        strcpy(trial.parent.kept.claimed_by, "li.wei");
        trial.has_parent = true;
        trial.file.state = CASE_merged;
        strcpy(trial.file.channel, examples[i].channel);
        if (examples[i].year_lost)
            lose_the_year(&trial);
        const struct case_step step = step_of(&trial, june(4, 12, 0));
        assert_int_equal(case_conclude(&step, &trial.why), examples[i].status);
        assert_int_equal(trial.file.state, examples[i].to);
        city_close(&trial.city);
    }
}

static void what_is_over_has_no_deadline_and_is_not_counted_anew(void **state) {
    static const enum case_state over[] = {CASE_merged, CASE_archived, CASE_closed};
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    for (size_t i = 0; i < LENGTH(over); i++) {
        trial.file.state = over[i];
        const struct case_step step = step_of(&trial, june(4, 12, 0));
        assert_int_equal(case_recalculate(&step, &trial.why), 0);
        if (over[i] == CASE_closed)
            continue; /* which time moves on, into the archive */
        assert_int_equal(let_next_pass(&trial), -1);
        assert_string_equal(trial.why.field, "state");
    }
    city_close(&trial.city);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(where_nobody_answers_the_way_up_is_refused),
        TEST(where_nobody_is_above_nobody_is_told_and_anybody_can_be_called),
        TEST(a_case_whose_unit_is_gone_comes_to_the_supervision_list),
        cmocka_unit_test(clocks_that_cannot_be_counted_any_more_are_neither_held_nor_resumed),
        TEST(a_warning_comes_after_half_of_the_time_that_passes),
        TEST(a_deadline_whose_next_clocks_cannot_be_counted_changes_nothing),
        TEST(a_likeness_that_cannot_be_noted_changes_nothing),
        TEST(what_no_ladder_says_is_refused_and_todays_counts_before),
        TEST(a_child_follows_its_parent_as_far_as_the_city_still_knows),
        TEST(what_is_over_has_no_deadline_and_is_not_counted_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
