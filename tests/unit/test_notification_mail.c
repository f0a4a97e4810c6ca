/* Tests of services/notification/carrier_email.c and mail_message.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/notification/carriers.h"
#include "services/notification/mail_message.h"

static const struct carrier_settings settings = {
    .smtp_url = "smtp://mail.example:587", .mail_from = "city@example.org", .mail_name = "直通"};
static struct destination to = {.address = "someone@example.com"};

static struct parcel a_parcel(void) {
    return (struct parcel){.id = "luohe/4711.3:9",
                           .at = INT64_C(1772323205000), /* 2026-03-01 00:00:05 UTC */
                           .to = &to,
                           .language = "en",
                           .subject = "Case 4711 is done",
                           .text = "Done.\n",
                           .html = "<p>Done.</p>",
                           .end_url = "https://city.example/unsubscribe/abc"};
}

static char text[100000];

static const char *printed(const struct parcel *parcel) {
    struct bytes out = {0};
    mail_message(parcel, &settings, &out);
    assert_true(out.size < sizeof text);
    memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    bytes_close(&out);
    return text;
}

static void a_mail_has_what_programs_look_for(void **state) {
    (void)state;
    struct parcel parcel = a_parcel();
    const char *const lines[] = {
        "Date: Sun, 01 Mar 2026 00:00:05 +0000\r\n",
        "From: =?UTF-8?B?55u06YCa?= <city@example.org>\r\n",
        "To: <someone@example.com>\r\n",
        "Subject: Case 4711 is done\r\n",
        "Message-ID: <luohe-4711.3-9@example.org>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Language: en\r\n",
        "List-Unsubscribe: <https://city.example/unsubscribe/abc>\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/alternative; boundary=\"=_zhitong_parts\"\r\n\r\n--=_zhitong_parts\r\n",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nRG9uZS4K\r\n",
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+RG9uZS48L3A+\r\n",
        "\r\n--=_zhitong_parts--\r\n",
    };
    const char *mail = printed(&parcel);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(mail, lines[i]) == NULL)
            fail_msg("missing: %s\nin: %s", lines[i], mail);
}

static void every_day_has_its_date(void **state) {
    static const struct {
        int64_t at;
        const char *date;
    } examples[] = {
        {0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"},
        {INT64_C(1709164799000), "Date: Wed, 28 Feb 2024 23:59:59 +0000\r\n"},
        {INT64_C(1709164800000), "Date: Thu, 29 Feb 2024 00:00:00 +0000\r\n"},
        {INT64_C(1798761599999), "Date: Thu, 31 Dec 2026 23:59:59 +0000\r\n"},
        {INT64_C(4107542400000), "Date: Mon, 01 Mar 2100 00:00:00 +0000\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct parcel parcel = a_parcel();
        parcel.at = examples[i].at;
        assert_int_equal(strncmp(printed(&parcel), examples[i].date, strlen(examples[i].date)), 0);
    }
}

static void no_text_makes_a_header_of_its_own(void **state) {
    (void)state;
    struct parcel parcel = a_parcel();
    parcel.subject = "x\r\nBcc: other@example.com\r\n\r\nbody";
    parcel.id = "a\r\nb";
    parcel.language = "en\r\nX: y";
    parcel.end_url = "https://city.example/\r\nX: y";
    const char *mail = printed(&parcel);
    assert_null(strstr(mail, "\nBcc"));
    assert_null(strstr(mail, "\nX:"));
    assert_null(strstr(mail, "List-Unsubscribe"));
    assert_null(strstr(mail, "Content-Language"));
    assert_non_null(strstr(mail, "Message-ID: <a--b@example.org>\r\n"));
}

static void a_long_subject_is_encoded_in_words_of_whole_characters(void **state) {
    (void)state;
    struct bytes out = {0};
    mail_add_words(&out, "您反映的事项（编号 4711）已经办结，感谢您对我们城市的关心和支持");
    bytes_append(&out, "", 1);
    const char *at = (const char *)out.data;
    int words = 0;
    for (; *at != '\0'; words++) {
        size_t size = strcspn(at, "\r");
        assert_in_range(size, 12, 76);
        assert_int_equal(strncmp(at + (words > 0), "=?UTF-8?B?", 10), 0);
        at += size + (at[size] != '\0' ? 2 : 0);
    }
    assert_in_range(words, 2, 4);
    bytes_close(&out);
    mail_add_words(&out, "=?UTF-8?B?eA==?=");
    bytes_append(&out, "", 1);
    assert_string_equal((const char *)out.data, "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
    bytes_close(&out);
}

static void one_click_is_offered_over_https_only(void **state) {
    (void)state;
    struct parcel parcel = a_parcel();
    parcel.end_url = "http://localhost/unsubscribe/abc";
    const char *mail = printed(&parcel);
    assert_non_null(strstr(mail, "List-Unsubscribe: <http://localhost/unsubscribe/abc>\r\n"));
    assert_null(strstr(mail, "List-Unsubscribe-Post"));
    parcel.end_url = "";
    assert_null(strstr(printed(&parcel), "List-Unsubscribe"));
}

static void no_line_is_longer_than_998(void **state) {
    (void)state;
    static char much[60000];
    memset(much, 'a', sizeof much - 1);
    struct parcel parcel = a_parcel();
    parcel.text = much;
    parcel.subject = much;
    for (const char *at = printed(&parcel); *at != '\0'; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
        assert_true(strcspn(at, "\n") <= 998);
}

static void an_address_is_plain_or_refused(void **state) {
    (void)state;
    static const char *const good[] = {"a@b", "first.last+tag@mail.example.org", "o'neil@example.ie"};
    static const char *const wrong[] = {"",           "a",           "@b",     "a@",      "a@b@c",
                                        "a b@c",      "a@b\r\nDATA", "<a@b>",  "a,b@c.d", "\"a\"@b.c",
                                        "路@example", "a@b.c, d@e",  ".a@b.c", "a..b@c"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(mail_address_is_plain(good[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct destination bad = {0};
        struct parcel parcel = a_parcel();
        struct transfer transfer = {0};
        struct reason why;
        snprintf(bad.address, sizeof bad.address, "%s", wrong[i]);
        parcel.to = &bad;
        assert_int_equal(carrier_email.prepare(&parcel, &settings, &transfer, &why), -1);
        assert_string_equal(why.field, "address");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_has_what_programs_look_for),
        cmocka_unit_test(every_day_has_its_date),
        cmocka_unit_test(no_text_makes_a_header_of_its_own),
        cmocka_unit_test(a_long_subject_is_encoded_in_words_of_whole_characters),
        cmocka_unit_test(one_click_is_offered_over_https_only),
        cmocka_unit_test(no_line_is_longer_than_998),
        cmocka_unit_test(an_address_is_plain_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
