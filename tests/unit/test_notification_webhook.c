#include "services/notification/carrier.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/notification/destination.h"
#include "services/notification/text_shown.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
/* The example of the Standard Webhooks specification (and of its libraries' tests). */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT INT64_C(1614265330000)
#define BODY "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static int prepare(const struct destination *to, struct transfer *transfer, struct reason *why) {
    const struct parcel parcel = {.id = ID, .at = AT, .to = to, .language = "", .json = BODY, .end_url = ""};
    memset(transfer, 0, sizeof *transfer);
    return carrier_named("webhook")->prepare(&parcel, NULL, transfer, why);
}

static const char *header(const struct transfer *transfer, const char *name) {
    for (int i = 0; i < transfer->header_count; i++)
        if (strncmp(transfer->headers[i], name, strlen(name)) == 0 && transfer->headers[i][strlen(name)] == ':')
            return transfer->headers[i] + strlen(name) + 2;
    return "";
}

static void a_webhook_is_signed_as_the_standard_says(void **state) {
    struct destination to = {.address = "https://example.org/hook?x=1", .secrets = {SECRET}, .secret_count = 1};
    struct transfer transfer;
    struct reason why;
    (void)state;
    assert_int_equal(prepare(&to, &transfer, &why), 0);
    assert_string_equal(header(&transfer, "webhook-signature"), SIGNATURE);
    assert_string_equal(header(&transfer, "webhook-id"), ID);
    assert_string_equal(header(&transfer, "webhook-timestamp"), "1614265330");
    assert_string_equal(header(&transfer, "content-type"), "application/cloudevents+json; charset=utf-8");
    assert_string_equal(transfer.url, to.address);
    assert_int_equal(transfer.body.size, strlen(BODY));
    assert_memory_equal(transfer.body.data, BODY, transfer.body.size);
    assert_true(transfer.guarded && transfer.kind == TRANSFER_HTTP);
    transfer_close(&transfer);
}

static void each_secret_signs_the_newest_first(void **state) {
    struct destination to = {.address = "https://example.org/", .secrets = {SECRET}, .secret_count = 1};
    char made[CARRIER_SECRET_MAX + 1];
    struct transfer transfer;
    struct reason why;
    (void)state;
    for (int i = 0; i < CARRIER_SECRETS_MAX - 1; i++) {
        destination_make_secret(made);
        destination_add_secret(&to, made);
    }
    assert_int_equal(to.secret_count, CARRIER_SECRETS_MAX);
    assert_string_equal(to.secrets[0], made);
    assert_int_equal(prepare(&to, &transfer, &why), 0);
    const char *signatures = header(&transfer, "webhook-signature");
    assert_string_equal(strrchr(signatures, ' ') + 1, SIGNATURE); /* the oldest */
    assert_true(strncmp(signatures, SIGNATURE, strlen(SIGNATURE)) != 0);
    transfer_close(&transfer);
    destination_add_secret(&to, made); /* the oldest falls out */
    assert_int_equal(to.secret_count, CARRIER_SECRETS_MAX);
    for (int i = 0; i < to.secret_count; i++)
        assert_string_not_equal(to.secrets[i], SECRET);
}

static void what_cannot_be_an_endpoint_is_refused_with_the_field(void **state) {
    static const struct {
        const char *address, *secret, *field;
    } examples[] = {
        {"https://example.org/", "", "secret"},
        {"https://example.org/", "whsec_", "secret"},
        {"https://example.org/", "whsec_AAAA", "secret"},
        {"https://example.org/", "whsec_no base64 at all and much too much of it", "secret"},
        {"https://example.org/", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "secret"},
        {"", SECRET, "address"},
        {"example.org", SECRET, "address"},
        {"ftp://example.org/", SECRET, "address"},
        {"file:///etc/passwd", SECRET, "address"},
        {"gopher://example.org/", SECRET, "address"},
        {"https://", SECRET, "address"},
        {"https://user:word@example.org/", SECRET, "address"},
        {"https://example.org/#part", SECRET, "address"},
        {"https://example.org/a b", SECRET, "address"},
        {"https://example.org/\r\nX-Evil: 1", SECRET, "address"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct destination to = {.secret_count = examples[i].secret[0] != '\0' ? 1 : 0};
        struct transfer transfer;
        struct reason why;
        strcpy(to.address, examples[i].address);
        strcpy(to.secrets[0], examples[i].secret);
        if (prepare(&to, &transfer, &why) == 0 || strcmp(why.field, examples[i].field) != 0)
            fail_msg("%s with %s: %s", examples[i].address, examples[i].secret, why.field);
        transfer_close(&transfer);
    }
}

static void only_2xx_is_taken(void **state) {
    static const struct {
        int status;
        int64_t retry_after_ms;
        enum verdict_kind kind;
        int64_t wait_ms;
    } examples[] = {
        {200, -1, VERDICT_SENT, 0},    {204, -1, VERDICT_SENT, 0},       {299, -1, VERDICT_SENT, 0},
        {0, -1, VERDICT_AGAIN, 0},     {100, -1, VERDICT_AGAIN, 0},      {300, -1, VERDICT_AGAIN, 0},
        {302, 9000, VERDICT_AGAIN, 0}, {400, -1, VERDICT_AGAIN, 0},      {404, -1, VERDICT_AGAIN, 0},
        {410, -1, VERDICT_DISABLE, 0}, {429, -1, VERDICT_AGAIN, 0},      {429, 9000, VERDICT_AGAIN, 9000},
        {500, 9000, VERDICT_AGAIN, 0}, {503, 9000, VERDICT_AGAIN, 9000},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        const struct answer answer = {examples[i].status, "", "", examples[i].retry_after_ms};
        struct verdict verdict;
        carrier_named("webhook")->judge(NULL, &answer, &verdict);
        if (verdict.kind != examples[i].kind || verdict.wait_ms != examples[i].wait_ms)
            fail_msg("%d: %d", examples[i].status, (int)verdict.kind);
    }
}

static void a_sealed_destination_opens_only_as_that_of_its_endpoint(void **state) {
    struct destination to = {.address = "https://example.org/路", .secrets = {SECRET, "second"}, .secret_count = 2};
    struct destination opened;
    struct secret_keys *keys = NULL;
    struct bytes sealed = {0};
    struct reason why;
    char path[] = "/tmp/zhitong-ring.XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && dprintf(fd, "1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n") > 0);
    close(fd);
    assert_int_equal(secret_keys_open(&keys, path, &why), 0);
    unlink(path);
    destination_seal(keys, "hook", &to, &sealed);
    assert_int_equal(destination_open(keys, "hook", &sealed, &opened, &why), 0);
    assert_string_equal(opened.address, to.address);
    assert_int_equal(opened.secret_count, 2);
    assert_string_equal(opened.secrets[1], "second");
    assert_int_equal(destination_open(keys, "other", &sealed, &opened, &why), -1);
    assert_string_equal(why.field, "endpoint.sealed");
    assert_int_equal(destination_open(NULL, "hook", &sealed, &opened, &why), -1);
    assert_string_equal(why.field, "ZHITONG_SECRET_KEYS");
    bytes_close(&sealed);
    secret_keys_close(&keys);
}

static void of_an_address_only_so_much_is_shown(void **state) {
    static const struct {
        const char *address, *shown;
    } examples[] = {
        {"https://example.org/hook?token=secret", "https://example.org/hook"},
        {"https://example.org/hook#secret", "https://example.org/hook"},
        {"wanglili@example.org", "wan***ili@example.org"},
        {"li@example.org", "***@example.org"},
        {"wang@example.org", "w***g@example.org"},
        {"13800138000", "138***000"},
    };
    char shown[121];
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        destination_show(examples[i].address, shown, sizeof shown);
        assert_string_equal(shown, examples[i].shown);
    }
}

static void what_others_say_becomes_one_line_of_utf_8(void **state) {
    static const struct {
        const char *text, *shown;
        size_t room;
    } examples[] = {
        {"fine", "fine", 99},
        {"a\r\nb\tc\x7f", "a  b c ", 99},
        {"a\xc2\x9b"
         "2Jb\xc2\xa0",
         "a 2Jb\xc2\xa0", 99},
        {"\xff\xfe", "??", 99},
        {"长街", "长街", 99},
        {"长街", "长", 6},
        {"长街", "", 3},
        {"\xe9\x95", "??", 99},
        {"\xc0\xaf", "??", 99},
        {"\xed\xa0\x80", "???", 99},
        {"\xf4\x90\x80\x80", "????", 99},
        {"", "", 1},
    };
    char shown[100];
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        text_shown(shown, examples[i].room, examples[i].text);
        assert_string_equal(shown, examples[i].shown);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_is_signed_as_the_standard_says),
        cmocka_unit_test(each_secret_signs_the_newest_first),
        cmocka_unit_test(what_cannot_be_an_endpoint_is_refused_with_the_field),
        cmocka_unit_test(only_2xx_is_taken),
        cmocka_unit_test(a_sealed_destination_opens_only_as_that_of_its_endpoint),
        cmocka_unit_test(of_an_address_only_so_much_is_shown),
        cmocka_unit_test(what_others_say_becomes_one_line_of_utf_8),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
