/* What is added to a report after it came. */
#include "common/report_more.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void answers_are_added_or_nothing_is_changed(void **state) {
    static const struct {
        const char *before, *said;
        bool replaces;
        int status;
        const char *after;
    } cases[] = {
        {"", "{\"a\":\"1\"}", true, 0, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "{\"b\":[\"x\"]}", true, 0, "{\"a\":\"1\",\"b\":[\"x\"]}"},
        {"{\"a\":\"1\"}", "{\"a\":\"2\"}", true, 0, "{\"a\":\"2\"}"},
        {"{\"a\":\"1\"}", "{\"a\":\"2\",\"b\":\"3\"}", false, 0, "{\"a\":\"1\",\"b\":\"3\"}"},
        {"{\"a\":\"1\"}", "{\"a\":\"\"}", true, 0, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "{\"a\":[]}", true, 0, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "{\"a\":[\"\"]}", true, 0, "{\"a\":\"1\"}"},
        {"", "{\"a\":\"\"}", true, 0, ""},
        {"{\"a\":\"1\"}", "{\"b\":\"0123456789012345678901234567890123456789\"}", true, -1, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "[]", true, -1, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "{", true, -1, "{\"a\":\"1\"}"},
        {"{\"a\":\"1\"}", "{\"b\":\"1\",\"b\":\"2\"}", true, -1, "{\"a\":\"1\"}"},
        {"broken", "{\"a\":\"1\"}", true, -1, "broken"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char answers[41];
        snprintf(answers, sizeof answers, "%s", cases[i].before);
        assert_int_equal(report_add_answers(answers, sizeof answers, cases[i].said, cases[i].replaces),
                         cases[i].status);
        assert_string_equal(answers, cases[i].after);
    }
    (void)state;
}

static void a_file_is_added_once(void **state) {
    static const struct {
        const char *before, *file;
        int status;
        const char *after;
    } cases[] = {
        {"", A, 0, A},
        {A, B " image/jpeg 5 yard.jpg", 0, A " " B},
        {A " " B, A, 0, A " " B},
        {A " " B, "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", -1, A " " B}, /* no room */
        {A, "x.jpg", -1, A},
        {A, B "b", -1, A},
        {A, B ".jpg", -1, A},
        {A, "", -1, A},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char files[64 + 1 + 64 + 1];
        snprintf(files, sizeof files, "%s", cases[i].before);
        assert_int_equal(report_add_file(files, sizeof files, cases[i].file), cases[i].status);
        assert_string_equal(files, cases[i].after);
    }
    (void)state;
}

static void words_are_a_line_more(void **state) {
    char text[10] = "";
    assert_int_equal(report_add_words(text, sizeof text, "one"), 0);
    assert_int_equal(report_add_words(text, sizeof text, "three"), 0);
    assert_string_equal(text, "one\nthree");
    assert_int_equal(report_add_words(text, sizeof text, "x"), -1);
    assert_string_equal(text, "one\nthree");
    (void)state;
}

static void what_was_said_is_not_missing_any_more(void **state) {
    static const struct {
        const char *before, *answers, *files, *after;
    } cases[] = {
        {"files attribute.a attribute.ab address", "{\"a\":\"1\"}", "", "files attribute.ab address"},
        {"files attribute.a", "{\"a\":[\"1\"]}", A, ""},
        {"attribute.a files", "", A, "attribute.a"},
        {"attribute.a", "{\"a\":\"\",\"b\":\"1\"}", "", "attribute.a"},
        {"", "{\"a\":\"1\"}", A, ""},
        {"attribute.a", "broken", "", "attribute.a"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char missing[64];
        snprintf(missing, sizeof missing, "%s", cases[i].before);
        report_fill_missing(missing, cases[i].answers, cases[i].files);
        assert_string_equal(missing, cases[i].after);
    }
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_added_or_nothing_is_changed),
                                       cmocka_unit_test(a_file_is_added_once), cmocka_unit_test(words_are_a_line_more),
                                       cmocka_unit_test(what_was_said_is_not_missing_any_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
