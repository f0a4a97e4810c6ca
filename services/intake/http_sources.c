#include "services/intake/http_sources.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "services/intake/admission.h"
#include "services/intake/credential.h"
#include "services/intake/handing.h"
#include "services/intake/webhook_map.h"

/* ---- who sends -------------------------------------------------------------------------------------------------------------- */

static int check_key(struct intake *intake, const struct http_request *request, const char *code, struct reason *why) {
    const char *key = api_key_of(request), *owner = source_of_key(intake, key);
    if (key == NULL)
        return refuse(why, "Authorization", "sign the request, or send the source's key as `Bearer KEY`");
    if (owner == NULL || strcmp(owner, code) != 0)
        return refuse(why, "Authorization", "this key is not the source's, or it is revoked or expired");
    return 0;
}

static int check_sender(struct intake *intake, const struct http_request *request, const char *code,
                        struct reason *why) {
    struct webhook_signed signed_request = {.id = http_header(request, "webhook-id"),
                                            .timestamp = http_header(request, "webhook-timestamp"),
                                            .signature = http_header(request, "webhook-signature"),
                                            .body_signature = http_header(request, "X-Signature")};
    signed_request.body = http_body(request, &signed_request.size);
    if (signed_request.signature == NULL && signed_request.body_signature == NULL && signed_request.id == NULL)
        return check_key(intake, request, code, why);
    return source_check_signed(intake, code, &signed_request, why);
}

const struct source *source_of_request(struct intake *intake, struct http_request *request, enum adapter adapter) {
    const struct city *city = intake_city(intake);
    const char *code = http_path_rest(request);
    struct reason why;
    if (city == NULL || !credentials_known(intake)) {
        http_refuse_field(request, 503, "", "no city or no keys have been read yet; try again");
        return NULL;
    }
    /* An unknown source and a wrong key look the same: whoever has no key learns nothing about sources. */
    if (check_sender(intake, request, code, &why) != 0) {
        if (admission_check(intake, request, NULL) != 0)
            return NULL;
        http_add_header(request, "WWW-Authenticate", "Bearer");
        http_refuse(request, 401, &why);
        return NULL;
    }
    const struct source *source = city_source(city, code);
    if (source != NULL && source->adapter == adapter)
        return admission_check(intake, request, code) == 0 ? source : NULL;
    http_refuse_field(request, 404, "source", "the city has no such source of the adapter %s", adapter_name(adapter));
    return NULL;
}

/* ---- POST /sources/CODE/reports ----------------------------------------------------------------------------------------------- */

/* Reports without a number of their own: what is sent again, whole, is the same. The headers tell where they are signed, too: under
 * a signature of the body alone anybody who saw the request could send it again under another webhook-id. */
static void body_key(const struct http_request *request, char key[SOURCE_HASH_SIZE]) {
    const char *id = http_header(request, "webhook-signature") != NULL ? http_header(request, "webhook-id") : NULL;
    size_t size;
    const uint8_t *body = http_body(request, &size);
    char *text = id != NULL ? NULL : strndup((const char *)body, size);
    source_hash(key, id != NULL ? id : text);
    free(text);
}

static void hand_in(struct intake *intake, struct http_request *request, const struct source *source,
                    const struct webhook_body *body) {
    const struct handing_options options = {.intake = intake,
                                            .request = request,
                                            .source = source->code,
                                            .at = body->at,
                                            .count = body->count,
                                            .several = body->reports != NULL};
    struct handing *handing = handing_open(&options);
    struct submit *report = malloc(sizeof *report);
    char hash[SOURCE_HASH_SIZE], key[SOURCE_HASH_SIZE + 32];
    struct reason why;
    assert(report != NULL);
    body_key(request, hash);
    for (size_t i = 0; i < body->count; i++) {
        snprintf(key, sizeof key, "body:%s:%zu", hash, i);
        const struct webhook_origin origin = {source, city_zone(intake_city(intake)), key};
        if (webhook_report(body, i, &origin, report, &why) == 0)
            handing_submit(handing, i, report);
        else
            handing_refuse(handing, i, &why);
    }
    free(report);
    handing_end(handing);
}

void intake_post_webhook(struct http_request *request, void *context) {
    struct intake *intake = intake_of(context);
    const struct source *source = source_of_request(intake, request, ADAPTER_WEBHOOK);
    struct webhook_body body;
    struct reason why;
    if (source == NULL)
        return;
    json_t *json = http_body_json(request, &why);
    if (json == NULL || webhook_body_read(&body, source, json, &why) != 0)
        http_refuse(request, 400, &why);
    else
        hand_in(intake, request, source, &body);
    json_decref(json);
}
