#include <math.h>
#include <sodium.h>

#include "services/intake/report.h"
#include "services/intake/report_source.h"
#include "services/intake/webhook_map.h"
#include "services/intake/webhook_sign.h"
#include "tests/unit/small_city.h"

/* ---- signatures -------------------------------------------------------------------------------------------------------- */

#define NOW 1614265330
#define GOOD "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static struct webhook_secret secret_of(const char *base64) {
    struct webhook_secret secret = {.form = WEBHOOK_STANDARD};
    assert_int_equal(sodium_base642bin(secret.bytes, sizeof secret.bytes, base64, strlen(base64), NULL, &secret.size,
                                       NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    return secret;
}

static struct webhook_signed request_of(const char *signature) {
    static const char body[] = "{\"test\": 2432232314}";
    return (struct webhook_signed){.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                   .timestamp = "1614265330",
                                   .signature = signature,
                                   .body = (const uint8_t *)body,
                                   .size = sizeof body - 1};
}

/* The vector that the libraries of Standard Webhooks share. */
static void the_vector_of_standard_webhooks_is_taken(void **state) {
    static const struct {
        const char *signature;
        bool good;
    } cases[] = {
        {GOOD, true},
        {"v1,AAAA " GOOD, true},
        {GOOD " v1,AAAA", true},
        {"v1a,x  " GOOD, true},
        {"", false},
        {"v1,", false},
        {"v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false},
        {"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false},
        {"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false},
        {GOOD "x", false},
        {"a b c d e f g h " GOOD, false}, /* the ninth is not looked at */
    };
    struct webhook_secret secret = secret_of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), other = secret;
    other.bytes[0] ^= 1;
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct webhook_signed request = request_of(cases[i].signature);
        if (webhook_signed_with(&request, &secret) != cases[i].good)
            fail_msg("\"%s\"", cases[i].signature);
        assert_false(webhook_signed_with(&request, &other));
    }
    struct webhook_signed changed = request_of(GOOD);
    changed.size--;
    assert_false(webhook_signed_with(&changed, &secret));
    changed = request_of(GOOD);
    changed.timestamp = "1614265331";
    assert_false(webhook_signed_with(&changed, &secret));
    secret.form = WEBHOOK_BODY;
    changed = request_of(GOOD);
    assert_false(webhook_signed_with(&changed, &secret));
}

/* RFC 4231, test case 2. */
static void a_signature_of_the_body_alone_is_taken(void **state) {
    struct webhook_secret secret = {.bytes = "Jefe", .size = 4, .form = WEBHOOK_BODY};
    static const char body[] = "what do ya want for nothing?";
    struct webhook_signed request = {
        .body_signature = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        .body = (const uint8_t *)body,
        .size = sizeof body - 1};
    (void)state;
    assert_true(webhook_signed_with(&request, &secret));
    request.body_signature = "sha256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843";
    assert_true(webhook_signed_with(&request, &secret));
    request.body_signature = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844";
    assert_false(webhook_signed_with(&request, &secret));
    request.body_signature = "sha256=5bdc";
    assert_false(webhook_signed_with(&request, &secret));
    request.body_signature = "sha256=";
    assert_false(webhook_signed_with(&request, &secret));
}

static void headers_are_refused_by_their_name(void **state) {
    static const struct {
        const char *id, *timestamp, *signature, *body_signature, *field; /* NULL: fine */
    } cases[] = {
        {"m", "1614265330", GOOD, NULL, NULL},
        {"m", "1614265030", GOOD, NULL, NULL},
        {"m", "1614265630", GOOD, NULL, NULL},
        {"m", "1614265029", GOOD, NULL, "webhook-timestamp"},
        {"m", "1614265631", GOOD, NULL, "webhook-timestamp"},
        {"m", "99999999999999", GOOD, NULL, "webhook-timestamp"},
        {"m", "-1614265330", GOOD, NULL, "webhook-timestamp"},
        {"m", "", GOOD, NULL, "webhook-timestamp"},
        {"m", NULL, GOOD, NULL, "webhook-timestamp"},
        {NULL, "1614265330", GOOD, NULL, "webhook-id"},
        {"", "1614265330", GOOD, NULL, "webhook-id"},
        {"m", "1614265330", NULL, NULL, "webhook-signature"},
        {NULL, NULL, NULL, "sha256=00", NULL},
        {NULL, NULL, NULL, "sha1=00", "X-Signature"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct webhook_signed request = {
            cases[i].id, cases[i].timestamp, cases[i].signature, cases[i].body_signature, NULL, 0};
        struct reason why = {.field = ""};
        int status = webhook_headers_check(&request, NOW, &why);
        if ((status == 0) != (cases[i].field == NULL) || (status != 0 && strcmp(why.field, cases[i].field) != 0))
            fail_msg("case %zu: %d %s", i, status, why.field);
    }
}

/* ---- pointers and maps ------------------------------------------------------------------------------------------------------- */

/* The examples of RFC 6901, section 5, and what is no pointer. */
static void pointers_find_what_rfc_6901_says(void **state) {
    static const struct {
        const char *pointer, *found; /* NULL: nothing */
    } cases[] = {
        {"/foo/0", "bar"}, {"/foo/1", "baz"}, {"/", "0"},        {"/a~1b", "1"},   {"/c%d", "2"},
        {"/e^f", "3"},     {"/g|h", "4"},     {"/i\\j", "5"},    {"/k\"l", "6"},   {"/ ", "7"},
        {"/m~0n", "8"},    {"/foo/2", NULL},  {"/foo/01", NULL}, {"/foo/-", NULL}, {"/foo/-1", NULL},
        {"/foo/x", NULL},  {"foo/0", NULL},   {"/m~2n", NULL},   {"/m~", NULL},    {"/foo/0/x", NULL},
    };
    json_t *json = json_loads(
        "{\"foo\":[\"bar\",\"baz\"],\"\":\"0\",\"a/b\":\"1\",\"c%d\":\"2\",\"e^f\":\"3\",\"g|h\":\"4\","
        "\"i\\\\j\":\"5\",\"k\\\"l\":\"6\",\" \":\"7\",\"m~n\":\"8\"}",
        0, NULL);
    assert_non_null(json);
    (void)state;
    assert_ptr_equal(json_at(json, ""), json);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *found = json_string_value(json_at(json, cases[i].pointer));
        if ((found == NULL) != (cases[i].found == NULL) || (found != NULL && strcmp(found, cases[i].found) != 0))
            fail_msg("%s: %s", cases[i].pointer, found != NULL ? found : "nothing");
    }
    json_decref(json);
}

static struct city *open_city_with_a_webhook(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("sources.csv", "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\n"
                              "w,sensor,W,,webhook,,s,gcj02,\n");
    write_file("source_fields.csv", "source,field,at,needed,fallback,format\n"
                                    "w,source_id,/id,,,\nw,item,/type,yes,,\nw,title,/t,,untitled,\nw,lat,/p/0,,,\n"
                                    "w,long,/p/1,,,\nw,occurred_at,/at,,,\nw,distinct,/other,,,\n"
                                    "w,attribute.depth,/depth,,,\nw,attribute.note,/note,,,\n");
    write_file("source_values.csv", "source,field,theirs,ours\nw,item,7,noise\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static int remove_webhook(void **state) {
    static const char *const files[] = {"sources.csv", "source_fields.csv", "source_values.csv"};
    char path[128];
    for (size_t i = 0; i < LENGTH(files); i++) {
        path_of(path, sizeof path, files[i]);
        unlink(path);
    }
    return remove_folder(state);
}

static int map(const struct city *city, const char *text, struct submit *report, struct reason *why) {
    struct webhook_body body;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const struct source *source = city_source(city, "w");
    const struct webhook_origin origin = {source, city_zone(city), "body:k:0"};
    assert_non_null(json);
    int status = webhook_body_read(&body, source, json, why);
    if (status == 0)
        status = webhook_report(&body, body.count - 1, &origin, report, why);
    json_decref(json);
    return status;
}

static void a_body_becomes_a_report(void **state) {
    struct city *city = open_city_with_a_webhook();
    struct submit report;
    struct reason why = {.text = ""};
    (void)state;
    if (map(city,
            "{\"id\":42,\"type\":7,\"p\":[33.5,114],\"at\":\"2026-09-01T08:30:00\",\"other\":true,\"depth\":1.5,"
            "\"note\":\"a \\\"b\\\"\\n\"}",
            &report, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    assert_string_equal(report.key, "id:42");
    assert_string_equal(report.source_id, "42");
    assert_string_equal(report.channel, "sensor");
    assert_string_equal(report.item, "noise");
    assert_string_equal(report.area, "s");
    assert_string_equal(report.title, "untitled");
    assert_string_equal(report.datum, "gcj02");
    assert_string_equal(report.attributes, "{\"depth\":\"1.5\",\"note\":\"a \\\"b\\\"\\n\"}");
    assert_float_equal(report.lon, 114, 0);
    assert_int_equal(report.occurred_at, 1788222600000);
    assert_true(report.distinct);
    assert_int_equal(map(city, "[{\"id\":1},{\"type\":\"leak\",\"t\":null}]", &report, &why), 0);
    assert_string_equal(report.key, "body:k:0"); /* it has no number */
    assert_true(isnan(report.lat) && report.datum[0] == '\0');
    city_close(&city);
}

static void what_is_wrong_is_named_by_its_pointer(void **state) {
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"[7]", "/0"},
        {"[]", "body"},
        {"{}", "/type"},
        {"{\"type\":null}", "/type"},
        {"{\"type\":\"\"}", "/type"},
        {"{\"type\":7,\"t\":true}", "/t"},
        {"{\"type\":7,\"p\":[\"x\"]}", "/p/0"},
        {"{\"type\":7,\"p\":[\"0x10\"]}", "/p/0"},
        {"{\"type\":7,\"at\":\"soon\"}", "/at"},
        {"{\"type\":7,\"other\":\"maybe\"}", "/other"},
        {"{\"type\":7,\"depth\":[]}", "/depth"},
        {"{\"type\":7,\"t\":\"a\\u0001\"}", "/t"},
        {"[{\"type\":7},3]", "/1"},
        {"[{\"type\":7},{}]", "/1/type"},
    };
    struct city *city = open_city_with_a_webhook();
    struct submit report;
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct reason why = {.field = ""};
        if (map(city, cases[i].body, &report, &why) == 0 || strcmp(why.field, cases[i].field) != 0)
            fail_msg("%s: not %s but %s: %s", cases[i].body, cases[i].field, why.field, why.text);
    }
    city_close(&city);
}

static void a_long_number_goes_into_the_key_as_its_hash(void **state) {
    char at_limit[61], over[62], key[65], other[65];
    (void)state;
    memset(at_limit, 'x', 60);
    memset(over, 'x', 61);
    at_limit[60] = over[61] = '\0';
    source_key(key, at_limit);
    assert_int_equal(strlen(key), 63);
    source_key(key, over);
    over[60] = 'y';
    source_key(other, over);
    assert_memory_equal(key, "id:hash ", 8);
    assert_string_not_equal(key, other);
}

static void a_source_uses_its_own_channel_only(void **state) {
    struct city *city = open_city_with_a_webhook();
    struct submit report = {.channel = "hotline"};
    struct reason why = {.field = ""};
    (void)state;
    assert_int_equal(report_source_check(city, "w", &report, &why), -1);
    assert_string_equal(why.field, "channel");
    assert_int_equal(report_source_check(city, "an operator's client", &report, &why), 0);
    strcpy(report.channel, "sensor");
    assert_int_equal(report_source_check(city, "w", &report, &why), 0);
    city_close(&city);
}

/* The city's sensor is internal and w hands in by it; hotline is public. */
static void whoever_shows_no_key_uses_no_hidden_channel_of_a_source(void **state) {
    static const struct {
        const char *channel;
        int refused;
    } cases[] = {{"sensor", -1}, {"hotline", 0}, {"no such", 0}};
    struct city *city = open_city_with_a_webhook();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct submit report = {.channel = ""};
        struct reason why = {.field = ""};
        strcpy(report.channel, cases[i].channel);
        assert_int_equal(report_source_check(city, REPORT_PUBLIC_CLIENT, &report, &why), cases[i].refused);
        assert_string_equal(why.field, cases[i].refused == 0 ? "" : "channel");
    }
    city_close(&city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_shows_no_key_uses_no_hidden_channel_of_a_source, make_folder,
                                        remove_webhook),
        cmocka_unit_test(the_vector_of_standard_webhooks_is_taken),
        cmocka_unit_test(a_signature_of_the_body_alone_is_taken),
        cmocka_unit_test(headers_are_refused_by_their_name),
        cmocka_unit_test(pointers_find_what_rfc_6901_says),
        cmocka_unit_test_setup_teardown(a_body_becomes_a_report, make_folder, remove_webhook),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named_by_its_pointer, make_folder, remove_webhook),
        cmocka_unit_test(a_long_number_goes_into_the_key_as_its_hash),
        cmocka_unit_test_setup_teardown(a_source_uses_its_own_channel_only, make_folder, remove_webhook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
