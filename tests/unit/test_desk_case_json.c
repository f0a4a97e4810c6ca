#include "services/desk/case_json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/report_kept.h"

static struct case_moved moved(const char *move) {
    struct case_moved value = {
        .case_id = 9007199254740993, .version = 3, .at = 1000, .tier = 1, .lat = NAN, .lon = NAN};
    snprintf(value.move, sizeof value.move, "%s", move);
    strcpy(value.from, "dispatched");
    strcpy(value.state, "handling");
    strcpy(value.unit, "v");
    strcpy(value.severity, "blue");
    strcpy(value.actor, "li");
    strcpy(value.channel, "c");
    strcpy(value.item, "i");
    strcpy(value.area, "a");
    return value;
}

static const char *text_of(const json_t *json, const char *name) {
    return json_string_value(json_object_get(json, name));
}

static void an_entry_has_its_move_in_both_languages_and_its_id_as_a_text(void **state) {
    struct case_moved value = moved("sign");
    struct bytes bytes = {0};
    (void)state;
    message_encode(MESSAGE_case_moved, &value, &bytes);
    json_t *json = case_entry_json(bytes.data, bytes.size);
    assert_string_equal(text_of(json, "case"), "9007199254740993"); /* 2^53 + 1: no double holds it */
    assert_string_equal(text_of(json, "move_zh"), "签收");
    assert_non_null(text_of(json, "move_en"));
    assert_int_equal(json_integer_value(json_object_get(json, "version")), 3);
    json_decref(json);
    assert_null(case_entry_json(bytes.data, bytes.size - 1));
    bytes_close(&bytes);
}

static void a_file_is_read_from_its_attach_entry_and_from_no_other(void **state) {
    static const struct {
        const char *move, *file, *name; /* name NULL: no file */
    } cases[] = {
        {"attach", "abab image/jpeg 12 before the repair.jpg", "before the repair.jpg"},
        {"attach", "abab image/jpeg twelve x", NULL},
        {"attach", "", NULL},
        {"note", "abab image/jpeg 12 x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct case_moved value = moved(cases[i].move);
        struct bytes bytes = {0};
        snprintf(value.file, sizeof value.file, "%s", cases[i].file);
        message_encode(MESSAGE_case_moved, &value, &bytes);
        json_t *json = case_attached_json(bytes.data, bytes.size);
        assert_int_equal(json == NULL, cases[i].name == NULL);
        if (json != NULL)
            assert_string_equal(text_of(json, "name"), cases[i].name);
        json_decref(json);
        bytes_close(&bytes);
    }
}

static void facts_leave_out_what_is_not_known(void **state) {
    struct case_moved value = moved("open");
    struct bytes bytes = {0};
    (void)state;
    strcpy(value.title, "a lamp");
    message_encode(MESSAGE_case_moved, &value, &bytes);
    json_t *json = case_facts_json(bytes.data, bytes.size);
    assert_int_equal(json_object_size(json), 1);
    assert_string_equal(text_of(json, "title"), "a lamp");
    json_decref(json);
    json = case_facts_json((const uint8_t *)"", 0); /* opened before openings were kept */
    assert_int_equal(json_object_size(json), 0);
    json_decref(json);
    bytes_close(&bytes);
}

static void facts_are_told_from_what_is_kept_as_from_an_earlier_opening_entry(void **state) {
    (void)state;
    struct case_moved value = moved("open");
    strcpy(value.address, "5 Mill Lane");
    strcpy(value.attributes, "{\"depth\":\"5\"}");
    strcpy(value.likely, "12:60 140:55");
    value.lat = 33.5, value.lon = 114;
    struct report_kept kept = {0};
    report_kept_of(&value, &kept);
    struct bytes now = {0}, before = {0};
    message_encode(MESSAGE_report_kept, &kept, &now);
    message_encode(MESSAGE_case_moved, &value, &before);
    assert_true(now.size + 40 < before.size);
    json_t *json = case_facts_json(now.data, now.size), *old = case_facts_json(before.data, before.size);
    assert_string_equal(text_of(json_object_get(json, "attributes"), "depth"), "5");
    assert_int_equal(json_array_size(json_object_get(json, "likely")), 2);
    assert_true(json_equal(json, old));
    json_decref(json);
    json_decref(old);
    bytes_close(&now);
    bytes_close(&before);
}

static void a_move_says_what_it_needs(void **state) {
    (void)state;
    json_t *json = case_move_json(case_move("return", CASE_dispatched));
    assert_string_equal(text_of(json, "to"), "accepted");
    assert_int_equal(json_array_size(json_object_get(json, "needs")), 3);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_its_move_in_both_languages_and_its_id_as_a_text),
        cmocka_unit_test(a_file_is_read_from_its_attach_entry_and_from_no_other),
        cmocka_unit_test(facts_leave_out_what_is_not_known),
        cmocka_unit_test(facts_are_told_from_what_is_kept_as_from_an_earlier_opening_entry),
        cmocka_unit_test(a_move_says_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
