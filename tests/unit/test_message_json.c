#include "common/message_json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

union any {
    struct submit submit;
    struct command command;
    struct lag lag;
    struct accepted accepted;
    struct deadline_passed deadline_passed;
    struct case_moved case_moved;
};

static int read_json(enum message number, const char *text, union any *value, struct reason *why) {
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    int status = message_from_json(number, json, value, why);
    json_decref(json);
    return status;
}

static void an_object_becomes_its_message(void **state) {
    union any value;
    struct reason why;
    (void)state;
    memset(&value, 'x', sizeof value);
    assert_int_equal(read_json(MESSAGE_submit,
                               "{\"key\": \"k\", \"channel\": \"hotline\", \"item\": \"noise\", \"area\": \"v\","
                               " \"lat\": 33.5, \"long\": 114, \"title\": \"\\u76f4\\u901a\"}",
                               &value, &why),
                     0);
    assert_string_equal(value.submit.key, "k");
    assert_string_equal(value.submit.channel, "hotline");
    assert_string_equal(value.submit.title, "\xe7\x9b\xb4\xe9\x80\x9a");
    assert_string_equal(value.submit.description, "");
    assert_true(value.submit.lat == 33.5 && value.submit.lon == 114);
}

static void what_is_absent_or_null_reads_as_on_the_wire(void **state) {
    union any value;
    struct reason why;
    (void)state;
    memset(&value, 'x', sizeof value);
    assert_int_equal(read_json(MESSAGE_submit,
                               "{\"key\": \"k\", \"channel\": \"c\", \"item\": \"i\", \"area\": \"a\", \"lat\": null,"
                               " \"title\": null}",
                               &value, &why),
                     0);
    assert_true(isnan(value.submit.lat) && isnan(value.submit.lon));
    assert_string_equal(value.submit.title, "");
    memset(&value, 'x', sizeof value);
    assert_int_equal(read_json(MESSAGE_accepted, "{\"key\": \"k\", \"case\": 300}", &value, &why), 0);
    assert_int_equal(value.accepted.case_id, 300);
    assert_false(value.accepted.repeated);
    memset(&value, 'x', sizeof value);
    assert_int_equal(read_json(MESSAGE_command, "{\"key\": \"k\", \"case\": 1, \"move\": \"sign\", \"actor\": \"li\"}",
                               &value, &why),
                     0);
    assert_int_equal(value.command.version, 0);
}

static void what_is_wrong_is_refused_with_its_field(void **state) {
#define REST "\"channel\": \"c\", \"item\": \"i\", \"area\": \"a\""
#define GOOD "\"key\": \"k\", " REST
    static const struct {
        enum message number;
        const char *text, *field;
    } cases[] = {
        {MESSAGE_submit, "[]", ""},
        {MESSAGE_submit, "null", ""},
        {MESSAGE_submit, "\"submit\"", ""},
        {MESSAGE_submit, "{" GOOD ", \"colour\": 1}", "colour"},
        {MESSAGE_submit, "{" GOOD ", \"lon\": 1}", "lon"}, /* the field's name is long */
        {MESSAGE_submit, "{" GOOD ", \"t\": \"submit\"}", "t"},
        {MESSAGE_submit, "{" REST "}", "key"},
        {MESSAGE_submit, "{\"key\": \"\", " REST "}", "key"},
        {MESSAGE_submit, "{\"key\": null, " REST "}", "key"},
        {MESSAGE_submit, "{\"key\": 7, " REST "}", "key"},
        {MESSAGE_submit, "{\"key\": [\"k\"], " REST "}", "key"},
        {MESSAGE_submit, "{" GOOD ", \"lat\": \"33.5\"}", "lat"},
        {MESSAGE_submit, "{" GOOD ", \"long\": true}", "long"},
        {MESSAGE_submit, "{" GOOD ", \"title\": \"a\\u0000b\"}", "title"},
        {MESSAGE_submit, "{" GOOD ", \"title\": \"a\\u0001b\"}", "title"},
        {MESSAGE_submit, "{" GOOD ", \"title\": \"a\\u009fb\"}", "title"},
        {MESSAGE_lag, "{\"behind_ms\": -1}", "behind_ms"},
        {MESSAGE_lag, "{\"behind_ms\": 1.0}", "behind_ms"},
        {MESSAGE_lag, "{\"behind_ms\": \"1\"}", "behind_ms"},
        {MESSAGE_accepted, "{\"key\": \"k\", \"case\": 1, \"repeated\": 1}", "repeated"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        union any value;
        struct reason why = {.field = "none"};
        if (read_json(cases[i].number, cases[i].text, &value, &why) != -1)
            fail_msg("%s is taken", cases[i].text);
        assert_string_equal(why.field, cases[i].field);
        assert_true(why.text[0] != '\0');
    }
}

static void a_text_may_have_its_limit_and_not_a_byte_more(void **state) {
    (void)state;
    for (size_t length = 63; length <= 66; length++) {
        char key[80] = "";
        union any value;
        struct reason why;
        memset(key, 'k', length);
        json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "key", key, "channel", "c", "item", "i", "area", "a");
        int status = message_from_json(MESSAGE_submit, json, &value, &why);
        assert_int_equal(status, length <= 64 ? 0 : -1);
        if (status == 0)
            assert_string_equal(value.submit.key, key);
        if (status != 0)
            assert_string_equal(why.field, "key");
        if (status != 0) /* refused before it is copied */
            assert_non_null(strstr(why.text, "at most 64"));
        json_decref(json);
    }
}

static void numbers_keep_every_bit(void **state) {
    union any value;
    struct reason why;
    (void)state;
    assert_int_equal(read_json(MESSAGE_deadline_passed,
                               "{\"case\": 9223372036854775807, \"at\": -9223372036854775808, \"version\": 1,"
                               " \"tier\": 4, \"due_at\": -1}",
                               &value, &why),
                     0);
    assert_true(value.deadline_passed.case_id == INT64_MAX);
    assert_true(value.deadline_passed.at == INT64_MIN);
    assert_true(value.deadline_passed.due_at == -1);
}

static void only_what_is_present_is_written(void **state) {
    struct submit submit = {.key = "k", .channel = "c", .item = "i", .area = "a", .lat = NAN, .lon = 0.5};
    json_t *json = message_to_json(MESSAGE_submit, &submit);
    json_t *expected = json_pack("{s:s, s:s, s:s, s:s, s:f}", "key", "k", "channel", "c", "item", "i", "area", "a",
                                 "long", 0.5);
    (void)state;
    assert_true(json_equal(json, expected));
    json_decref(json);
    json_decref(expected);
    json = message_to_json(MESSAGE_lag, &(struct lag){.behind_ms = 0});
    assert_int_equal(json_object_size(json), 0);
    json_decref(json);
}

static void a_message_that_is_written_and_read_is_the_same(void **state) {
    struct case_moved moved = {.case_id = 300,
                               .version = 2,
                               .at = 1764000000123,
                               .move = "sign",
                               .from = "dispatched",
                               .state = "handling",
                               .tier = 3,
                               .unit = "c-water",
                               .support = "a b",
                               .severity = "orange",
                               .due_at = -5,
                               .actor = "li",
                               .note = "\xe7\x9b\xb4\t1\n",
                               .channel = "c",
                               .item = "i",
                               .area = "a",
                               .lat = -33.123456789012345,
                               .lon = NAN};
    union any again;
    struct reason why;
    (void)state;
    memset(&again, 'x', sizeof again);
    json_t *json = message_to_json(MESSAGE_case_moved, &moved);
    char *text = json_dumps(json, JSON_REAL_PRECISION(17));
    assert_int_equal(read_json(MESSAGE_case_moved, text, &again, &why), 0);
    struct bytes before = {0}, after = {0};
    message_encode(MESSAGE_case_moved, &moved, &before);
    message_encode(MESSAGE_case_moved, &again.case_moved, &after);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    bytes_close(&before);
    bytes_close(&after);
    free(text);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_becomes_its_message),
        cmocka_unit_test(what_is_absent_or_null_reads_as_on_the_wire),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_field),
        cmocka_unit_test(a_text_may_have_its_limit_and_not_a_byte_more),
        cmocka_unit_test(numbers_keep_every_bit),
        cmocka_unit_test(only_what_is_present_is_written),
        cmocka_unit_test(a_message_that_is_written_and_read_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
