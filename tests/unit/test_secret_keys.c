#include "common/secret_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_B "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

static char path[] = "/tmp/zhitong-keyring.XXXXXX";

static int make_file(void **state) {
    (void)state;
    int handle = mkstemp(path);
    return handle < 0 ? -1 : close(handle);
}

static int drop_file(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static struct secret_keys *ring(const char *text) {
    struct secret_keys *keys = NULL;
    struct reason why;
    write_file(text, 0600);
    assert_int_equal(secret_keys_open(&keys, path, &why), 0);
    return keys;
}

static struct bytes text_bytes(const char *text) {
    return (struct bytes){.data = (uint8_t *)(uintptr_t)text, .size = strlen(text)};
}

static const struct secret_about here = {"reporter.sealed", "7"};

static void a_keyring_is_read_as_a_whole_or_refused(void **state) {
    static const struct {
        const char *text;
        mode_t mode;
        const char *says; /* NULL: it is good */
    } cases[] = {
        {"1 " KEY_A "\n", 0600, NULL},
        {"2 " KEY_B "\n1 " KEY_A "\n", 0640, NULL},
        {"# newest first\n\n  2   " KEY_B "\n", 0600, NULL},
        {"1 " KEY_A, 0600, NULL},
        {"1 " KEY_A "\n", 0604, "chmod"},
        {"1 " KEY_A "\n", 0660, "chmod"},
        {"", 0600, "holds no key"},
        {"# nothing\n", 0600, "holds no key"},
        {"0 " KEY_A "\n", 0600, "number"},
        {"-1 " KEY_A "\n", 0600, "number"},
        {"01 " KEY_A "\n", 0600, "number"},
        {"4294967296 " KEY_A "\n", 0600, "number"},
        {"one " KEY_A "\n", 0600, "number"},
        {"1\n", 0600, "ID KEY"},
        {"1 " KEY_A " rest\n", 0600, "ID KEY"},
        {"1 QUFB\n", 0600, "32 bytes"},
        {"1 " KEY_A "QUFB\n", 0600, "32 bytes"},
        {"1 %%%%\n", 0600, "32 bytes"},
        {"1 " KEY_A "\n1 " KEY_B "\n", 0600, "before"},
        {"1 " KEY_A "\n2 " KEY_A "\n", 0600, "before"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct secret_keys *keys = NULL;
        struct reason why = {0};
        write_file(cases[i].text, cases[i].mode);
        int status = secret_keys_open(&keys, path, &why);
        if ((status == 0) != (cases[i].says == NULL) ||
            (cases[i].says != NULL && (strstr(why.text, cases[i].says) == NULL || strstr(why.text, "QUFB") != NULL)))
            fail_msg("line %zu: %s", i, why.text);
        secret_keys_close(&keys);
    }
}

static void more_keys_than_fit_are_refused(void **state) {
    char text[2000] = "";
    struct secret_keys *keys = NULL;
    struct reason why;
    (void)state;
    for (int i = 1; i <= SECRET_KEYS_MAX + 1; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d %cUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n",
                 i, 'A' + i);
    write_file(text, 0600);
    assert_int_equal(secret_keys_open(&keys, path, &why), -1);
    assert_non_null(strstr(why.text, "too many"));
    *strrchr(text, '9') = '\0';
    write_file(text, 0600);
    assert_int_equal(secret_keys_open(&keys, path, &why), 0);
    assert_int_equal(secret_keys_count(keys), SECRET_KEYS_MAX);
    secret_keys_close(&keys);
}

static void what_was_sealed_opens_only_in_its_own_place_and_unchanged(void **state) {
    static const struct {
        struct secret_about about;
        int flip; /* this byte of the sealed text; -1: none */
        int cut;
        bool opens;
    } cases[] = {
        {{"reporter.sealed", "7"}, -1, 0, true},   {{"reporter.sealed", "8"}, -1, 0, false},
        {{"reporter.name", "7"}, -1, 0, false},    {{"reporter.sealed7", ""}, -1, 0, false},
        {{"reporter.sealed", "7"}, 3, 0, false},   {{"reporter.sealed", "7"}, 4, 0, false},
        {{"reporter.sealed", "7"}, 30, 0, false},  {{"reporter.sealed", "7"}, -1, 1, false},
        {{"reporter.sealed", "7"}, -1, 15, false}, /* shorter than the shortest */
    };
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    const struct bytes plain = text_bytes("Wang Fang, 13800001111");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes sealed = {0}, opened = {0};
        struct reason why;
        secret_seal(keys, &here, &plain, &sealed);
        assert_int_equal(sealed.size, plain.size + SECRET_SEAL_BYTES);
        assert_int_equal(secret_sealed_with(sealed.data, sealed.size), 1);
        if (cases[i].flip >= 0)
            sealed.data[cases[i].flip] ^= 1;
        sealed.size = cases[i].cut == 15 ? SECRET_SEAL_BYTES - 1 : sealed.size - (size_t)cases[i].cut;
        bool opens = secret_open(keys, &cases[i].about, &sealed, &opened, &why) == 0;
        if (opens != cases[i].opens ||
            (opens && (opened.size != plain.size || memcmp(opened.data, plain.data, plain.size) != 0)))
            fail_msg("line %zu", i);
        if (!opens)
            assert_int_equal(opened.size, 0);
        bytes_close(&sealed);
        bytes_close(&opened);
    }
    secret_keys_close(&keys);
}

static void the_same_text_is_sealed_differently_each_time(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    struct bytes one = {0}, other = {0};
    const struct bytes plain = text_bytes("13800001111");
    (void)state;
    secret_seal(keys, &here, &plain, &one);
    secret_seal(keys, &here, &plain, &other);
    assert_memory_not_equal(one.data + 4, other.data + 4, one.size - 4);
    bytes_close(&one);
    bytes_close(&other);
    secret_keys_close(&keys);
}

static void a_newer_key_seals_and_the_older_one_opens_until_its_line_is_gone(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    struct bytes old = {0}, new = {0}, opened = {0};
    const struct bytes plain = text_bytes("x");
    struct reason why;
    (void)state;
    secret_seal(keys, &here, &plain, &old);
    secret_keys_close(&keys);
    keys = ring("2 " KEY_B "\n1 " KEY_A "\n");
    secret_seal(keys, &here, &plain, &new);
    assert_int_equal(secret_sealed_with(new.data, new.size), 2);
    assert_int_equal(secret_open(keys, &here, &old, &opened, &why), 0);
    assert_int_equal(secret_open(keys, &here, &new, &opened, &why), 0);
    secret_keys_close(&keys);
    keys = ring("2 " KEY_B "\n");
    assert_int_equal(secret_open(keys, &here, &old, &opened, &why), -1);
    assert_non_null(strstr(why.text, "the key 1, which is not in the keyring"));
    bytes_close(&old);
    bytes_close(&new);
    bytes_close(&opened);
    secret_keys_close(&keys);
}

static void an_index_depends_on_text_kind_and_key_and_nothing_else(void **state) {
    struct secret_keys *keys = ring("2 " KEY_B "\n1 " KEY_A "\n");
    uint8_t first[SECRET_INDEX_BYTES], other[SECRET_INDEX_BYTES];
    static const struct {
        size_t nth;
        const char *kind, *text;
        bool same;
    } cases[] = {
        {0, "phone", "+8613800001111", true},  {0, "phone", "+8613800001112", false},
        {0, "email", "+8613800001111", false}, {1, "phone", "+8613800001111", false},
        {0, "phon", "e+8613800001111", false},
    };
    (void)state;
    secret_index(keys, 0, "phone", "+8613800001111", first);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        secret_index(keys, cases[i].nth, cases[i].kind, cases[i].text, other);
        if ((memcmp(first, other, sizeof first) == 0) != cases[i].same)
            fail_msg("line %zu", i);
    }
    secret_keys_close(&keys);
}

static void a_code_depends_on_number_purpose_and_key_and_is_no_index(void **state) {
    struct secret_keys *keys = ring("2 " KEY_B "\n1 " KEY_A "\n");
    uint8_t first[SECRET_CODE_BYTES], other[SECRET_CODE_BYTES];
    (void)state;
    secret_code(keys, 0, "receipt", 128, first);
    secret_code(keys, 0, "receipt", 128, other);
    assert_memory_equal(first, other, sizeof first);
    secret_code(keys, 0, "receipt", 129, other);
    assert_memory_not_equal(first, other, sizeof first);
    secret_code(keys, 0, "other", 128, other);
    assert_memory_not_equal(first, other, sizeof first);
    secret_code(keys, 1, "receipt", 128, other);
    assert_memory_not_equal(first, other, sizeof first);
    secret_index(keys, 0, "receipt", "\x80", other); /* the same bytes, but for the zeros */
    assert_memory_not_equal(first, other, sizeof first);
    secret_keys_close(&keys);
}

static void a_ring_that_was_replaced_is_read_again_unless_it_is_bad(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    struct reason why;
    (void)state;
    assert_int_equal(secret_keys_refresh(&keys, &why), 0);
    assert_int_equal(secret_keys_count(keys), 1);
    write_file("2 " KEY_B "\n1 " KEY_A "\n", 0600);
    assert_int_equal(secret_keys_refresh(&keys, &why), 0);
    assert_int_equal(secret_keys_id(keys, 0), 2);
    write_file("rubbish\n", 0600);
    assert_int_equal(secret_keys_refresh(&keys, &why), -1);
    assert_int_equal(secret_keys_id(keys, 0), 2);
    secret_keys_close(&keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_keyring_is_read_as_a_whole_or_refused),
        cmocka_unit_test(more_keys_than_fit_are_refused),
        cmocka_unit_test(what_was_sealed_opens_only_in_its_own_place_and_unchanged),
        cmocka_unit_test(the_same_text_is_sealed_differently_each_time),
        cmocka_unit_test(a_newer_key_seals_and_the_older_one_opens_until_its_line_is_gone),
        cmocka_unit_test(a_ring_that_was_replaced_is_read_again_unless_it_is_bad),
        cmocka_unit_test(an_index_depends_on_text_kind_and_key_and_nothing_else),
        cmocka_unit_test(a_code_depends_on_number_purpose_and_key_and_is_no_index),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
