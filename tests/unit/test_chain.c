#include "common/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The hash of "abc" is the example of FIPS 180-2, appendix B.1. */
static void a_hash_is_the_standards_example(void **state) {
    static const uint8_t expected[CHAIN_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                                 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                                 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t hash[CHAIN_SIZE];
    (void)state;
    chain_hash((const uint8_t *)"abc", 3, hash);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void its_text_is_url_safe_and_unpadded(void **state) {
    uint8_t hash[CHAIN_SIZE];
    char text[CHAIN_TEXT + 1];
    (void)state;
    memset(hash, 0xff, sizeof hash);
    chain_text(hash, text);
    assert_string_equal(text, "__________________________________________8");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_the_standards_example),
        cmocka_unit_test(its_text_is_url_safe_and_unpadded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
