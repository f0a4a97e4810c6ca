#include "proto/codec.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/unit/notation.h"

/* Room for any message's struct; the union gives it the alignment. */
union any {
    struct submit submit;
    struct case_moved case_moved;
    struct report_received report_received;
    uint8_t bytes[sizeof(struct case_moved)];
};

/* ---- golden bytes, derived by hand from the msgpack specification ------------------------------------- */

static void check_golden(enum message number, const void *value, const char *notation) {
    struct bytes golden = bytes_of(notation);
    struct bytes encoded = {0};
    assert_int_equal(message_encode(number, value, &encoded), golden.size);
    assert_memory_equal(encoded.data, golden.data, golden.size);
    union any again;
    struct reason why;
    assert_int_equal(message_decode(number, golden.data, golden.size, &again, &why), 0);
    bytes_close(&golden);
    bytes_close(&encoded);
}

static void the_bytes_of_each_type_of_field_are_golden(void **state) {
    (void)state;
    check_golden(MESSAGE_head, &(struct head){.seq = 0}, "81 a1 't' a4 'head'");
    check_golden(MESSAGE_lag, &(struct lag){.behind_ms = 0}, "82 a1 't' a3 'lag' a9 'behind_ms' 00");
    check_golden(MESSAGE_follow, &(struct follow){.stream = "works-north", .from = 42, .credit = 1000},
                 "84 a1 't' a6 'follow' a6 'stream' ab 'works-north' a4 'from' 2a a6 'credit' cd 03 e8");
    check_golden(MESSAGE_accepted, &(struct accepted){.key = "k", .case_id = 300, .repeated = true},
                 "84 a1 't' a8 'accepted' a3 'key' a1 'k' a4 'case' cd 01 2c a8 'repeated' c3");
    check_golden(MESSAGE_deadline_passed,
                 &(struct deadline_passed){.case_id = UINT64_MAX, .at = -1, .version = 127, .tier = 4, .due_at = -129},
                 "86 a1 't' af 'deadline_passed' a4 'case' cf ff ff ff ff ff ff ff ff a2 'at' ff"
                 " a7 'version' 7f a4 'tier' 04 a6 'due_at' d1 ff 7f");
    check_golden(MESSAGE_submit,
                 &(struct submit){.key = "1",
                                  .channel = "minqing",
                                  .item = "road",
                                  .area = "411102",
                                  .lat = 33.5,
                                  .lon = NAN,
                                  .title = "\xe7\x9b\xb4"},
                 "87 a1 't' a6 'submit' a3 'key' a1 '1' a7 'channel' a7 'minqing' a4 'item' a4 'road'"
                 " a4 'area' a6 '411102' a3 'lat' cb 40 40 c0 00 00 00 00 00 a5 'title' a3 e7 9b b4");
}

static void a_text_past_31_bytes_has_a_str8_head_and_chinese_counts_in_bytes(void **state) {
    (void)state;
    check_golden(MESSAGE_refused, &(struct refused){.reason = "\xe7\x9b\xb4\xe9\x80\x9a-6789012345678901234567890"},
                 "82 a1 't' a7 'refused' a6 'reason' d9 20 e7 9b b4 e9 80 9a '-6789012345678901234567890'");
}

/* ---- round trips ---------------------------------------------------------------------------------------- */

static void *member_of(void *value, const struct field_spec *field) {
    return (char *)value + field->offset;
}

enum filling { AT_THE_TOP, AT_THE_BOTTOM };

static void fill_member(const struct field_spec *field, void *member, enum filling filling) {
    switch (field->type) {
    case FIELD_TEXT: /* three-byte characters as far as they fit, filled up with ASCII */
        memset(member, 'x', field->limit);
        for (size_t at = 0; filling == AT_THE_TOP && at + 3 <= field->limit; at += 3)
            memcpy((char *)member + at, "\xe7\x9b\xb4", 3);
        ((char *)member)[field->limit] = '\0';
        return;
    case FIELD_U64:
        memcpy(member, &(uint64_t){filling == AT_THE_TOP ? UINT64_MAX : 1}, 8);
        return;
    case FIELD_I64:
        memcpy(member, &(int64_t){filling == AT_THE_TOP ? INT64_MAX : INT64_MIN}, 8);
        return;
    case FIELD_F64:
        memcpy(member, &(double){filling == AT_THE_TOP ? DBL_MAX : -DBL_TRUE_MIN}, 8);
        return;
    case FIELD_FLAG:
        *(bool *)member = filling == AT_THE_TOP;
        return;
    }
}

static bool same_member(const struct field_spec *field, const void *one, const void *other) {
    if (field->type == FIELD_TEXT)
        return strcmp(one, other) == 0;
    return memcmp(one, other, field->type == FIELD_FLAG ? sizeof(bool) : 8) == 0;
}

static void check_round_trip(const struct message_spec *spec, enum filling filling) {
    union any value, again;
    memset(&again, 0xaa, sizeof again);
    for (size_t i = 0; i < spec->field_count; i++)
        fill_member(&spec->fields[i], member_of(&value, &spec->fields[i]), filling);

    struct bytes bytes = {0};
    struct reason why;
    message_encode(spec->number, &value, &bytes);
    assert_int_equal(message_peek(bytes.data, bytes.size), spec->number);
    assert_int_equal(message_decode(spec->number, bytes.data, bytes.size, &again, &why), 0);
    for (size_t i = 0; i < spec->field_count; i++)
        if (!same_member(&spec->fields[i], member_of(&value, &spec->fields[i]), member_of(&again, &spec->fields[i])))
            fail_msg("%s.%s came back changed", spec->name, spec->fields[i].name);
    bytes_close(&bytes);
}

static void every_message_comes_back_with_every_field_at_its_limit(void **state) {
    (void)state;
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(specs[i].size <= sizeof(union any));
        check_round_trip(&specs[i], AT_THE_TOP);
        check_round_trip(&specs[i], AT_THE_BOTTOM);
    }
}

static void what_is_absent_reads_as_empty_zero_nan_and_false(void **state) {
    (void)state;
    struct bytes bytes = bytes_of("85 a1 't' a6 'submit' a3 'key' a1 'k' a7 'channel' a1 'c' a4 'item' a1 'i'"
                                  " a4 'area' a1 'a'");
    struct submit submit;
    struct reason why;
    memset(&submit, 0xaa, sizeof submit);
    assert_int_equal(message_decode(MESSAGE_submit, bytes.data, bytes.size, &submit, &why), 0);
    assert_string_equal(submit.description, "");
    assert_true(isnan(submit.lat) && isnan(submit.lon));
    bytes_close(&bytes);

    bytes = bytes_of("83 a1 't' a8 'accepted' a3 'key' a1 'k' a4 'case' 01");
    struct accepted accepted = {.repeated = true};
    assert_int_equal(message_decode(MESSAGE_accepted, bytes.data, bytes.size, &accepted, &why), 0);
    assert_false(accepted.repeated);
    bytes_close(&bytes);
}

/* ---- what other libraries may write ------------------------------------------------------------------- */

static void any_order_any_width_and_unknown_keys_are_read(void **state) {
    (void)state;
    static const char *const ways[] = {
        "84 a1 't' a6 'follow' a6 'credit' cd 03 e8 a4 'from' 2a a6 'stream' a1 's'",
        "84 a1 't' a6 'follow' a6 'stream' a1 's' a4 'from' d3 00 00 00 00 00 00 00 2a a6 'credit' ce 00 00 03 e8",
        "de 00 04 d9 01 't' da 00 06 'follow' a6 'stream' db 00 00 00 01 's' a4 'from' cc 2a a6 'credit' d1 03 e8",
        "86 a1 't' a6 'follow' a1 'x' 92 80 c4 01 00 a6 'stream' a1 's' a4 'from' 2a a6 'credit' cd 03 e8 a1 'x' c2",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct bytes bytes = bytes_of(ways[i]);
        struct follow follow;
        struct reason why;
        if (message_decode(MESSAGE_follow, bytes.data, bytes.size, &follow, &why))
            fail_msg("%s: %s: %s", ways[i], why.field, why.text);
        assert_string_equal(follow.stream, "s");
        assert_int_equal(follow.from, 42);
        assert_int_equal(follow.credit, 1000);
        bytes_close(&bytes);
    }
}

static void a_latitude_may_be_an_integer_or_a_float_32(void **state) {
    (void)state;
    static const struct {
        const char *written;
        double read;
    } ways[] = {
        {"21", 33}, {"e0", -32}, {"d0 df", -33}, {"ca 42 06 00 00", 33.5}, {"cb 40 40 c0 00 00 00 00 00", 33.5}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char notation[256];
        snprintf(
            notation, sizeof notation,
            "86 a1 't' a6 'submit' a3 'key' a1 'k' a7 'channel' a1 'c' a4 'item' a1 'i' a4 'area' a1 'a' a3 'lat' %s",
            ways[i].written);
        struct bytes bytes = bytes_of(notation);
        struct submit submit;
        struct reason why;
        assert_int_equal(message_decode(MESSAGE_submit, bytes.data, bytes.size, &submit, &why), 0);
        assert_true(submit.lat == ways[i].read);
        bytes_close(&bytes);
    }
}

static void peek_tells_the_message_or_none(void **state) {
    (void)state;
    static const struct {
        const char *notation;
        enum message number;
    } cases[] = {
        {"81 a1 't' a4 'head'", MESSAGE_head},
        {"82 a1 't' a4 'head'", MESSAGE_head},
        {"", MESSAGE_NONE},
        {"81 a1 't' a5 'heads'", MESSAGE_NONE},
        {"81 a1 't' a4 'hea'", MESSAGE_NONE},
        {"80", MESSAGE_NONE},
        {"81 a1 'u' a4 'head'", MESSAGE_NONE},
        {"81 a1 't' 05", MESSAGE_NONE},
        {"c1", MESSAGE_NONE},
        {"92 a1 't' a4 'head'", MESSAGE_NONE},
        {"81 a1 't' a0", MESSAGE_NONE},
        {"81", MESSAGE_NONE},
        {"df ff ff ff ff a1 't' a4 'head'", MESSAGE_head},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes bytes = bytes_of(cases[i].notation);
        assert_int_equal(message_peek(bytes.data, bytes.size), cases[i].number);
        bytes_close(&bytes);
    }
}

/* ---- our own bugs ----------------------------------------------------------------------------------------- */

static bool encoding_aborts(enum message number, const void *value) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct bytes bytes = {0};
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        message_encode(number, value, &bytes);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void what_nobody_could_read_is_refused_by_check_and_aborts_encode(void **state) {
    (void)state;
    struct reason why;
    struct refused refused = {.reason = ""};
    assert_int_equal(message_check(MESSAGE_refused, &refused, &why), -1);
    assert_string_equal(why.field, "reason");
    assert_true(encoding_aborts(MESSAGE_refused, &refused));

    refused = (struct refused){.field = "\xff", .reason = "r"};
    assert_int_equal(message_check(MESSAGE_refused, &refused, &why), -1);
    assert_string_equal(why.field, "field");
    assert_true(encoding_aborts(MESSAGE_refused, &refused));

    memset(refused.field, 'x', sizeof refused.field); /* no NUL */
    assert_true(encoding_aborts(MESSAGE_refused, &refused));

    struct submit submit = {.key = "k", .channel = "c", .item = "i", .area = "a", .lat = INFINITY, .lon = NAN};
    assert_int_equal(message_check(MESSAGE_submit, &submit, &why), -1);
    assert_string_equal(why.field, "lat");
    submit.lat = NAN;
    assert_int_equal(message_check(MESSAGE_submit, &submit, &why), 0);
}

static void a_reason_is_clean_text_whatever_it_quotes(void **state) {
    (void)state;
    struct reason why;
    assert_int_equal(refuse(&why, "a\nb\x01", "got \xff\xe7\x9b\xb4\x80"), -1);
    assert_string_equal(why.field, "a\nb?");
    assert_string_equal(why.text, "got ?\xe7\x9b\xb4?");

    char chinese[300 * 3 + 1] = "";
    for (int i = 0; i < 300; i++)
        memcpy(chinese + 3 * i, "\xe7\x9b\xb4", 4);
    for (int shift = 0; shift < 3; shift++) {
        assert_int_equal(refuse(&why, "", "%.*s%s", shift, "xx", chinese), -1);
        size_t size = strlen(why.text);
        assert_true(size > REASON_TEXT_MAX - 3);
        assert_int_equal(text_clean(why.text, size), size);
        assert_null(strchr(why.text, '?'));
    }
    assert_int_equal(refuse(NULL, "field", "text"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_each_type_of_field_are_golden),
        cmocka_unit_test(a_text_past_31_bytes_has_a_str8_head_and_chinese_counts_in_bytes),
        cmocka_unit_test(every_message_comes_back_with_every_field_at_its_limit),
        cmocka_unit_test(what_is_absent_reads_as_empty_zero_nan_and_false),
        cmocka_unit_test(any_order_any_width_and_unknown_keys_are_read),
        cmocka_unit_test(a_latitude_may_be_an_integer_or_a_float_32),
        cmocka_unit_test(peek_tells_the_message_or_none),
        cmocka_unit_test(what_nobody_could_read_is_refused_by_check_and_aborts_encode),
        cmocka_unit_test(a_reason_is_clean_text_whatever_it_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
