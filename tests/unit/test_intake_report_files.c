#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/intake/report_files.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void the_field_is_hashes_with_one_blank_between(void **state) {
    static const struct {
        const char *text;
        int status;
    } examples[] = {
        {"", 0},           {A, 0},         {A " " A, 0},
        {" " A, -1},       {A " ", -1},    {A "  " A, -1},
        {A "," A, -1},     {A "\n" A, -1}, {A "0", -1},
        {A " " A "0", -1}, {"x" A, -1},    {"../" A, -1},
        {"0123", -1},      {" ", -1},      {"ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", -1},
    };
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (report_files_read(examples[i].text, &why) != examples[i].status)
            fail_msg("\"%s\"", examples[i].text);
        if (examples[i].status != 0)
            assert_string_equal(why.field, "files");
    }
}

static void a_report_has_at_most_ten(void **state) {
    char text[800] = A;
    struct reason why;
    (void)state;
    for (int i = 1; i < REPORT_FILES_MAX; i++)
        strcat(text, " " A);
    assert_int_equal(report_files_read(text, &why), 0);
    strcat(text, " " A);
    assert_int_equal(report_files_read(text, &why), -1);
    assert_string_equal(why.field, "files");
}

static void what_was_not_found_is_refused(void **state) {
    struct report_files of = {0};
    struct reason why;
    (void)state;
    report_files_begin(&of);
    assert_int_equal(report_files_load(&of, NULL), 0); /* nothing was asked: nothing is looked up */
    assert_int_equal(report_files_check(&of, "", &why), 0);
    assert_int_equal(report_files_check(&of, A, &why), -1);
    assert_string_equal(why.field, "files");
    report_files_ask(&of, "nonsense");
    assert_int_equal(of.asked.count, 0);
    report_files_ask(&of, A " " A);
    assert_int_equal(of.asked.count, 2);
    report_files_close(&of);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_is_hashes_with_one_blank_between),
        cmocka_unit_test(a_report_has_at_most_ten),
        cmocka_unit_test(what_was_not_found_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
