/* What a source sends, made by services/zhitong/sender_forms.c, is the same report again to the adapter that reads it: both cities'
 * sources and records. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cap.h"
#include "common/city_folder.h"
#include "services/intake/cap_map.h"
#include "services/intake/webhook_map.h"
#include "services/intake/webhook_sign.h"
#include "services/zhitong/records.h"
#include "services/zhitong/sender_forms.h"
#include "services/zhitong/sender_http.h"

static struct city *city;
static struct records records;

static void open_city(const char *name) {
    const char *root = getenv("ZHITONG_ROOT");
    char path[1000];
    struct city_draft *draft;
    struct reason why;
    snprintf(path, sizeof path, "%s/deploy/cities/%s", root != NULL ? root : ".", name);
    assert_int_equal(city_folder_open(&city, &draft, path), 0);
    city_draft_close(&draft);
    strcat(path, "/records.csv");
    assert_int_equal(records_open(&records, path, &why), 0);
}

static void close_city(void) {
    city_close(&city);
    records_close(&records);
}

/* A source that knows wide areas only has one around the report's. */
static void assert_same(const struct source *source, const struct submit *sent, const struct submit *read) {
    const char *description = sent->description[0] != '\0' ? sent->description : sent->title;
    const struct area *area = city_area(city, sent->area);
    while (area != NULL && strcmp(area->code, read->area) != 0)
        area = area->parent;
    if (strcmp(read->channel, source->channel) != 0 || strcmp(read->item, sent->item) != 0 || area == NULL ||
        strcmp(read->description, description) != 0 || llabs(read->occurred_at - sent->occurred_at) >= 1000)
        fail_msg("%s, %s: %s %s %s %s, sent %s %s", source->code, sent->source_id, read->channel, read->item,
                 read->area, read->description, sent->item, sent->area);
}

static void read_webhook(const struct source *source, const struct submit *report, struct submit *read) {
    struct webhook_body body;
    struct reason why;
    const struct webhook_origin origin = {source, city_zone(city), "k"};
    json_t *json = sender_webhook(source, report, city);
    if (webhook_body_read(&body, source, json, &why) != 0 || webhook_report(&body, 0, &origin, read, &why) != 0)
        fail_msg("%s: %s: %s", source->code, why.field, why.text);
    json_decref(json);
}

static void read_alert(const struct source *source, const struct submit *report, struct submit *read) {
    static char xml[SENDER_FORM_MAX];
    static struct submit found[CAP_AREAS_MAX];
    struct cap_alert *alert;
    struct reason why;
    size_t count, size = sender_alert(source, report, city, xml);
    if (cap_read(&alert, (const uint8_t *)xml, size, &why) != 0 || cap_check(alert, &why) != 0)
        fail_msg("%s: %s: %s", source->code, why.field, why.text);
    const struct cap_origin origin = {source, city_zone(city), alert, cap_info_for(alert, source)};
    if (cap_reports(&origin, found, &count, &why) != 0 || count != 1)
        fail_msg("%s: %s: %s", source->code, why.field, why.text);
    *read = found[0];
    cap_close(&alert);
}

/* How many reports went there and back. */
static size_t there_and_back(enum adapter adapter,
                             void (*carry)(const struct source *, const struct submit *, struct submit *)) {
    static struct submit sent, read;
    size_t sources, carried = 0;
    const struct source *source = city_sources(city, &sources);
    for (size_t s = 0; s < sources; s++, source++)
        for (size_t i = 0; source->adapter == adapter && i < records.count; i++) {
            const struct source_field *item = source_field(source, "item");
            sent = records.rows[i]->report;
            sent.occurred_at = records.rows[i]->at;
            strcpy(sent.key, "k");
            if (strcmp(sent.channel, source->channel) != 0 || item == NULL ||
                strcmp(source_value(item, sender_word(item, sent.item)), sent.item) != 0)
                continue;
            carry(source, &sent, &read);
            assert_same(source, &sent, &read);
            carried++;
        }
    return carried;
}

static void a_webhook_reads_what_its_source_sends(void **state) {
    (void)state;
    open_city("luohe");
    assert_true(there_and_back(ADAPTER_WEBHOOK, read_webhook) > 100);
    close_city();
}

static void an_alert_is_read_as_it_was_meant(void **state) {
    (void)state;
    open_city("luohe");
    assert_true(there_and_back(ADAPTER_CAP, read_alert) > 3);
    close_city();
}

static void a_signature_is_good_for_the_body_that_was_signed(void **state) {
    (void)state;
    struct sender_post post = {.body = "{\"a\":1}", .size = 7};
    struct webhook_secret secret = {.size = 24, .form = WEBHOOK_STANDARD};
    struct reason why;
    for (size_t i = 0; i < secret.size; i++)
        secret.bytes[i] = (uint8_t)i;
    assert_int_equal(sender_sign(&post, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "m1", &why), 0);
    struct webhook_signed request = {.body = (const uint8_t *)post.body, .size = post.size};
    request.id = strchr(post.headers[0], ' ') + 1;
    request.timestamp = strchr(post.headers[1], ' ') + 1;
    request.signature = strchr(post.headers[2], ' ') + 1;
    assert_true(webhook_signed_with(&request, &secret));
    request.body = (const uint8_t *)"{\"a\":2}";
    assert_false(webhook_signed_with(&request, &secret));
    assert_int_equal(sender_sign(&post, "no secret", "m1", &why), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_reads_what_its_source_sends),
        cmocka_unit_test(an_alert_is_read_as_it_was_meant),
        cmocka_unit_test(a_signature_is_good_for_the_body_that_was_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
