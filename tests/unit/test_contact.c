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
        {"phone", "0086.395/1234567", "+863951234567"},
        {"phone", "110", "110"},
        {"email", "Li.Wei@Example.ORG", "li.wei@example.org"},
        {"address", "192.0.2.7", "192.0.2.7"},
        {"address", "::ffff:192.0.2.7", "192.0.2.7"},
        {"address", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"address", "2001:DB8:1:2::ffff", "2001:db8:1:2::"},
        {"source", "A-b (c)", "A-b (c)"},
    };
    char normal[CONTACT_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        assert_true(contact_normal(examples[i].kind, examples[i].text, normal));
        assert_string_equal(normal, examples[i].normal);
    }
}

static void what_is_no_contact_is_said_and_left_as_it_is(void **state) {
    static const struct {
        const char *kind, *text;
    } examples[] = {{"phone", "11"},
                    {"phone", "00 11"},
                    {"phone", "123456789012345678901"},
                    {"phone", "1380000111x"},
                    {"phone", "138+0000"},
                    {"email", "A@b"},
                    {"email", "A.b.c"},
                    {"address", "Unknown"},
                    {"address", "192.0.2.700"},
                    {"address", "192.0.2.0/24"},
                    {"phone", ""},
                    {"email", ""},
                    {"address", ""}};
    char normal[CONTACT_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        assert_false(contact_normal(examples[i].kind, examples[i].text, normal));
        assert_string_equal(normal, examples[i].text);
    }
}

static void every_kind_says_what_it_must_be(void **state) {
    (void)state;
    assert_string_equal(contact_form("phone"), "a telephone number of 3 to 20 digits, with + and separators at most");
    assert_string_equal(contact_form("email"), "an address like name@example.org");
    assert_string_equal(contact_form("address"), "an IPv4 or IPv6 address");
}

static void what_is_too_long_is_no_contact_and_cut(void **state) {
    char text[1000], normal[CONTACT_BYTES_MAX + 1];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "a@b.", 4);
    assert_false(contact_normal("email", text, normal));
    assert_int_equal(strlen(normal), CONTACT_BYTES_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_contacts_are_equal_texts),
        cmocka_unit_test(what_is_no_contact_is_said_and_left_as_it_is),
        cmocka_unit_test(every_kind_says_what_it_must_be),
        cmocka_unit_test(what_is_too_long_is_no_contact_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
