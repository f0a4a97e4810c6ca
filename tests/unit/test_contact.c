#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/contact.h"

static void equal_contacts_are_equal_texts(void **state) {
    static const struct {
        const char *kind, *text, *normal;
    } examples[] = {
        {"phone", "+86 (395) 123-4567", "+863951234567"},
        {"phone", "110", "110"},
        {"email", "Li.Wei@Example.ORG", "li.wei@example.org"},
        {"address", "192.0.2.7", "192.0.2.7"},
        {"address", "::ffff:192.0.2.7", "192.0.2.7"},
        {"address", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"address", "2001:DB8:1:2::ffff", "2001:db8:1:2::"},
        {"address", "unknown", "unknown"},
        {"source", "A-b (c)", "A-b (c)"},
    };
    char normal[CONTACT_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        contact_normal(examples[i].kind, examples[i].text, normal);
        assert_string_equal(normal, examples[i].normal);
    }
}

static void what_is_too_long_is_cut(void **state) {
    char text[1000], normal[CONTACT_BYTES_MAX + 1];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    contact_normal("email", text, normal);
    assert_int_equal(strlen(normal), CONTACT_BYTES_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_contacts_are_equal_texts),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
