/* What a move adds to what is kept of a case's report. */
#include "services/routing/case_supplement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void answers_and_a_reporters_file_are_kept(void **state) {
    static const struct {
        const char *move, *actor, *role, *attributes, *file;
        bool added;
        const char *kept_attributes, *kept_files, *missing;
    } cases[] = {
        {"note", "reporter 7", "citizen", "{\"b\":\"2\"}", "", true, "{\"a\":\"1\",\"b\":\"2\"}", "", "files"},
        {"answer", "reporter 7", "citizen", "{\"a\":\"2\"}", "", true, "{\"a\":\"2\"}", "", "files attribute.b"},
        {"note", "reporter 8", "citizen", "{\"a\":\"2\",\"b\":\"2\"}", "", true, "{\"a\":\"1\",\"b\":\"2\"}", "",
         "files"}, /* of a case that was merged into this one */
        {"answer", "hall", "dispatcher", "{\"a\":\"2\"}", "", true, "{\"a\":\"2\"}", "", "files attribute.b"},
        {"attach", "reporter 7", "citizen", "", HASH " image/jpeg 5 a.jpg", true, "{\"a\":\"1\"}", HASH, "attribute.b"},
        {"attach", "mill", "village_desk", "", HASH " image/jpeg 5 a.jpg", false, "{\"a\":\"1\"}", "",
         "files attribute.b"},
        {"note", "reporter 7", "citizen", "", "", false, "{\"a\":\"1\"}", "", "files attribute.b"},
        {"note", "reporter 7", "citizen", "broken", "", false, "{\"a\":\"1\"}", "", "files attribute.b"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct report_kept kept = {.attributes = "{\"a\":\"1\"}", .missing = "files attribute.b"};
        struct command command = {.case_id = 7};
        strcpy(command.move, cases[i].move);
        strcpy(command.actor, cases[i].actor);
        strcpy(command.role, cases[i].role);
        strcpy(command.attributes, cases[i].attributes);
        strcpy(command.file, cases[i].file);
        assert_int_equal(case_supplement(&command, &kept), cases[i].added);
        assert_string_equal(kept.attributes, cases[i].kept_attributes);
        assert_string_equal(kept.files, cases[i].kept_files);
        assert_string_equal(kept.missing, cases[i].missing);
    }
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_and_a_reporters_file_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
