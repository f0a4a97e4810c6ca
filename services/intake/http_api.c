#include "services/intake/http_api.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "common/ids.h"
#include "common/json_parts.h"
#include "common/message_json.h"
#include "common/service.h"
#include "common/source_map.h"
#include "proto/text.h"
#include "services/intake/admission.h"
#include "services/intake/credential.h"
#include "services/intake/handing.h"
#include "services/intake/report.h"

#define HTTP_CLIENT REPORT_PUBLIC_CLIENT /* idempotency keys of all HTTP callers share this name */

/* ---- POST /reports -------------------------------------------------------------------------------------------------- */

static void answer_accepted(struct http_request *request, const uint8_t *reply, size_t size) {
    struct accepted accepted;
    struct reason why;
    if (message_decode(MESSAGE_accepted, reply, size, &accepted, &why) != 0) {
        http_refuse(request, 500, &why);
        return;
    }
    http_answer_json(request, accepted.repeated ? 200 : 201, accepted_json(&accepted));
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
        http_refuse_field(request, 503, "", "too busy now; nothing was kept, send the same report again");
    }
}

/* The caller's Idempotency-Key, or one of our own: then a retry is a new report. */
static int read_key(const struct http_request *request, char *key, size_t room, struct reason *why) {
    const char *given = http_header(request, "Idempotency-Key");
    if (given != NULL) {
        size_t length = strlen(given);
        if (length == 0 || length >= room || text_clean(given, length) != length)
            return refuse(why, "Idempotency-Key", "must be 1 to %zu bytes of UTF-8 without control characters",
                          room - 1);
        snprintf(key, room, "%s", given);
        return 0;
    }
    unsigned char random[16];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, room, random, sizeof random);
    return 0;
}

/* What a source need not say, because it is always the same. */
static void fill_source(const struct http_request *request, const struct source *source, json_t *json, char *key) {
    const char *id = json_string_value(json_object_get(json, "source_id"));
    json_add_default(json, "channel", source->channel);
    json_add_default(json, "item", source->item);
    json_add_default(json, "area", source->area);
    json_add_default(json, "datum", source->datum);
    if (id != NULL && http_header(request, "Idempotency-Key") == NULL)
        source_key(key, id);
}

/* `source` is NULL for whoever has no key. */
static int read_report(const struct http_request *request, const struct source *source, struct submit *submit,
                       struct reason *why) {
    json_t *json = http_body_object(request, why);
    if (json == NULL)
        return -1;
    char key[sizeof submit->key];
    int status = -1;
    if (json_object_get(json, "key") != NULL) {
        (void)refuse(why, "key", "goes into the Idempotency-Key header");
    } else if (read_key(request, key, sizeof key, why) == 0) {
        if (source != NULL)
            fill_source(request, source, json, key);
        report_pack_attributes(json);
        json_object_set_new(json, "key", json_string(key));
        status = message_from_json(MESSAGE_submit, json, submit, why);
    }
    json_decref(json);
    return status;
}

void intake_post_report(struct http_request *request, void *context) {
    const struct source *source = NULL;
    struct submit submit;
    struct reason why;
    if (source_of_caller(intake_of(context), request, &source, &why) != 0) {
        if (admission_check(intake_of(context), request, NULL) == 0)
            http_refuse(request, 401, &why);
        return;
    }
    if (admission_check(intake_of(context), request, source != NULL ? source->code : NULL) != 0)
        return;
    if (read_report(request, source, &submit, &why) != 0) {
        http_refuse(request, 400, &why);
        return;
    }
    if (admission_check_reporter(intake_of(context), request, &submit) != 0)
        return;
    intake_trace(intake_of(context), request, submit.traceparent);
    struct request_ask ask = {.request = &submit,
                              .client = source != NULL ? source->code : HTTP_CLIENT,
                              .answer = posted,
                              .context = request};
    service_request(context, &ask);
}
