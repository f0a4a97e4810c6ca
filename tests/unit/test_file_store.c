#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file_store.h"

#define PATH_BYTES 400

static const struct setting table[] = {SETTINGS_OF_FILES};
static char folder[] = "/tmp/zhitong-store.XXXXXX";
static struct settings *settings;

static int read_settings(const char *name, const char *value, struct reason *why) {
    const struct setting_table tables[2] = {{table, sizeof table / sizeof table[0]}, {NULL, 0}};
    settings_close(&settings);
    setenv("ZHITONG_FILES_FOLDER", folder, 1);
    unsetenv("ZHITONG_FILES_S3_URL");
    setenv(name, value, 1);
    return settings_open(&settings, tables, why);
}

static struct file_store *open_store(void) {
    struct file_store *store;
    struct reason why;
    assert_int_equal(read_settings("ZHITONG_FILES_FOLDER", folder, &why), 0);
    if (file_store_open(&store, settings, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    return store;
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state) {
    char command[PATH_BYTES];
    (void)state;
    settings_close(&settings);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void make_old(const char *path) {
    const struct timespec times[2] = {{.tv_sec = time(NULL) - FILE_INCOMING_SECONDS_MAX - 10},
                                      {.tv_sec = time(NULL) - FILE_INCOMING_SECONDS_MAX - 10}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void what_is_put_lies_under_its_hash_and_can_be_got(void **state) {
    struct file_store *store = open_store();
    struct bytes bytes = {.data = (uint8_t *)"abc", .size = 3};
    char hash[FILE_HEX_BYTES + 1], path[PATH_BYTES], data[8] = "";
    struct reason why;
    int fd;
    size_t size;
    (void)state;
    file_hash(&bytes, hash); /* FIPS 180-4's example */
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(file_store_get(store, hash, &fd, &size, &why), 1);
    assert_int_equal(file_store_put(store, hash, &bytes, &why), 0);
    snprintf(path, sizeof path, "%s/ba/78/%s", folder, hash);
    assert_int_equal(access(path, R_OK), 0);
    assert_int_equal(file_store_get(store, hash, &fd, &size, &why), 0);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, data, sizeof data), 3);
    assert_string_equal(data, "abc");
    close(fd);
    file_store_close(&store);
    assert_null(store);
}

static void what_was_put_lately_is_not_removed(void **state) {
    struct file_store *store = open_store();
    struct bytes bytes = {.data = (uint8_t *)"abcd", .size = 4};
    char hash[FILE_HEX_BYTES + 1], path[PATH_BYTES];
    struct reason why;
    (void)state;
    file_hash(&bytes, hash);
    snprintf(path, sizeof path, "%s/%.2s/%.2s/%s", folder, hash, hash + 2, hash);
    assert_int_equal(file_store_put(store, hash, &bytes, &why), 0);
    make_old(path);
    assert_int_equal(file_store_put(store, hash, &bytes, &why), 0); /* the same again: it is new */
    assert_int_equal(file_store_remove(store, hash, &why), 0);
    assert_int_equal(access(path, R_OK), 0);
    make_old(path);
    assert_int_equal(file_store_remove(store, hash, &why), 0);
    assert_int_not_equal(access(path, R_OK), 0);
    assert_int_equal(file_store_remove(store, hash, &why), 0); /* gone already */
    file_store_close(&store);
}

static void left_over_uploads_are_removed_at_start_and_younger_ones_stay(void **state) {
    struct file_store *store = open_store();
    char old[FILE_PATH_BYTES_MAX], young[FILE_PATH_BYTES_MAX];
    (void)state;
    int first = file_store_incoming(store, old), second = file_store_incoming(store, young);
    assert_true(first >= 0 && second >= 0);
    close(first);
    close(second);
    make_old(old);
    file_store_close(&store);
    store = open_store();
    assert_int_not_equal(access(old, R_OK), 0);
    assert_int_equal(access(young, R_OK), 0);
    unlink(young);
    file_store_close(&store);
}

static void only_hashes_are_names(void **state) {
    static const char *const wrong[] = {
        "",
        "abc",
        "../etc/passwd",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(file_hash_is_valid(wrong[i]));
    assert_true(file_hash_is_valid("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

static void wrong_settings_are_named_and_none_is_no_store(void **state) {
    static const struct {
        const char *name, *value, *field;
    } examples[] = {
        {"ZHITONG_FILES_FOLDER", "/proc/none", "ZHITONG_FILES_FOLDER"},
        {"ZHITONG_FILES_S3_URL", "ftp://a", "ZHITONG_FILES_S3_URL"},
        {"ZHITONG_FILES_S3_URL", "https://a", "ZHITONG_FILES_S3_KEY"},
    };
    struct file_store *store;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        assert_int_equal(read_settings(examples[i].name, examples[i].value, &why), 0);
        assert_int_equal(file_store_open(&store, settings, &why), -1);
        assert_string_equal(why.field, examples[i].field);
    }
    assert_int_equal(read_settings("ZHITONG_FILES_FOLDER", "", &why), 0);
    assert_int_equal(file_store_open(&store, settings, &why), 0);
    assert_null(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_lies_under_its_hash_and_can_be_got),
        cmocka_unit_test(what_was_put_lately_is_not_removed),
        cmocka_unit_test(left_over_uploads_are_removed_at_start_and_younger_ones_stay),
        cmocka_unit_test(only_hashes_are_names),
        cmocka_unit_test(wrong_settings_are_named_and_none_is_no_store),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
