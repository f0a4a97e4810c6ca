/* What a case names may be gone from the city since, and a command may name what there never was: each decision says so. */
#include "services/routing/case_effects.h"
#include "services/routing/case_guard.h"
#include "services/routing/case_units.h"
#include "tests/unit/case_harness.h"

static const struct unit *above;

static int way_above(const struct case_step *step, struct reason *why) {
    return case_above(step, &above, why);
}

static int apply(const struct case_step *step, const char *move, const struct command *command, struct reason *why) {
    const struct move_spec line = {.name = move};
    return case_effect(step, &line, command, why);
}

static void a_unit_area_or_item_that_is_gone_is_named(void **state) {
    static const struct {
        int (*decide)(const struct case_step *step, struct reason *why);
        const char *unit, *area, *item, *field; /* NULL: as it is */
    } examples[] = {
        {way_above, "gone", NULL, NULL, "unit"},       {way_above, NULL, "gone", NULL, "area"},
        {case_climb, "gone", NULL, NULL, "unit"},      {case_climb, "s-centre", NULL, NULL, "unit"},
        {case_first_unit, NULL, NULL, "gone", "item"}, {case_first_unit, NULL, "gone", NULL, "area"},
    };
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial tried = trial;
        const struct case_step step = step_of(&tried, june(4, 11, 0));
        if (examples[i].unit != NULL)
            strcpy(tried.file.unit, examples[i].unit);
        if (examples[i].area != NULL)
            strcpy(tried.file.area, examples[i].area);
        if (examples[i].item != NULL)
            strcpy(tried.file.item, examples[i].item);
        tried.why.field[0] = '\0';
        if (examples[i].decide(&step, &tried.why) != -1 || strcmp(tried.why.field, examples[i].field) != 0)
            fail_msg("%zu: %s: %s", i, tried.why.field, tried.why.text);
    }
    city_close(&trial.city);
}

static void an_effect_refuses_units_that_there_are_not(void **state) {
    static const struct {
        const char *move, *unit, *parties, *field;
    } examples[] = {
        {"dispatch", "nobody", "", "unit"},
        {"dispatch", "queue-b", "nobody", "parties"},
        {"transfer", "nobody", "", "unit"},
        {"transfer", "v-desk", "", "unit"},
        {"designate", "nobody", "", "unit"},
        {"return", "v-desk", "", "unit"},
        {"whistle", "", "nobody", "parties"},
        {"whistle", "", "v-desk", "parties"},
        {"whistle", "", "c-water c-water", "parties"},
        {"whistle", "", "@nothing", "parties"},
        {"arrive", "", "", "actor_unit"},
        {"finish", "", "", "actor_unit"},
    };
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    strcpy(trial.file.unit, "v-desk");
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct trial tried = trial;
        const struct case_step step = step_of(&tried, june(4, 11, 0));
        struct command command = {.actor_unit = "c-water"};
        strcpy(command.unit, examples[i].unit);
        strcpy(command.parties, examples[i].parties);
        tried.why.field[0] = '\0';
        if (apply(&step, examples[i].move, &command, &tried.why) != -1 ||
            strcmp(tried.why.field, examples[i].field) != 0)
            fail_msg("%s %s%s: %s: %s", examples[i].move, examples[i].unit, examples[i].parties, tried.why.field,
                     tried.why.text);
    }
    city_close(&trial.city);
}

static void a_template_needs_the_area_and_a_call_ends_where_the_room_does(void **state) {
    struct trial trial = {0};
    struct command command = {.parties = "@three"};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    strcpy(trial.file.area, "gone");
    assert_int_equal(apply(&step, "whistle", &command, &trial.why), -1);
    assert_string_equal(trial.why.field, "area");
    strcpy(trial.file.area, "v");
    trial.file.task_count = TASKS_MAX;
    strcpy(command.parties, "c-water");
    assert_int_equal(apply(&step, "whistle", &command, &trial.why), -1);
    assert_string_equal(trial.why.field, "parties");
    trial.file.task_count = 0;
    memset(trial.file.support, 'x', UNITS_TEXT_MAX);
    static const char *const moves[] = {"whistle", "transfer", "dispatch"};
    for (size_t i = 0; i < LENGTH(moves); i++) {
        strcpy(command.unit, i == 1 ? "t-centre" : "");
        assert_int_equal(apply(&step, moves[i], &command, &trial.why), -1);
        assert_string_equal(trial.why.field, i == 1 ? "unit" : "parties");
    }
    city_close(&trial.city);
}

static void who_arrived_does_not_arrive_again(void **state) {
    struct trial trial = {0};
    struct command command = {.parties = " c-water", .actor_unit = "c-water"};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    assert_int_equal(apply(&step, "whistle", &command, &trial.why), 0);
    assert_int_equal(apply(&step, "arrive", &command, &trial.why), 0);
    assert_int_equal(apply(&step, "arrive", &command, &trial.why), -1);
    assert_int_equal(apply(&step, "finish", &command, &trial.why), 0);
    assert_int_equal(apply(&step, "finish", &command, &trial.why), -1);
    assert_string_equal(trial.why.field, "actor_unit");
    assert_int_equal(apply(&step, "whistle", &command, &trial.why), 0); /* called again */
    city_close(&trial.city);
}

static void a_case_of_a_lost_area_tells_nobody_above(void **state) {
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    strcpy(trial.file.severity, "red");
    strcpy(trial.file.area, "gone");
    case_tell_tiers(&step);
    assert_string_equal(trial.file.kept.overseers, "");
    strcpy(trial.file.area, "v");
    case_tell_tiers(&step);
    assert_string_equal(trial.file.kept.overseers, "t-centre c-centre s-centre");
    city_close(&trial.city);
}

/* ---- what a command brings ------------------------------------------------------------------------------------------- */

static void a_file_is_told_by_hash_type_size_and_name(void **state) {
    static const struct {
        const char *rest; /* behind the hash */
        bool good;
    } examples[] = {{" image/jpeg 52311 photo.jpg", true},
                    {" image/jpeg 52311 a b.jpg", true},
                    {"", false},
                    {" image/jpeg", false},
                    {" image/jpeg 52311", false},
                    {" image/jpeg 52311 ", false},
                    {" jpeg 52311 photo.jpg", false},
                    {" image/jpeg 000 photo.jpg", false},
                    {" image/jpeg x photo.jpg", false},
                    {"0 image/jpeg 52311 photo.jpg", false}};
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    const struct move_spec line = {.name = "attach", .needs = NEED_file};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct command command = {.case_id = 1};
        snprintf(command.file, sizeof command.file, "%064d%s", 7, examples[i].rest);
        if ((case_brings(&step, &line, &command, &trial.why) == 0) != examples[i].good)
            fail_msg("\"%s\"", examples[i].rest);
    }
    city_close(&trial.city);
}

static void a_unit_that_is_named_must_answer_for_the_area(void **state) {
    static const struct {
        const char *unit, *area;
        bool good;
    } examples[] = {{"", "v", false},
                    {"nobody", "v", false},
                    {"v-desk", "w", false},
                    {"v-desk", "v", true},
                    {"v-desk", "gone", true}};
    struct trial trial = {0};
    (void)state;
    open_trial(&trial, "hotline", "noise", "v");
    const struct case_step step = step_of(&trial, june(4, 11, 0));
    const struct move_spec line = {.name = "transfer", .needs = NEED_unit};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct command command = {.case_id = 1};
        strcpy(command.unit, examples[i].unit);
        strcpy(trial.file.area, examples[i].area);
        if ((case_brings(&step, &line, &command, &trial.why) == 0) != examples[i].good)
            fail_msg("%s for %s", examples[i].unit, examples[i].area);
    }
    city_close(&trial.city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_area_or_item_that_is_gone_is_named),
        cmocka_unit_test(an_effect_refuses_units_that_there_are_not),
        cmocka_unit_test(a_template_needs_the_area_and_a_call_ends_where_the_room_does),
        cmocka_unit_test(who_arrived_does_not_arrive_again),
        cmocka_unit_test(a_case_of_a_lost_area_tells_nobody_above),
        cmocka_unit_test(a_file_is_told_by_hash_type_size_and_name),
        cmocka_unit_test(a_unit_that_is_named_must_answer_for_the_area),
    };
    return cmocka_run_group_tests(tests, make_full_folder, remove_folder);
}
