/* Who may move a case and when, and what a case's clocks say of a city that has changed: what the ways of test_routing_guards.c do not
 * come by. */
#include "services/routing/case_clocks.h"
#include "services/routing/case_guard.h"
#include "services/routing/case_units.h"
#include "tests/unit/case_harness.h"

#define HOUR INT64_C(3600000)

static int guard(const struct trial *trial, int64_t now, enum case_guard which, const struct command *command,
                 struct reason *why) {
    struct trial tried = *trial;
    const struct case_step step = step_of(&tried, now);
    const struct move_spec line = {.name = "x", .guard = which};
    return case_guard(&step, &line, command, why);
}

static void a_hat_fits_whoever_stands_to_the_case_as_it_demands(void **state) {
    static const struct {
        uint32_t hat;
        const char *role, *unit, *actor, *area; /* area of the case; NULL: v */
        bool may;
    } examples[] = {
        {HAT_above, "supervisor", "c-centre", "a", NULL, true},
        {HAT_above, "supervisor", "s-centre", "a", NULL, true},
        {HAT_above, "supervisor", "v-desk", "a", NULL, false},
        {HAT_above, "supervisor", "nobody", "a", NULL, false},
        {HAT_verifier, "verifier", "c-centre", "a", NULL, true},
        {HAT_verifier, "verifier", "c-centre", "claims", NULL, false},
        {HAT_verifier, "verifier", "nobody", "a", NULL, false},
        {HAT_desk, "dispatcher", "s-centre", "a", "gone", true},
        {HAT_desk, "dispatcher", "c-centre", "a", "gone", false},
        {HAT_deadline, "supervisor", "s-centre", "a", NULL, false},
        {HAT_lead, "nobody", "v-desk", "a", NULL, false},
    };
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    strcpy(trial.file.kept.claimed_by, "claims");
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial tried = trial;
        const struct case_step step = step_of(&tried, june(4, 11, 0));
        const struct move_spec line = {.name = "x", .hats = examples[i].hat};
        struct command command = {.case_id = 1};
        strcpy(command.role, examples[i].role);
        strcpy(command.actor_unit, examples[i].unit);
        strcpy(command.actor, examples[i].actor);
        if (examples[i].area != NULL)
            strcpy(tried.file.area, examples[i].area);
        if ((case_may(&step, &line, &command, &tried.why) == 0) != examples[i].may)
            fail_msg("%zu: %s: %s", i, tried.why.field, tried.why.text);
    }
    city_close(&trial.city);
}

static void nobody_is_asked_above_what_is_gone_or_at_the_top(void **state) {
    static const struct {
        const char *unit, *area, *field; /* field "": it holds */
    } examples[] = {{"v-desk", "v", ""}, {"gone", "v", "unit"}, {"v-desk", "gone", "area"}, {"s-centre", "s", "move"}};
    struct trial trial = {0};
    const struct command command = {.case_id = 1};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct reason why = {.field = ""};
        strcpy(trial.file.unit, examples[i].unit);
        strcpy(trial.file.area, examples[i].area);
        int status = guard(&trial, june(4, 11, 0), GUARD_not_top, &command, &why);
        if ((status == 0) != (examples[i].field[0] == '\0') || strcmp(why.field, examples[i].field) != 0)
            fail_msg("%zu: %s: %s", i, why.field, why.text);
    }
    city_close(&trial.city);
}

static void a_stricter_instant_lies_between_now_and_the_due_one(void **state) {
    struct trial trial = {0};
    struct command command = {.case_id = 1};
    struct reason why;
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    trial.file.due_at = june(4, 17, 0);
    const struct {
        int64_t until_at;
        int status;
    } examples[] = {{0, 0}, {june(4, 12, 0), 0}, {june(4, 11, 0), -1}, {june(4, 17, 0), -1}, {june(4, 10, 0), -1}};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        command.until_at = examples[i].until_at;
        assert_int_equal(guard(&trial, june(4, 11, 0), GUARD_stricter, &command, &why), examples[i].status);
    }
    city_close(&trial.city);
}

static void a_channel_that_is_gone_calls_nobody_back(void **state) {
    struct trial trial = {0};
    const struct command command = {.case_id = 1};
    struct reason why;
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    assert_int_equal(guard(&trial, june(4, 11, 0), GUARD_calls_back, &command, &why), 0);
    strcpy(trial.file.channel, "sensor");
    assert_int_equal(guard(&trial, june(4, 11, 0), GUARD_calls_back, &command, &why), -1);
    strcpy(trial.file.channel, "gone");
    assert_int_equal(guard(&trial, june(4, 11, 0), GUARD_calls_back, &command, &why), -1);
    city_close(&trial.city);
}

static void a_part_of_another_is_like_it(void **state) {
    static const struct {
        const char *what, *field; /* field "": it holds */
    } examples[] = {{"", ""},           {"itself", "parent"},  {"part", "parent"},   {"done", "parent"},
                    {"item", "parent"}, {"younger", "parent"}, {"as old", "parent"}, {"far", "parent"},
                    {"old", "parent"},  {"old, gone", ""}};
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    trial.has_parent = true;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial tried = trial;
        struct command command = {.case_id = tried.file.case_id, .parent = 777};
        struct reason why = {.field = ""};
        const char *what = examples[i].what;
        tried.parent = tried.file;
        tried.parent.case_id = 777;
        tried.parent.opened_at = tried.file.opened_at - HOUR;
        if (strcmp(what, "itself") == 0)
            command.parent = tried.file.case_id;
        if (strcmp(what, "part") == 0)
            tried.parent.parent = 5;
        if (strcmp(what, "done") == 0)
            tried.parent.state = CASE_closed;
        if (strcmp(what, "item") == 0)
            strcpy(tried.parent.item, "leak");
        if (strcmp(what, "younger") == 0)
            tried.parent.opened_at = tried.file.opened_at + 1;
        if (strcmp(what, "as old") == 0) {
            tried.parent.opened_at = tried.file.opened_at;
            tried.parent.case_id = tried.file.case_id + 1;
        }
        if (strncmp(what, "old", 3) == 0)
            tried.parent.opened_at = tried.file.opened_at - 25 * HOUR;
        if (strcmp(what, "old, gone") == 0)
            strcpy(tried.file.channel, "gone");
        struct case_step step = step_of(&tried, june(4, 11, 0));
        if (strcmp(what, "far") == 0)
            step.parent_place.lat += 1;
        const struct move_spec line = {.name = "merge", .guard = GUARD_like_parent};
        int status = case_guard(&step, &line, &command, &why);
        if ((status == 0) != (examples[i].field[0] == '\0') || strcmp(why.field, examples[i].field) != 0)
            fail_msg("%s: %s: %s", what, why.field, why.text);
    }
    city_close(&trial.city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hat_fits_whoever_stands_to_the_case_as_it_demands),
        cmocka_unit_test(nobody_is_asked_above_what_is_gone_or_at_the_top),
        cmocka_unit_test(a_stricter_instant_lies_between_now_and_the_due_one),
        cmocka_unit_test(a_channel_that_is_gone_calls_nobody_back),
        cmocka_unit_test(a_part_of_another_is_like_it),
    };
    return cmocka_run_group_tests(tests, make_full_folder, remove_folder);
}
