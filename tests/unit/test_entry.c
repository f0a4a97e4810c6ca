#include "common/entry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/guard.h"
#include "tests/unit/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void the_case_is_found_wherever_it_stands_and_however_wide_it_is(void **state) {
    static const struct {
        const char *notation;
        uint64_t id;
    } cases[] = {
        {"82 a1 't' a1 'x' a4 'case' 07", 7},
        {"82 a1 't' a1 'x' a4 'case' cc ff", 255},
        {"82 a1 't' a1 'x' a4 'case' cd 01 02", 258},
        {"82 a1 't' a1 'x' a4 'case' ce 01 02 03 04", 16909060},
        {"82 a1 't' a1 'x' a4 'case' cf 01 02 03 04 05 06 07 08", UINT64_C(72623859790382856)},
        {"83 a1 't' a1 'x' a1 'n' d1 ff 7f a4 'case' 7f", 127},
        {"83 a1 't' a1 'x' a1 'n' 93 01 02 a4 'case' a4 'case' 09", 9}, /* not what lies inside another value */
        {"83 a1 't' a1 'x' a1 'm' 81 a4 'case' 05 a4 'case' 06", 6},
        {"82 a1 't' a4 'case' a4 'case' 08", 8}, /* a value that reads so is no key */
        {"de 00 02 a1 't' a1 'x' a4 'case' 03", 3},
        {"81 a4 'case' 01", 1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes bytes = bytes_of(cases[i].notation);
        assert_int_equal(guard_object_size(bytes.data, bytes.size), bytes.size);
        assert_true(entry_case(bytes.data, bytes.size) == cases[i].id);
        bytes_close(&bytes);
    }
}

static void an_entry_without_a_case_has_none(void **state) {
    static const char *const notations[] = {
        "81 a1 't' a4 'head'",
        "80",
        "90",
        "c0",
        "92 a4 'case' 07",
        "a4 'case'",
        "",
        "81 a4 'Case' 07",
        "81 a5 'cases' 07",
        "81 a3 'cas' 07",
        "81 a4 'case' ff",     /* negative */
        "81 a4 'case' a1 '7'", /* text */
        "81 a4 'case' c0",
        "81 a4 'case' c3",
        "81 a4 'case' cb 40 1c 00 00 00 00 00 00", /* 7.0 */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(notations); i++) {
        struct bytes bytes = bytes_of(notations[i]);
        assert_int_equal(entry_case(bytes.data, bytes.size), 0);
        bytes_close(&bytes);
    }
}

static void an_entry_that_is_cut_short_is_not_read_past_its_end(void **state) {
    struct bytes whole = bytes_of("83 a1 't' a1 'x' a1 'n' 93 01 02 a1 'y' a4 'case' cf 01 02 03 04 05 06 07 08");
    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *cut = malloc(size ? size : 1); /* exact, so that ASan sees a read past the end */
        memcpy(cut, whole.data, size);
        assert_int_equal(entry_case(cut, size), 0);
        free(cut);
    }
    bytes_close(&whole);
}

static void every_entry_that_we_write_names_its_case(void **state) {
    struct report_received report = {
        .case_id = 300, .at = 1, .channel = "c", .item = "i", .area = "a", .lat = NAN, .lon = 1};
    struct case_moved moved = {.case_id = 1u << 20,
                               .version = 1,
                               .at = 1,
                               .move = "open",
                               .from = "none",
                               .state = "dispatched",
                               .tier = 1,
                               .unit = "u",
                               .severity = "blue",
                               .actor = "x",
                               .channel = "c",
                               .item = "i",
                               .area = "a",
                               .lat = NAN,
                               .lon = NAN};
    struct deadline_passed passed = {.case_id = INT64_MAX, .at = 1, .version = 1, .tier = 1, .due_at = 1};
    struct bytes bytes = {0};
    (void)state;
    size_t size = message_encode(MESSAGE_report_received, &report, &bytes);
    assert_int_equal(entry_case(bytes.data, size), 300);
    size_t next = message_encode(MESSAGE_case_moved, &moved, &bytes);
    assert_int_equal(entry_case(bytes.data + size, next), 1u << 20);
    size_t last = message_encode(MESSAGE_deadline_passed, &passed, &bytes);
    assert_int_equal(entry_case(bytes.data + size + next, last), INT64_MAX);
    bytes_close(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_case_is_found_wherever_it_stands_and_however_wide_it_is),
        cmocka_unit_test(an_entry_without_a_case_has_none),
        cmocka_unit_test(an_entry_that_is_cut_short_is_not_read_past_its_end),
        cmocka_unit_test(every_entry_that_we_write_names_its_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
