#include "services/intake/http_api.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message_json.h"
#include "common/service.h"
#include "services/intake/admission.h"
#include "services/intake/intake.h"

#define JSON "application/json; charset=utf-8"
#define HTTP_CLIENT "http" /* idempotency keys of all HTTP callers share this name */

static void answer_json(struct http_request *request, int status, json_t *take_object) {
    char *text = json_dumps(take_object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    http_answer(request, status, JSON, text, strlen(text));
    free(text);
    json_decref(take_object);
}

/* ---- POST /reports -------------------------------------------------------------------------------------------------- */

static void answer_accepted(struct http_request *request, const uint8_t *reply, size_t size) {
    struct accepted accepted;
    struct reason why;
    if (message_decode(MESSAGE_accepted, reply, size, &accepted, &why) != 0) {
        http_refuse(request, 500, &why);
        return;
    }
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)accepted.case_id);
    answer_json(request, accepted.repeated ? 200 : 201, json_pack("{s:s}", "case", id));
}

static void answer_refused(struct http_request *request, const uint8_t *reply, size_t size) {
    struct refused refused;
    struct reason why, decode_why;
    if (message_decode(MESSAGE_refused, reply, size, &refused, &decode_why) != 0) {
        http_refuse(request, 500, &decode_why);
        return;
    }
    (void)refuse(&why, refused.field, "%s", refused.reason);
    http_refuse(request, 400, &why);
}

static void posted(void *context, const uint8_t *reply, size_t size) {
    struct http_request *request = context;
    enum message type = message_peek(reply, size);
    if (type == MESSAGE_accepted) {
        answer_accepted(request, reply, size);
    } else if (type == MESSAGE_refused) {
        answer_refused(request, reply, size);
    } else {
        struct reason why;
        (void)refuse(&why, "", "too busy now; nothing was kept, send the same report again");
        http_refuse(request, 503, &why);
    }
}

/* The caller's Idempotency-Key, or one of our own: then a retry is a new report. */
static int read_key(const struct http_request *request, char *key, size_t room, struct reason *why) {
    const char *given = http_header(request, "Idempotency-Key");
    if (given != NULL) {
        if (strlen(given) >= room)
            return refuse(why, "Idempotency-Key", "must be at most %zu bytes", room - 1);
        snprintf(key, room, "%s", given);
        return 0;
    }
    unsigned char random[16];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, room, random, sizeof random);
    return 0;
}

static int read_report(const struct http_request *request, struct submit *submit, struct reason *why) {
    size_t size;
    const uint8_t *body = http_body(request, &size);
    json_error_t error;
    json_t *json = json_loadb((const char *)body, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        return refuse(why, "body", "line %d, column %d: %s", error.line, error.column, error.text);
    char key[sizeof submit->key];
    int status = -1;
    if (!json_is_object(json))
        (void)refuse(why, "body", "must be a JSON object");
    else if (json_object_get(json, "key") != NULL)
        (void)refuse(why, "key", "goes into the Idempotency-Key header");
    else if (read_key(request, key, sizeof key, why) == 0 && json_object_set_new(json, "key", json_string(key)) == 0)
        status = message_from_json(MESSAGE_submit, json, submit, why);
    else
        (void)refuse(why, "Idempotency-Key", "must be UTF-8 of at most %zu bytes", sizeof key - 1);
    json_decref(json);
    return status;
}

void intake_post_report(struct http_request *request, void *context) {
    struct submit submit;
    struct reason why;
    if (admission_check(intake_of(context), request, NULL) != 0)
        return;
    if (read_report(request, &submit, &why) != 0) {
        http_refuse(request, 400, &why);
        return;
    }
    if (admission_check_reporter(intake_of(context), request, &submit) != 0)
        return;
    struct request_ask ask = {.request = &submit, .client = HTTP_CLIENT, .answer = posted, .context = request};
    service_request(context, &ask);
}

/* ---- GET /reports/CASE ------------------------------------------------------------------------------------------------ */

static void got(void *context, const PGresult *result) {
    struct http_request *request = context;
    struct reason why;
    if (result == NULL) {
        (void)refuse(&why, "", "the database does not answer; try again");
        http_refuse(request, 503, &why);
        return;
    }
    if (PQntuples(result) == 0) {
        (void)refuse(&why, "case", "there is no such report");
        http_refuse(request, 404, &why);
        return;
    }
    struct report_received report;
    size_t size;
    const uint8_t *body = db_bytea(result, 0, 0, &size);
    if (message_decode(MESSAGE_report_received, body, size, &report, &why) != 0) {
        http_refuse(request, 500, &why);
        return;
    }
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)report.case_id);
    json_t *json = message_to_json(MESSAGE_report_received, &report);
    json_object_set_new(json, "case", json_string(id));
    answer_json(request, 200, json);
}

void intake_get_report(struct http_request *request, void *context) {
    const char *id = http_path_rest(request);
    size_t digits = strspn(id, "0123456789");
    if (digits == 0 || id[digits] != '\0' || digits > 18) {
        struct reason why;
        (void)refuse(&why, "case", "must be a number of at most 18 digits");
        http_refuse(request, 404, &why);
        return;
    }
    service_query(context, "intake_report", id, got, request);
}
