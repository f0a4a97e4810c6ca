#include "common/json_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void compare(json_t *take_json, const char *wanted) {
    char *text = json_dumps(take_json, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(take_json);
}

static void an_id_is_a_text_with_all_its_digits(void **state) {
    (void)state;
    compare(id_json(9007199254740993), "\"9007199254740993\"");
    compare(id_json(UINT64_MAX), "\"18446744073709551615\"");
}

static void codes_become_a_list(void **state) {
    (void)state;
    compare(codes_json(" a  bb "), "[\"a\",\"bb\"]");
    compare(codes_json(""), "[]");
}

static void a_text_that_says_nothing_is_left_out(void **state) {
    json_t *json = json_object();
    (void)state;
    json_add_text(json, "name", "Li");
    json_add_text(json, "phone", "");
    json_add_default(json, "name", "Wang");
    json_add_default(json, "email", "");
    json_add_default(json, "language", "zh");
    compare(json, "{\"name\":\"Li\",\"language\":\"zh\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_a_text_with_all_its_digits),
        cmocka_unit_test(codes_become_a_list),
        cmocka_unit_test(a_text_that_says_nothing_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
