#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void a_case_opens_by_its_channel_with_severity_unit_and_due(void **state) {
    static const struct {
        const char *channel, *item, *area;
        const char *move, *state, *severity, *unit;
        uint8_t tier;
        int day, hour, minute; /* due in June */
    } cases[] = {
        /* the desk accepts, and has as long as the unit would have: one working day */
        {"hotline", "noise", "v", "report", "reported", "yellow", "v-desk", 1, 5, 10, 0},
        /* its channel accepts by itself and raises it: a day of the clock */
        {"sensor", "noise", "v", "open", "dispatched", "orange", "v-desk", 1, 5, 10, 0},
        /* a village without a centre: the township, three working days over a weekend */
        {"hotline", "noise", "w", "report", "reported", "yellow", "t-centre", 2, 9, 10, 0},
        /* a grid of a county with a water office: the item's own two hours */
        {"sensor", "leak", "g", "open", "dispatched", "orange", "c-water", 3, 4, 12, 0},
        /* no silence of the channel lowers what the item has */
        {"hotline", "leak", "g", "report", "reported", "orange", "c-water", 3, 4, 12, 0},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_case_opens_by_its_channel_with_severity_unit_and_due, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_opening_entry_holds_the_file_and_the_facts_of_the_report, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_report_that_the_city_cannot_place_is_refused_with_the_field, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
