/* Tests of services/notification/carrier_*.c for people: the vendors' signing rules, escaping, and what each answer means. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/notification/carrier_settings.h"
#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"

static const struct destination robot = {
    .address = "https://robot.example/send?access_token=abc", .secrets = {"SEC000000"}, .secret_count = 1};
static const struct destination unsigned_robot = {.address = "https://robot.example/send?key=abc"};
static const struct carrier_settings none;

static struct parcel a_parcel(const struct destination *to) {
    return (struct parcel){.id = "4711.3.9",
                           .at = INT64_C(1599360473000),
                           .to = to,
                           .language = "en",
                           .subject = "Case 4711",
                           .text = "A \"light\" is out\nSee *it* <at user_id=\"all\"></at>",
                           .html = "",
                           .end_url = ""};
}

static json_t *body_of(const struct transfer *transfer) {
    json_t *json = json_loadb((const char *)transfer->body.data, transfer->body.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static json_t *prepared(const struct carrier *carrier, const struct parcel *parcel, struct transfer *transfer) {
    struct reason why = {0};
    memset(transfer, 0, sizeof *transfer);
    if (carrier->prepare(parcel, &none, transfer, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    return body_of(transfer);
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------- */

static void dingtalk_signs_time_and_secret_in_the_address(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&robot);
    json_decref(prepared(&carrier_dingtalk, &parcel, &transfer));
    /* printf '1599360473000\nSEC000000' | openssl dgst -sha256 -hmac SEC000000 -binary | base64, percent-encoded */
    assert_string_equal(transfer.url, "https://robot.example/send?access_token=abc&timestamp=1599360473000"
                                      "&sign=DT4OI4RAy8bSUXkMYYrAi34th4qS3nhq9dDlJX5JGSs%3D");
    assert_true(transfer.guarded);
    bytes_close(&transfer.body);
}

static void feishu_signs_nothing_with_time_and_secret_in_the_body(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&robot);
    json_t *json = prepared(&carrier_feishu, &parcel, &transfer);
    assert_string_equal(transfer.url, robot.address);
    assert_string_equal(json_string_value(json_object_get(json, "timestamp")), "1599360473");
    /* printf '' | openssl dgst -sha256 -hmac $'1599360473\nSEC000000' -binary | base64 */
    assert_string_equal(json_string_value(json_object_get(json, "sign")),
                        "alzzs0BkddQ77zDNtEI9dn5vBxRusw1ABriWTkPa/8w=");
    json_decref(json);
    bytes_close(&transfer.body);
}

static void a_robot_without_secret_signs_nothing(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&unsigned_robot);
    json_decref(prepared(&carrier_dingtalk, &parcel, &transfer));
    assert_string_equal(transfer.url, unsigned_robot.address);
    bytes_close(&transfer.body);
    json_t *json = prepared(&carrier_feishu, &parcel, &transfer);
    assert_null(json_object_get(json, "sign"));
    json_decref(json);
    bytes_close(&transfer.body);
}

/* ---- what stands in them ---------------------------------------------------------------------------------------------------- */

static void wecom_gets_text_of_2048_bytes_at_most(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&unsigned_robot);
    json_t *json = prepared(&carrier_wecom, &parcel, &transfer);
    const char *content = json_string_value(json_object_get(json_object_get(json, "text"), "content"));
    assert_string_equal(content, "Case 4711\nA \"light\" is out\nSee *it* <at user_id=\"all\"></at>");
    json_decref(json);
    bytes_close(&transfer.body);
    char long_text[6001] = "";
    for (int i = 0; i < 2000; i++)
        memcpy(long_text + i * 3, "路", 4);
    parcel.text = long_text;
    json = prepared(&carrier_wecom, &parcel, &transfer);
    content = json_string_value(json_object_get(json_object_get(json, "text"), "content"));
    assert_in_range(strlen(content), 2040, 2048);
    assert_string_equal(content + strlen(content) - 3, "…");
    json_decref(json);
    bytes_close(&transfer.body);
}

static void dingtalk_gets_markdown_in_which_nothing_of_people_is_markup(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&robot);
    json_t *json = prepared(&carrier_dingtalk, &parcel, &transfer), *markdown = json_object_get(json, "markdown");
    assert_string_equal(json_string_value(json_object_get(markdown, "title")), "Case 4711");
    assert_string_equal(json_string_value(json_object_get(markdown, "text")),
                        "#### Case 4711\n\nA \"light\" is out  \nSee \\*it\\* \\<at user\\_id=\"all\"\\>\\</at\\>");
    assert_null(json_object_get(json, "at"));
    json_decref(json);
    bytes_close(&transfer.body);
}

static void feishu_gets_a_post_of_plain_lines(void **state) {
    (void)state;
    struct transfer transfer;
    struct parcel parcel = a_parcel(&robot);
    json_t *json = prepared(&carrier_feishu, &parcel, &transfer), *post = NULL, *lines = NULL;
    const char *title = NULL, *second = NULL, *tag = NULL;
    assert_int_equal(json_unpack(json, "{s:{s:{s:o}}}", "content", "post", "en_us", &post), 0);
    assert_int_equal(json_unpack(post, "{s:s, s:o}", "title", &title, "content", &lines), 0);
    assert_string_equal(title, "Case 4711");
    assert_int_equal(json_array_size(lines), 2);
    assert_int_equal(json_unpack(json_array_get(lines, 1), "[{s:s, s:s}]", "tag", &tag, "text", &second), 0);
    assert_string_equal(tag, "text");
    assert_string_equal(second, "See *it* <at user_id=\"all\"></at>");
    json_decref(json);
    bytes_close(&transfer.body);
}

static void what_is_no_url_is_no_robot(void **state) {
    (void)state;
    const char *const wrong[] = {"", "robot.example", "ftp://robot.example/", "https://a b/", "https://路.example/"};
    const struct carrier *const robots[] = {&carrier_wecom, &carrier_dingtalk, &carrier_feishu};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (size_t nth = 0; nth < 3; nth++) {
            struct destination to = {0};
            struct transfer transfer = {0};
            struct reason why;
            struct parcel parcel = a_parcel(&to);
            snprintf(to.address, sizeof to.address, "%s", wrong[i]);
            assert_int_equal(robots[nth]->prepare(&parcel, &none, &transfer, &why), -1);
            assert_string_equal(why.field, "address");
        }
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */

static const struct {
    const struct carrier *carrier;
    int status;
    const char *body;
    enum verdict_kind kind;
    int64_t wait_ms;
} answers[] = {
    {&carrier_wecom, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", VERDICT_SENT, 0},
    {&carrier_wecom, 200, "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}", VERDICT_AGAIN, 60000},
    {&carrier_wecom, 200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url\"}", VERDICT_DISABLE, 0},
    {&carrier_wecom, 200, "{\"errcode\":44004,\"errmsg\":\"empty content\"}", VERDICT_DEAD, 0},
    {&carrier_wecom, 200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}", VERDICT_AGAIN, 0},
    {&carrier_wecom, 200, "<html>", VERDICT_AGAIN, 0},
    {&carrier_wecom, 200, "", VERDICT_AGAIN, 0},
    {&carrier_wecom, 429, "", VERDICT_AGAIN, 60000},
    {&carrier_wecom, 0, "{\"errcode\":0}", VERDICT_AGAIN, 0},
    {&carrier_dingtalk, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", VERDICT_SENT, 0},
    {&carrier_dingtalk, 200, "{\"errcode\":130101,\"errmsg\":\"send too fast\"}", VERDICT_AGAIN, 60000},
    {&carrier_dingtalk, 200, "{\"errcode\":660026}", VERDICT_AGAIN, 60000},
    {&carrier_dingtalk, 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", VERDICT_AGAIN, 0},
    {&carrier_dingtalk, 200, "{\"errcode\":300001,\"errmsg\":\"token is not exist\"}", VERDICT_DISABLE, 0},
    {&carrier_dingtalk, 200, "{\"errcode\":430102}", VERDICT_DEAD, 0},
    {&carrier_dingtalk, 200, "{\"errcode\":\"0\"}", VERDICT_AGAIN, 0},
    {&carrier_feishu, 200, "{\"code\":0,\"data\":{},\"msg\":\"success\"}", VERDICT_SENT, 0},
    {&carrier_feishu, 200, "{\"StatusCode\":0,\"StatusMessage\":\"success\"}", VERDICT_SENT, 0},
    {&carrier_feishu, 200, "{\"code\":11232,\"msg\":\"frequency limited\"}", VERDICT_AGAIN, 60000},
    {&carrier_feishu, 200, "{\"code\":9499,\"msg\":\"too many request\"}", VERDICT_AGAIN, 60000},
    {&carrier_feishu, 400, "{\"code\":9499,\"msg\":\"Bad Request\"}", VERDICT_DEAD, 0},
    {&carrier_feishu, 200, "{\"code\":19021,\"msg\":\"sign match fail\"}", VERDICT_AGAIN, 0},
    {&carrier_feishu, 200, "{\"code\":19001,\"msg\":\"param invalid: incoming webhook access token invalid\"}",
     VERDICT_DISABLE, 0},
    {&carrier_email, 250, "", VERDICT_SENT, 0},
    {&carrier_email, 421, "", VERDICT_AGAIN, 0},
    {&carrier_email, 452, "", VERDICT_AGAIN, 0},
    {&carrier_email, 535, "", VERDICT_AGAIN, 0},
    {&carrier_email, 550, "", VERDICT_DEAD, 0},
    {&carrier_email, 554, "", VERDICT_DEAD, 0},
    {&carrier_email, 0, "", VERDICT_AGAIN, 0},
    {&carrier_sms, 200, "OK", VERDICT_SENT, 0},
    {&carrier_sms, 202, "", VERDICT_SENT, 0},
    {&carrier_sms, 302, "", VERDICT_AGAIN, 0},
    {&carrier_sms, 500, "", VERDICT_AGAIN, 0},
};

static void each_answer_has_its_verdict(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct answer answer = {
            .status = answers[i].status, .trouble = "", .body = answers[i].body, .retry_after_ms = -1};
        struct verdict verdict = {0};
        answers[i].carrier->judge(&none, &answer, &verdict);
        if (verdict.kind != answers[i].kind || verdict.wait_ms != answers[i].wait_ms)
            fail_msg("%s %d %s: verdict %d after %lld ms", answers[i].carrier->name, answers[i].status, answers[i].body,
                     verdict.kind, (long long)verdict.wait_ms);
    }
}

static void a_gateway_that_says_200_to_everything_is_known_by_its_text(void **state) {
    (void)state;
    struct carrier_settings settings = {.sms_status = 200, .sms_good = "\"code\":0"};
    struct answer answer = {.status = 200, .trouble = "", .body = "{\"code\":0}", .retry_after_ms = -1};
    struct verdict verdict;
    carrier_sms.judge(&settings, &answer, &verdict);
    assert_int_equal(verdict.kind, VERDICT_SENT);
    answer.body = "{\"code\":7}";
    carrier_sms.judge(&settings, &answer, &verdict);
    assert_int_equal(verdict.kind, VERDICT_AGAIN);
    answer = (struct answer){.status = 201, .trouble = "", .body = "{\"code\":0}", .retry_after_ms = 5000};
    carrier_sms.judge(&settings, &answer, &verdict);
    assert_int_equal(verdict.kind, VERDICT_AGAIN);
    assert_int_equal(verdict.wait_ms, 5000);
}

/* ---- SMS -------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *type, *body, *sent;
} gateways[] = {
    {"application/json", "{\"to\":\"{phone}\",\"m\":\"{text}\",\"n\":\"{id}\"}",
     "{\"to\":\"+86 13800000000\",\"m\":\"a \\\"b\\\" & <c>\\nd\",\"n\":\"1.2.3\"}"},
    {"application/x-www-form-urlencoded", "to={phone}&m={text}",
     "to=%2B86%2013800000000&m=a%20%22b%22%20%26%20%3Cc%3E%0Ad"},
    {"text/xml", "<m to=\"{phone}\">{text}</m>", "<m to=\"+86 13800000000\">a &quot;b&quot; &amp; &lt;c&gt;\nd</m>"},
    {"text/plain", "{{phone} {other} {text", "{+86 13800000000 {other} {text"},
};

static void an_sms_is_the_operators_template_with_everything_escaped(void **state) {
    (void)state;
    struct destination to = {.address = "+86 13800000000"};
    for (size_t i = 0; i < sizeof gateways / sizeof *gateways; i++) {
        struct carrier_settings settings = {
            .sms_url = "https://sms.example/", .sms_headers = {"X-Key: 1"}, .sms_header_count = 1};
        struct parcel parcel = {.id = "1.2.3", .to = &to, .language = "en", .subject = "", .text = "a \"b\" & <c>\nd"};
        struct transfer transfer = {0};
        struct reason why;
        snprintf(settings.sms_type, sizeof settings.sms_type, "%s", gateways[i].type);
        snprintf(settings.sms_body, sizeof settings.sms_body, "%s", gateways[i].body);
        assert_int_equal(carrier_sms.prepare(&parcel, &settings, &transfer, &why), 0);
        bytes_append(&transfer.body, "", 1);
        assert_string_equal((const char *)transfer.body.data, gateways[i].sent);
        assert_int_equal(transfer.header_count, 2);
        assert_string_equal(transfer.headers[1], "X-Key: 1");
        bytes_close(&transfer.body);
    }
}

static void what_is_no_number_gets_no_sms(void **state) {
    (void)state;
    const struct carrier_settings settings = {
        .sms_url = "https://sms.example/", .sms_type = "text/plain", .sms_body = "{text}"};
    const char *const wrong[] = {"", "12", "1234567890123456", "12345a", "1+234", "123\r\n456"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct destination to = {0};
        struct transfer transfer = {0};
        struct reason why;
        struct parcel parcel = a_parcel(&to);
        snprintf(to.address, sizeof to.address, "%s", wrong[i]);
        assert_int_equal(carrier_sms.prepare(&parcel, &settings, &transfer, &why), -1);
        assert_string_equal(why.field, "address");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dingtalk_signs_time_and_secret_in_the_address),
        cmocka_unit_test(feishu_signs_nothing_with_time_and_secret_in_the_body),
        cmocka_unit_test(a_robot_without_secret_signs_nothing),
        cmocka_unit_test(wecom_gets_text_of_2048_bytes_at_most),
        cmocka_unit_test(dingtalk_gets_markdown_in_which_nothing_of_people_is_markup),
        cmocka_unit_test(feishu_gets_a_post_of_plain_lines),
        cmocka_unit_test(what_is_no_url_is_no_robot),
        cmocka_unit_test(each_answer_has_its_verdict),
        cmocka_unit_test(a_gateway_that_says_200_to_everything_is_known_by_its_text),
        cmocka_unit_test(an_sms_is_the_operators_template_with_everything_escaped),
        cmocka_unit_test(what_is_no_number_gets_no_sms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
