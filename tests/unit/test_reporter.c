#include "common/reporter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct secret_keys *keys;

static int open_ring(void **state) {
    char path[] = "/tmp/zhitong-reporter.XXXXXX";
    static const char text[] = "1 QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n";
    struct reason why;
    int handle = mkstemp(path); /* mode 0600 */
    (void)state;
    if (handle < 0 || write(handle, text, strlen(text)) != (ssize_t)strlen(text))
        return -1;
    close(handle);
    int status = secret_keys_open(&keys, path, &why);
    unlink(path);
    return status;
}

static int close_ring(void **state) {
    (void)state;
    secret_keys_close(&keys);
    return 0;
}

static void what_is_said_of_a_reporter_has_a_form(void **state) {
    static const struct {
        const char *name, *phone, *email, *account, *language;
        const char *field; /* refused for; NULL: it is good */
    } cases[] = {
        {"", "", "", "", "", NULL},
        {"王芳", "13800001111", "a@b.cn", "u1", "zh", NULL},
        {" ", "", "", "", "", "reporter_name"},
        {"\t\n", "", "", "", "", "reporter_name"},
        {"", "110", "", "", "", NULL},
        {"", "+86 (0395) 313-2345", "", "", "", NULL},
        {"", "11", "", "", "", "reporter_phone"},
        {"", "+-- ", "", "", "", "reporter_phone"},
        {"", "12345678901234567890", "", "", "", NULL},
        {"", "123456789012345678901", "", "", "", "reporter_phone"},
        {"", "1380000111x", "", "", "", "reporter_phone"},
        {"", "138+0000", "", "", "", "reporter_phone"},
        {"", "", "a@b", "", "", "reporter_email"},
        {"", "", "a.b.c", "", "", "reporter_email"},
        {"", "", "a@b.c@d.e", "", "", "reporter_email"},
        {"", "", "a b@c.d", "", "", "reporter_email"},
        {"", "", "a@.c", "", "", "reporter_email"},
        {"", "", "a@b.", "", "", "reporter_email"},
        {"", "", "例@子.中国", "", "", NULL},
        {"", "", "", "", "zh-Hant", NULL},
        {"", "", "", "", "x", "language"},
        {"", "", "", "", "zh-", "language"},
        {"", "", "", "", "zh_CN", "language"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct submit submit = {0};
        struct reason why;
        strcpy(submit.reporter_name, cases[i].name);
        strcpy(submit.reporter_phone, cases[i].phone);
        strcpy(submit.reporter_email, cases[i].email);
        strcpy(submit.reporter_account, cases[i].account);
        snprintf(submit.language, sizeof submit.language, "%s", cases[i].language);
        int status = reporter_check(&submit, true, &why);
        if ((status == 0) != (cases[i].field == NULL) || (status != 0 && strcmp(why.field, cases[i].field) != 0))
            fail_msg("line %zu: %s", i, status != 0 ? why.field : "taken");
    }
}

static void without_keys_whatever_is_personal_is_refused_by_its_name(void **state) {
    static const char *const fields[] = {"reporter_name", "reporter_phone", "reporter_email", "reporter_account"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct submit submit = {0};
        struct reason why;
        char *const texts[] = {submit.reporter_name, submit.reporter_phone, submit.reporter_email,
                               submit.reporter_account};
        strcpy(texts[i], i == 2 ? "a@b.c" : "12345");
        assert_true(reporter_is_named(&submit));
        assert_int_equal(reporter_check(&submit, true, &why), 0);
        assert_int_equal(reporter_check(&submit, false, &why), -1);
        assert_string_equal(why.field, fields[i]);
        assert_non_null(strstr(why.text, "ZHITONG_SECRET_KEYS"));
    }
    struct submit anonymous = {0};
    struct reason why;
    strcpy(anonymous.language, "en");
    assert_false(reporter_is_named(&anonymous));
    assert_int_equal(reporter_check(&anonymous, false, &why), 0);
}

static const struct reporter_details someone = {"Wang Fang", "+86 138-0000-1111", "W.Fang@Example.org", "u1", "app"};

static void the_same_person_written_otherwise_has_the_same_index_and_another_has_not(void **state) {
    static const struct {
        struct reporter_details details;
        bool person, phone, email, account; /* as someone's */
    } cases[] = {
        {{"Wang Fang", "008613800001111", "w.fang@example.ORG", "u1", "app"}, true, true, true, true},
        {{"Wang Fan", "+8613800001111", "w.fang@example.org", "u1", "app"}, false, true, true, true},
        {{"Wang Fang", "13800001111", "w.fang@example.org", "u1", "app"}, false, false, true, true},
        {{"Wang Fang", "+8613800001111", "", "u1", "app"}, false, true, false, true},
        {{"Wang Fang", "+8613800001111", "w.fang@example.org", "u1", "web"}, false, true, true, false},
        {{"Wang Fang", "+8613800001111", "w.fang@example.org", "u", "app"}, false, true, true, false},
    };
    struct reporter first, other;
    (void)state;
    reporter_index(keys, 0, &someone, &first);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reporter_index(keys, 0, &cases[i].details, &other);
#define SAME(field) (memcmp(first.field, other.field, SECRET_INDEX_BYTES) == 0)
        if (SAME(person) != cases[i].person || SAME(phone) != cases[i].phone || SAME(email) != cases[i].email ||
            SAME(account) != cases[i].account)
            fail_msg("line %zu", i);
    }
    uint8_t phone[SECRET_KEYS_MAX][SECRET_INDEX_BYTES];
    struct reason why;
    assert_int_equal(reporter_indexes_of(keys, "phone", "0086-138 0000 1111", phone, &why), 0);
    assert_memory_equal(phone[0], first.phone, SECRET_INDEX_BYTES);
    assert_int_equal(reporter_indexes_of(keys, "email", "nobody", phone, &why), -1);
}

static void a_sealed_reporter_opens_as_it_was_and_only_under_its_number(void **state) {
    struct reporter_details opened = {{0}, {0}, {0}, {0}, {0}};
    struct bytes sealed = {0};
    struct reason why;
    (void)state;
    reporter_seal(keys, 77, &someone, &sealed);
    for (size_t i = 0; i + 4 <= sealed.size; i++)
        assert_memory_not_equal(sealed.data + i, "Fang", 4);
    assert_int_equal(reporter_open(keys, 77, &sealed, &opened, &why), 0);
    assert_memory_equal(&opened, &someone, sizeof opened);
    assert_int_equal(reporter_open(keys, 78, &sealed, &opened, &why), -1);
    bytes_close(&sealed);
}

/* Sealed with the right key and place, but not what reporter_seal writes. */
static void what_no_version_has_written_is_refused(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {{"", 0}, {"a", 1}, {"a\0b\0c\0d", 7}, {"\0\0\0\0", 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reporter_details opened;
        struct bytes sealed = {0}, plain = {.data = (uint8_t *)(uintptr_t)cases[i].bytes, .size = cases[i].size};
        struct reason why;
        secret_seal(keys, &(struct secret_about){"reporter.sealed", "7"}, &plain, &sealed);
        assert_int_equal(reporter_open(keys, 7, &sealed, &opened, &why), -1);
        bytes_close(&sealed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_of_a_reporter_has_a_form),
        cmocka_unit_test(without_keys_whatever_is_personal_is_refused_by_its_name),
        cmocka_unit_test(the_same_person_written_otherwise_has_the_same_index_and_another_has_not),
        cmocka_unit_test(a_sealed_reporter_opens_as_it_was_and_only_under_its_number),
        cmocka_unit_test(what_no_version_has_written_is_refused),
    };
    return cmocka_run_group_tests(tests, open_ring, close_ring);
}
