#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/c/zhitong_keys.h"
#include "common/endpoints.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define P "public 0123456789012345678901234567890123456789\n"
#define S "secret abcdefghijabcdefghijabcdefghijabcdefghij\n"
#define OTHER "public 9876543210987654321098765432109876543210\n"

/* A department's library and our own programs take the same files for the same keys. */
static void every_reader_of_a_key_file_says_the_same(void **state) {
    static const struct {
        const char *text;
        int both, public_alone;
        const char *public_key;
    } examples[] = {
        {P S, 0, 0, "0123456789012345678901234567890123456789"},
        {S "name x\n" P, 0, 0, "0123456789012345678901234567890123456789"},
        {P S OTHER, 0, 0, "9876543210987654321098765432109876543210"},
        {P, -1, 0, "0123456789012345678901234567890123456789"},
        {P P, -1, 0, "0123456789012345678901234567890123456789"}, /* two lines, and none of them a secret */
        {P "secret short\n", -1, 0, "0123456789012345678901234567890123456789"},
        {P "secret abcdefghijabcdefghijabcdefghijabcdefghijk\n", -1, 0, "0123456789012345678901234567890123456789"},
        {"a word more " P S, -1, -1, ""},
        {S, -1, -1, ""},
        {"", -1, -1, ""},
    };
    char path[] = "/tmp/zhitong_keys_XXXXXX";
    int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    for (size_t i = 0; i < LENGTH(examples); i++) {
        char public_key[ZHITONG_CURVE_KEY_SIZE], secret_key[ZHITONG_CURVE_KEY_SIZE], server_key[WIRE_KEY_SIZE];
        struct wire_keys keys;
        struct reason why;
        assert_int_equal(ftruncate(file, 0), 0);
        assert_int_equal(pwrite(file, examples[i].text, strlen(examples[i].text), 0), strlen(examples[i].text));
        assert_int_equal(wire_keys_read(&keys, path, &why), examples[i].both);
        assert_int_equal(zhitong_keys_read(path, public_key, secret_key), examples[i].both);
        if (examples[i].both == 0) {
            assert_string_equal(public_key, keys.public_key);
            assert_string_equal(secret_key, keys.secret_key);
        }
        assert_int_equal(server_key_read(server_key, path, &why), examples[i].public_alone);
        assert_int_equal(zhitong_keys_read(path, public_key, NULL), examples[i].public_alone);
        assert_string_equal(public_key, examples[i].public_key);
        if (examples[i].public_alone == 0)
            assert_string_equal(server_key, examples[i].public_key);
    }
    close(file);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_reader_of_a_key_file_says_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
