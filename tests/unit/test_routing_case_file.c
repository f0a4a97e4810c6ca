#include "services/routing/case_file.h"

#include "tests/unit/case_harness.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void a_case_opens_by_its_channel_with_severity_unit_and_due(void **state) {
    static const struct {
        const char *channel, *item, *area;
        const char *move, *state, *severity, *unit;
        uint8_t tier;
        int day, hour, minute; /* due in June */
    } cases[] = {
        /* the desk accepts: one working day and half a working hour of grace */
        {"hotline", "noise", "v", "report", "reported", "yellow", "v-desk", 1, 5, 10, 30},
        /* its channel accepts by itself and raises it: a day of the clock */
        {"sensor", "noise", "v", "open", "dispatched", "orange", "v-desk", 1, 5, 10, 0},
        /* a village without a centre: the township, three working days over a weekend */
        {"hotline", "noise", "w", "report", "reported", "yellow", "t-centre", 2, 9, 10, 0},
        /* a grid of a county with a water office: the item's own two hours and the row's grace */
        {"sensor", "leak", "g", "open", "dispatched", "orange", "c-water", 3, 4, 13, 0},
        /* no silence of the channel lowers what the item has */
        {"hotline", "leak", "g", "report", "reported", "orange", "c-water", 3, 4, 13, 0},
        /* above the item's tier the ladder's limit counts */
        {"sensor", "leak", "s", "open", "dispatched", "orange", "s-water", 4, 5, 10, 0},
        /* one fixed unit, three working days of its own */
        {"hotline", "sign", "g", "report", "reported", "blue", "queue-a", 2, 9, 10, 0},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, cases[i].channel, cases[i].item, cases[i].area);
        assert_string_equal(trial.moved.move, cases[i].move);
        assert_string_equal(trial.moved.from, "none");
        assert_string_equal(trial.moved.state, cases[i].state);
        assert_string_equal(case_state_spec(trial.file.state)->name, cases[i].state);
        assert_string_equal(trial.file.severity, cases[i].severity);
        assert_string_equal(trial.file.unit, cases[i].unit);
        assert_int_equal(trial.file.tier, cases[i].tier);
        assert_string_equal(trial.file.support, "");
        if (trial.file.due_at != june(cases[i].day, cases[i].hour, cases[i].minute))
            fail_msg("case %zu is due at %lld", i, (long long)trial.file.due_at);
        city_close(&trial.city);
    }
    (void)state;
}

static void the_opening_entry_holds_the_file_and_the_facts_of_the_report(void **state) {
    struct trial trial = {.city = city_of_folder()};
    struct report_received report = report_of("sensor", "noise", "g");
    strcpy(report.address, "12 Well Lane");
    strcpy(report.title, "Noise");
    strcpy(report.description, "Since five in the morning");
    report.lat = 33.5;
    report.lon = 114.25;
    memset(&trial.moved, 'x', sizeof trial.moved);
    struct case_step step = step_of(&trial, june(4, 10, 0));
    assert_int_equal(case_open(&step, &report, &trial.why), 0);

    assert_int_equal(trial.file.case_id, 1234);
    assert_int_equal(trial.file.version, 1);
    assert_int_equal(trial.file.opened_at, report.at);
    assert_int_equal(trial.moved.case_id, 1234);
    assert_int_equal(trial.moved.version, 1);
    assert_int_equal(trial.moved.at, june(4, 10, 0));
    assert_int_equal(trial.moved.tier, 1);
    assert_int_equal(trial.moved.due_at, trial.file.due_at);
    assert_string_equal(trial.moved.unit, "v-desk");
    assert_string_equal(trial.moved.support, "");
    assert_string_equal(trial.moved.severity, "orange");
    assert_string_equal(trial.moved.channel, "sensor");
    assert_string_equal(trial.moved.item, "noise");
    assert_string_equal(trial.moved.area, "g");
    assert_string_equal(trial.moved.actor, "channel sensor");
    assert_string_equal(trial.moved.note, "");
    assert_string_equal(trial.moved.address, "12 Well Lane");
    assert_string_equal(trial.moved.title, "Noise");
    assert_string_equal(trial.moved.description, "Since five in the morning");
    assert_true(trial.moved.lat == 33.5 && trial.moved.lon == 114.25);
    assert_int_equal(message_check(MESSAGE_case_moved, &trial.moved, &trial.why), 0);
    city_close(&trial.city);
    (void)state;
}

static void a_report_that_the_city_cannot_place_is_refused_with_the_field(void **state) {
    static const struct {
        const char *channel, *item, *area;
        int month;
        const char *field;
    } cases[] = {
        {"fax", "noise", "v", 6, "channel"},
        {"hotline", "nothing", "v", 6, "item"},
        {"hotline", "noise", "moon", 6, "area"},
        {"hotline", "noise", "w", 12, "calendar"}, /* three working days from 30 December end in a year not loaded */
    };
    struct city *city = city_of_folder();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {.city = city};
        struct report_received report = report_of(cases[i].channel, cases[i].item, cases[i].area);
        struct case_step step = step_of(&trial, date_of(2025, cases[i].month, 30) * DAY_MS);
        assert_int_equal(case_open(&step, &report, &trial.why), -1);
        assert_string_equal(trial.why.field, cases[i].field);
    }
    city_close(&city);
    (void)state;
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

/* What staff may do, written out once more: a line that case_life.def loses or gains shows here. */
static const struct {
    const char *move;
    enum case_state from, to;
} staff_moves[] = {
    {"accept", CASE_reported, CASE_dispatched}, {"sign", CASE_dispatched, CASE_handling},
    {"close", CASE_dispatched, CASE_closed},    {"close", CASE_handling, CASE_closed},
    {"close", CASE_supervised, CASE_closed},
};

static enum case_state allowed(const char *move, enum case_state from) {
    for (size_t i = 0; i < LENGTH(staff_moves); i++)
        if (staff_moves[i].from == from && strcmp(staff_moves[i].move, move) == 0)
            return staff_moves[i].to;
    return CASE_none;
}

static void check_refused(struct trial *trial, const struct command *command) {
    struct case_file before = trial->file;
    assert_int_equal(command_case(trial, command, june(4, 11, 0)), -1);
    assert_string_equal(trial->why.field, "move");
    assert_memory_equal(&trial->file, &before, sizeof before);
}

/* The orange noise of the village was due on Thursday at ten; a clock that starts at eleven ends at eleven. */
static void check_moved(struct trial *trial, const struct command *command, enum case_state to) {
    enum case_state from = trial->file.state;
    int64_t due_at = trial->file.due_at;
    if (command_case(trial, command, june(4, 11, 0)) != 0)
        fail_msg("%s from %s: %s", command->move, case_state_spec(from)->name, trial->why.text);
    if (strcmp(command->move, "accept") == 0)
        due_at = june(5, 11, 0);
    if (strcmp(command->move, "close") == 0)
        due_at = 0;
    assert_int_equal(trial->file.due_at, due_at);
    assert_int_equal(trial->file.state, to);
    assert_int_equal(trial->file.version, 2);
    assert_string_equal(trial->file.unit, "v-desk");
    assert_int_equal(trial->moved.version, 2);
    assert_int_equal(trial->moved.at, june(4, 11, 0));
    assert_int_equal(trial->moved.due_at, due_at);
    assert_string_equal(trial->moved.move, command->move);
    assert_string_equal(trial->moved.from, case_state_spec(from)->name);
    assert_string_equal(trial->moved.state, case_state_spec(to)->name);
    assert_string_equal(trial->moved.actor, "li.wei");
    assert_string_equal(trial->moved.note, "seen");
    assert_string_equal(trial->moved.title, "");
    assert_string_equal(trial->moved.description, "");
    assert_true(isnan(trial->moved.lat) && isnan(trial->moved.lon));
    assert_int_equal(message_check(MESSAGE_case_moved, &trial->moved, &trial->why), 0);
}

static void every_pair_of_state_and_move_is_made_or_refused(void **state) {
    size_t count, made = 0;
    const struct move_spec *moves = case_moves(&count);
    for (int from = CASE_none + 1; from < CASE_STATE_COUNT; from++) {
        for (size_t i = 0; i < count; i++) {
            struct trial trial = {0};
            struct command command = {.case_id = 1234, .actor = "li.wei", .note = "seen"};
            open_trial(&trial, "sensor", "noise", "v");
            memset(trial.moved.title, 'x', sizeof trial.moved.title);
            trial.file.state = (enum case_state)from;
            strcpy(command.move, moves[i].name);
            enum case_state to = allowed(moves[i].name, (enum case_state)from);
            if (to == CASE_none)
                check_refused(&trial, &command);
            else
                check_moved(&trial, &command, to);
            made += to != CASE_none && moves[i].from == (enum case_state)from;
            city_close(&trial.city);
        }
    }
    assert_int_equal(made, LENGTH(staff_moves));
    (void)state;
}

static void a_move_that_does_not_exist_is_refused(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "sensor", "noise", "v");
    check_refused(&trial, &(struct command){.move = "vanish", .actor = "li.wei"});
    check_refused(&trial, &(struct command){.move = "", .actor = "li.wei"});
    city_close(&trial.city);
    (void)state;
}

static void a_command_for_another_version_is_refused(void **state) {
    static const struct {
        uint64_t version;
        int status;
    } cases[] = {{0, 0}, {1, 0}, {2, -1}, {UINT64_C(1) << 32 | 1, -1}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        struct command command = {.move = "sign", .actor = "li.wei", .version = cases[i].version};
        open_trial(&trial, "sensor", "noise", "v");
        struct case_file before = trial.file;
        assert_int_equal(command_case(&trial, &command, june(4, 11, 0)), cases[i].status);
        if (cases[i].status != 0) {
            assert_string_equal(trial.why.field, "version");
            assert_memory_equal(&trial.file, &before, sizeof before);
        }
        city_close(&trial.city);
    }
    (void)state;
}

static void a_command_whose_item_has_vanished_leaves_the_file_as_it_was(void **state) {
    struct trial trial = {0};
    struct command accept = {.move = "accept", .actor = "li.wei"}, close = {.move = "close", .actor = "li.wei"};
    open_trial(&trial, "hotline", "noise", "v");
    strcpy(trial.file.item, "gone");
    struct case_file before = trial.file;
    assert_int_equal(command_case(&trial, &accept, june(4, 11, 0)), -1);
    assert_string_equal(trial.why.field, "item");
    assert_memory_equal(&trial.file, &before, sizeof before);
    trial.file.state = CASE_dispatched; /* what starts no clock needs no item */
    assert_int_equal(command_case(&trial, &close, june(4, 11, 0)), 0);
    assert_int_equal(trial.file.due_at, 0);
    city_close(&trial.city);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_case_opens_by_its_channel_with_severity_unit_and_due, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_opening_entry_holds_the_file_and_the_facts_of_the_report, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_report_that_the_city_cannot_place_is_refused_with_the_field, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(every_pair_of_state_and_move_is_made_or_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_move_that_does_not_exist_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_command_for_another_version_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_command_whose_item_has_vanished_leaves_the_file_as_it_was, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
