/* Everything that message_decode refuses, one line each, with the field that the reason names. */
#include "proto/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/unit/notation.h"

struct refusal {
    const char *notation; /* of the whole message, or of what stands where %s is */
    const char *field;
    const char *text; /* part of the reason */
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Big enough for every message's struct that is decoded here. */
static struct case_moved value;

static void check_refused(enum message number, const char *notation, const struct refusal *refusal) {
    struct bytes bytes = bytes_of(notation);
    struct reason why = {0};
    assert_true(message_spec(number)->size <= sizeof value);
    if (message_decode(number, bytes.data, bytes.size, &value, &why) == 0)
        fail_msg("was read: %s", notation);
    if (strcmp(why.field, refusal->field) != 0 || !strstr(why.text, refusal->text))
        fail_msg("%s\nwas refused with %s: %s", notation, why.field, why.text);
    assert_int_equal(text_clean(why.text, strlen(why.text)), strlen(why.text));
    bytes_close(&bytes);
}

/* Puts each line's notation in place of %s in `frame`. */
static void check_all(enum message number, const char *frame, const struct refusal *refusals, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char notation[1024];
        const char *hole = strstr(frame, "%s");
        assert_non_null(hole);
        snprintf(notation, sizeof notation, "%.*s%s%s", (int)(hole - frame), frame, refusals[i].notation, hole + 2);
        check_refused(number, notation, &refusals[i]);
    }
}

static void what_is_not_one_msgpack_object_is_refused(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"", "head", "whole msgpack object"},
        {"c1", "head", "whole msgpack object"},
        {"81 a1 't' a4 'hea'", "head", "whole msgpack object"},
        {"df ff ff ff ff a1 't' a4 'head'", "head", "whole msgpack object"},
        {"82 a1 't' a4 'head' a1 'x' c7 00 01", "head", "whole msgpack object"},
        {"82 a1 't' a4 'head' a1 'x' 91 91 91 91 91 91 91 91 01", "head", "whole msgpack object"},
        {"81 a1 't' a4 'head' 00", "head", "1 bytes follow"},
        {"81 a1 't' a4 'head' 81 a1 't' a4 'head'", "head", "8 bytes follow"},
    };
    check_all(MESSAGE_head, "%s", refusals, COUNT(refusals));
}

static void what_is_another_message_is_refused(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"c0", "t", "first key"},
        {"80", "t", "first key"},
        {"92 a1 't' a4 'head'", "t", "first key"},
        {"82 a3 'seq' 01 a1 't' a4 'head'", "t", "first key"},
        {"81 a1 't' 05", "t", "first key"},
        {"81 c4 01 't' a4 'head'", "t", "first key"},
        {"81 a1 't' a3 'lag'", "t", "must be head here, not lag"},
        {"81 a1 't' a4 'HEAD'", "t", "an unknown message"},
        {"81 a1 't' a4 ff ff ff ff", "t", "an unknown message"},
    };
    check_all(MESSAGE_head, "%s", refusals, COUNT(refusals));
}

static void a_key_that_is_no_text_or_stands_twice_is_refused(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"01 01", "head", "keys must be texts"},
        {"91 01 01", "head", "keys must be texts"},
        {"a3 'seq' 02", "seq", "stands twice"},
    };
    check_all(MESSAGE_head, "83 a1 't' a4 'head' a3 'seq' 01 %s", refusals, COUNT(refusals));
}

static void a_missing_needed_field_is_refused(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"82 a1 't' a6 'follow' a6 'stream' a1 's'", "from", "is missing"},
        {"83 a1 't' a6 'follow' a6 'credit' 01 a4 'from' 01", "stream", "is missing"},
        {"84 a1 't' a6 'follow' a6 'stream' a1 's' a4 'from' 01 a6 'Credit' 01", "credit", "is missing"},
        {"84 a1 't' a6 'follow' a6 'stream' a0 a4 'from' 01 a6 'credit' 01", "stream", "must not be empty"},
    };
    check_all(MESSAGE_follow, "%s", refusals, COUNT(refusals));
}

static void a_wrong_type_or_range_is_refused(void **state) {
    (void)state;
    static const struct refusal numbers[] = {
        {"ff", "case", "integer of 0 or more"}, {"a1 '1'", "case", "integer of 0 or more"},
        {"c0", "case", "integer of 0 or more"}, {"cb 3f f0 00 00 00 00 00 00", "case", "integer of 0 or more"},
        {"c3", "case", "integer of 0 or more"},
    };
    check_all(MESSAGE_accepted, "83 a1 't' a8 'accepted' a3 'key' a1 'k' a4 'case' %s", numbers, COUNT(numbers));

    static const struct refusal instants[] = {
        {"cf 80 00 00 00 00 00 00 00", "at", "larger than"},
        {"a1 '1'", "at", "must be an integer"},
        {"ca 00 00 00 00", "at", "must be an integer"},
        {"90", "at", "must be an integer"},
    };
    check_all(MESSAGE_deadline_passed,
              "86 a1 't' af 'deadline_passed' a4 'case' 01 a2 'at' %s a7 'version' 01 a4 'tier' 01 a6 'due_at' 01",
              instants, COUNT(instants));

    static const struct refusal flags[] = {
        {"01", "repeated", "true or false"},
        {"c0", "repeated", "true or false"},
        {"a4 'true'", "repeated", "true or false"},
    };
    check_all(MESSAGE_accepted, "84 a1 't' a8 'accepted' a3 'key' a1 'k' a4 'case' 01 a8 'repeated' %s", flags,
              COUNT(flags));

    static const struct refusal reals[] = {
        {"cb 7f f8 00 00 00 00 00 00", "lat", "finite"}, /* NaN */
        {"cb 7f f0 00 00 00 00 00 00", "lat", "finite"}, /* infinity */
        {"ca ff 80 00 00", "lat", "finite"},
        {"a2 '33'", "lat", "must be a number"},
        {"c0", "lat", "must be a number"},
    };
    check_all(MESSAGE_submit,
              "86 a1 't' a6 'submit' a3 'key' a1 'k' a7 'channel' a1 'c' a4 'item' a1 'i' a4 'area' a1 'a' a3 'lat' %s",
              reals, COUNT(reals));
}

static void a_text_that_is_no_clean_text_is_refused(void **state) {
    (void)state;
    static const struct refusal texts[] = {
        {"01", "stream", "must be a text"},
        {"c4 01 'x'", "stream", "must be a text"},
        {"c0", "stream", "must be a text"},
        {"d9 31 'a234567890123456789012345678901234567890123456789'", "stream", "longer than 48 bytes"},
        {"a1 00", "stream", "byte 1 is"},
        {"a3 'a' 00 'b'", "stream", "byte 2 is"},
        {"a1 0d", "stream", "byte 1 is"},
        {"a1 1b", "stream", "byte 1 is"},
        {"a1 7f", "stream", "byte 1 is"},
        {"a2 c2 80", "stream", "byte 1 is"},
        {"a2 c2 9f", "stream", "byte 1 is"}, /* a control character past ASCII */
        {"ac '12345678' e7 9b b4 80", "stream", "byte 12 is"},
        {"aa '1234567' 1f '89'", "stream", "byte 8 is"}, /* within eight bytes that are read at once */
        {"a8 '1234567' 7f", "stream", "byte 8 is"},
        {"a2 c0 80", "stream", "byte 1 is"},       /* overlong NUL */
        {"a3 e0 80 af", "stream", "byte 1 is"},    /* overlong */
        {"a4 f0 80 80 80", "stream", "byte 1 is"}, /* overlong */
        {"a3 ed a0 80", "stream", "byte 1 is"},    /* surrogate */
        {"a4 f4 90 80 80", "stream", "byte 1 is"}, /* past U+10FFFF */
        {"a1 f5", "stream", "byte 1 is"},
        {"a2 e7 9b", "stream", "byte 1 is"}, /* cut; the next byte belongs to the next key */
        {"a3 f0 9f 98", "stream", "byte 1 is"},
        {"a1 c3", "stream", "byte 1 is"},
    };
    check_all(MESSAGE_unfollow, "82 a1 't' a8 'unfollow' a6 'stream' %s", texts, COUNT(texts));
}

static void tab_newline_and_the_borders_of_utf_8_are_clean(void **state) {
    (void)state;
    static const char *const texts[] = {"\t\n ~",           "\xc2\xa0",         "\xdf\xbf",     "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",     "\xee\x80\x80",     "\xef\xbf\xbf", "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf", "12345678\n2345678"};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(text_clean(texts[i], strlen(texts[i])), strlen(texts[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_one_msgpack_object_is_refused),
        cmocka_unit_test(what_is_another_message_is_refused),
        cmocka_unit_test(a_key_that_is_no_text_or_stands_twice_is_refused),
        cmocka_unit_test(a_missing_needed_field_is_refused),
        cmocka_unit_test(a_wrong_type_or_range_is_refused),
        cmocka_unit_test(a_text_that_is_no_clean_text_is_refused),
        cmocka_unit_test(tab_newline_and_the_borders_of_utf_8_are_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
