#include "services/routing/case_file.h"

#include "tests/unit/case_harness.h"

/* ---- the way up -------------------------------------------------------------------------------------------------- */

struct rung {
    const char *move, *state, *unit, *support;
    uint8_t tier;
    int64_t due_at;
};

static void check_rung(const struct trial *trial, const struct rung *rung, enum case_state from) {
    assert_string_equal(trial->moved.move, rung->move);
    assert_string_equal(trial->moved.from, case_state_spec(from)->name);
    assert_string_equal(trial->moved.state, rung->state);
    assert_string_equal(case_state_spec(trial->file.state)->name, rung->state);
    assert_string_equal(trial->file.unit, rung->unit);
    assert_string_equal(trial->moved.unit, rung->unit);
    assert_string_equal(trial->file.support, rung->support);
    assert_string_equal(trial->moved.support, rung->support);
    assert_int_equal(trial->file.tier, rung->tier);
    assert_int_equal(trial->moved.tier, rung->tier);
    if (trial->file.due_at != rung->due_at)
        fail_msg("%s to %s: due at %lld, not %lld", rung->move, rung->unit, (long long)trial->file.due_at,
                 (long long)rung->due_at);
    assert_int_equal(trial->moved.due_at, rung->due_at);
    assert_int_equal(trial->moved.version, trial->file.version);
    assert_string_equal(trial->moved.actor, "deadline");
    assert_string_equal(trial->moved.note, "");
    assert_string_equal(trial->moved.title, "");
    assert_true(isnan(trial->moved.lat));
}

static void climb_all(const char *item, const char *area, const struct rung *rungs, size_t count) {
    struct trial trial = {0};
    open_trial(&trial, "sensor", item, area);
    for (size_t i = 0; i < count; i++) {
        enum case_state from = trial.file.state;
        uint32_t version = trial.file.version;
        int64_t passed_at = trial.file.due_at;
        memset(trial.moved.title, 'x', sizeof trial.moved.title);
        if (let_deadline_pass(&trial) != 1)
            fail_msg("rung %zu: %s", i, trial.why.text);
        check_rung(&trial, &rungs[i], from);
        assert_int_equal(trial.file.version, version + 1);
        assert_int_equal(trial.moved.at, passed_at);
    }
    city_close(&trial.city);
}

static void each_passed_deadline_moves_one_tier_up_until_the_supervision_list(void **state) {
    const struct rung noise[] = {
        {"escalate", "dispatched", "t-centre", "v-desk", 2, june(6, 10, 0)},
        {"escalate", "dispatched", "c-centre", "v-desk t-centre", 3, june(7, 11, 0)}, /* and an hour of grace */
        {"escalate", "dispatched", "s-centre", "v-desk t-centre c-centre", 4, june(8, 11, 0)},
        /* passed on a Sunday; reviewed once a working day, however urgent: the next one begins on Monday at nine */
        {"supervise", "supervised", "s-centre", "v-desk t-centre c-centre", 4, june(10, 9, 0)},
        {"remind", "supervised", "s-centre", "v-desk t-centre c-centre", 4, june(11, 9, 0)},
        {"remind", "supervised", "s-centre", "v-desk t-centre c-centre", 4, june(12, 9, 0)},
    };
    const struct rung sign[] = {
        /* queue-a was due on Monday the 9th at ten; it answers to the county's water office, that to the city's */
        {"escalate", "dispatched", "c-water", "queue-a", 3, june(10, 11, 0)},
        {"escalate", "dispatched", "s-water", "queue-a c-water", 4, june(11, 11, 0)},
        {"supervise", "supervised", "s-water", "queue-a c-water", 4, june(12, 11, 0)},
    };
    climb_all("noise", "g", noise, LENGTH(noise));
    climb_all("sign", "g", sign, LENGTH(sign));
    (void)state;
}

static void a_deadline_moves_every_open_state(void **state) {
    static const struct {
        enum case_state from;
        const char *area, *move;
        enum case_state to;
    } cases[] = {
        {CASE_reported, "v", "escalate", CASE_dispatched},    {CASE_dispatched, "v", "escalate", CASE_dispatched},
        {CASE_handling, "v", "escalate", CASE_dispatched},    {CASE_reported, "s", "supervise", CASE_supervised},
        {CASE_dispatched, "s", "supervise", CASE_supervised}, {CASE_handling, "s", "supervise", CASE_supervised},
        {CASE_supervised, "s", "remind", CASE_supervised},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "hotline", "noise", cases[i].area);
        char unit[CODE_MAX + 1];
        strcpy(unit, trial.file.unit);
        trial.file.state = cases[i].from;
        if (let_deadline_pass(&trial) != 1)
            fail_msg("case %zu: %s", i, trial.why.text);
        assert_int_equal(trial.file.state, cases[i].to);
        assert_string_equal(trial.moved.move, cases[i].move);
        bool climbed = strcmp(cases[i].move, "escalate") == 0;
        assert_int_equal(strcmp(trial.file.unit, unit) != 0, climbed);
        assert_string_equal(trial.file.support, climbed ? unit : "");
        city_close(&trial.city);
    }
    (void)state;
}

/* ---- what moves nothing -------------------------------------------------------------------------------------------- */

static void a_deadline_that_is_not_the_cases_own_is_void(void **state) {
    static const struct {
        int64_t due_off;
        uint64_t tier;
        bool closed;
    } cases[] = {{1, 1, false}, {-1, 1, false}, {0, 2, false}, {0, 257, false}, {0, 1, true}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "sensor", "noise", "v");
        struct deadline_passed passed = {
            .case_id = 1234, .tier = cases[i].tier, .version = 1, .due_at = trial.file.due_at + cases[i].due_off};
        if (cases[i].closed)
            assert_int_equal(command_case(&trial, &(struct command){.move = "close", .actor = "a"}, june(4, 11, 0)), 0);
        if (cases[i].closed && i % 2 == 0)
            passed.due_at = 0; /* not even one that claims the instant of a finished case */
        struct case_file before = trial.file;
        struct case_moved said = trial.moved;
        struct case_step step = step_of(&trial, june(5, 10, 0));
        assert_int_equal(case_pass_deadline(&step, &passed, &trial.why), 0);
        assert_memory_equal(&trial.file, &before, sizeof before);
        assert_memory_equal(&trial.moved, &said, sizeof said);
        city_close(&trial.city);
    }
    (void)state;
}

static void signing_keeps_the_deadline_alive(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "sensor", "noise", "v");
    int64_t due_at = trial.file.due_at;
    assert_int_equal(command_case(&trial, &(struct command){.move = "sign", .actor = "a"}, june(4, 11, 0)), 0);
    struct deadline_passed passed = {.case_id = 1234, .tier = 1, .version = 1, .due_at = due_at};
    struct case_step step = step_of(&trial, due_at);
    assert_int_equal(case_pass_deadline(&step, &passed, &trial.why), 1); /* armed by version 1, still the same due */
    assert_string_equal(trial.moved.from, "handling");
    assert_string_equal(trial.file.unit, "t-centre");
    city_close(&trial.city);
    (void)state;
}

static void what_the_city_no_longer_has_is_refused_and_leaves_the_file_as_it_was(void **state) {
    static const char *const fields[] = {"unit", "item", "area"};
    for (size_t i = 0; i < LENGTH(fields); i++) {
        struct trial trial = {0};
        open_trial(&trial, "sensor", "noise", "v");
        char *field = i == 0 ? trial.file.unit : i == 1 ? trial.file.item : trial.file.area;
        strcpy(field, "gone");
        struct case_file before = trial.file;
        assert_int_equal(let_deadline_pass(&trial), -1);
        assert_string_equal(trial.why.field, fields[i]);
        assert_memory_equal(&trial.file, &before, sizeof before);
        city_close(&trial.city);
    }
    (void)state;
}

static void the_end_of_the_calendar_is_refused_and_leaves_the_file_as_it_was(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    trial.file.due_at = date_of(2025, 12, 30) * DAY_MS;
    struct case_file before = trial.file;
    assert_int_equal(let_deadline_pass(&trial), -1);
    assert_string_equal(trial.why.field, "calendar");
    assert_memory_equal(&trial.file, &before, sizeof before);
    city_close(&trial.city);
    (void)state;
}

/* Reviews on the supervision list go by the top tier's blue row, so a city must have it, whatever its items are. */
static void a_city_that_could_not_review_its_top_cases_is_not_loaded(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("items.csv", "code,name_en,name_zh,parent,matter,severity,tier,unit_kind,unit,limit,limit_unit\n"
                            "noise,Noise,,,service,yellow,1,centre,,,\n");
    for (int with_blue = 0; with_blue < 2; with_blue++) {
        char ladder[1000] = "tier,severity,clock,limit,limit_unit,grace,grace_unit\n";
        for (int tier = 1; tier <= 4; tier++)
            sprintf(ladder + strlen(ladder), "%d,yellow,resolve,1,working_days,,\n%d,orange,resolve,1,working_days,,\n",
                    tier, tier);
        strcat(ladder, with_blue ? "4,blue,resolve,1,working_days,,\n" : "");
        write_file("ladder.csv", ladder);
        assert_int_equal(city_folder_open(&city, &draft, folder), with_blue ? 0 : -1);
        assert_int_equal(draft->complaint_count, with_blue ? 0 : 1);
        if (!with_blue)
            assert_non_null(strstr(draft->complaints[0].why.text, "tier 4, blue"));
        city_draft_close(&draft);
    }
    city_close(&city);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_passed_deadline_moves_one_tier_up_until_the_supervision_list, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_deadline_moves_every_open_state, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_deadline_that_is_not_the_cases_own_is_void, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(signing_keeps_the_deadline_alive, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_the_city_no_longer_has_is_refused_and_leaves_the_file_as_it_was,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_city_that_could_not_review_its_top_cases_is_not_loaded, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_end_of_the_calendar_is_refused_and_leaves_the_file_as_it_was, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
