#include "services/intake/handing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "common/json_parts.h"
#include "common/source_map.h"

struct handed { /* one report */
    struct handing *handing;
    int status; /* 0: not answered yet */
    json_t *json;
};

struct handing {
    struct intake *intake;
    struct http_request *request;
    char source[CODE_MAX + 1], at[SOURCE_PLACE_MAX + 1];
    bool several, started;
    size_t count, waiting;
    struct handed reports[];
};

json_t *accepted_json(const struct accepted *accepted) {
    json_t *json = json_pack("{s:o}", "case", id_json(accepted->case_id));
    json_add_text(json, "receipt", accepted->receipt);
    if (accepted->score != 0)
        json_object_set_new(json, "score", json_integer((json_int_t)accepted->score));
    json_add_text(json, "missing", accepted->missing);
    if (accepted->parent != 0)
        json_object_set_new(json, "parent", id_json(accepted->parent));
    return json;
}

struct handing *handing_open(const struct handing_options *options) {
    struct handing *handing = calloc(1, sizeof *handing + options->count * sizeof handing->reports[0]);
    assert(handing != NULL);
    handing->intake = options->intake;
    handing->request = options->request;
    snprintf(handing->source, sizeof handing->source, "%s", options->source);
    snprintf(handing->at, sizeof handing->at, "%s", options->at);
    handing->count = handing->waiting = options->count;
    handing->several = options->several;
    for (size_t i = 0; i < options->count; i++)
        handing->reports[i].handing = handing;
    return handing;
}

static json_t *list_json(const struct handing *handing) {
    json_t *list = json_array();
    for (size_t i = 0; i < handing->count; i++) {
        json_t *json = handing->reports[i].json;
        json_object_set_new(json, "status", json_integer(handing->reports[i].status));
        json_array_append_new(list, json);
    }
    return json_pack("{s:o}", "reports", list);
}

static void finish(struct handing *handing) {
    bool all_busy = true;
    for (size_t i = 0; i < handing->count; i++)
        all_busy = all_busy && handing->reports[i].status == 503;
    if (all_busy)
        http_add_header(handing->request, "Retry-After", "1");
    if (handing->several)
        http_answer_json(handing->request, all_busy ? 503 : 207, list_json(handing));
    else
        http_answer_json(handing->request, handing->reports[0].status, handing->reports[0].json);
    free(handing);
}

static void settle(struct handed *handed, int status, json_t *take_json) {
    struct handing *handing = handed->handing;
    handed->status = status;
    handed->json = take_json;
    if (--handing->waiting == 0 && handing->started)
        finish(handing);
}

static json_t *error_json(const struct reason *why) {
    return json_pack("{s:{s:s, s:s}}", "error", "field", why->field, "reason", why->text);
}

void handing_refuse(struct handing *handing, size_t nth, const struct reason *why) {
    settle(&handing->reports[nth], 400, error_json(why));
}

/* The city may have been loaded anew since the report was sent. */
static void refused(struct handed *handed, const char *field, const char *text) {
    struct handing *handing = handed->handing;
    char pointer[2 * SOURCE_PLACE_MAX + 24];
    const struct city *city = intake_city(handing->intake);
    const struct source *source = city != NULL ? city_source(city, handing->source) : NULL;
    const char *place = source != NULL ? source_place(source, field) : field;
    struct reason why;
    if (handing->several)
        snprintf(pointer, sizeof pointer, "%s/%zu%s%s", handing->at, (size_t)(handed - handing->reports),
                 place[0] == '/' ? "" : "/", place);
    else
        snprintf(pointer, sizeof pointer, "%s", place);
    (void)refuse(&why, pointer, "%s", text);
    settle(handed, 400, error_json(&why));
}

static void answered(void *context, const uint8_t *reply, size_t size) {
    struct handed *handed = context;
    enum message type = message_peek(reply, size);
    union {
        struct accepted accepted;
        struct refused refused;
    } message;
    struct reason why;
    if (type == MESSAGE_accepted && message_decode(type, reply, size, &message, &why) == 0) {
        settle(handed, message.accepted.repeated ? 200 : 201, accepted_json(&message.accepted));
    } else if (type == MESSAGE_refused && message_decode(type, reply, size, &message, &why) == 0) {
        refused(handed, message.refused.field, message.refused.reason);
    } else {
        (void)refuse(&why, "", "too busy now; nothing was kept, send the same report again");
        settle(handed, 503, error_json(&why));
    }
}

void handing_submit(struct handing *handing, size_t nth, struct submit *report) {
    intake_trace(handing->intake, handing->request, report->traceparent);
    const struct request_ask ask = {
        .request = report, .client = handing->source, .answer = answered, .context = &handing->reports[nth]};
    service_request(handing->intake->loop, &ask);
}

void handing_end(struct handing *handing) {
    handing->started = true;
    if (handing->waiting == 0)
        finish(handing);
}
