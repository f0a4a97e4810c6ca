#include "services/intake/open311_source.h"

#include <assert.h>

#include "common/http_form.h"
#include "common/loop.h"
#include "services/intake/credential.h"

static const char *key_of(const struct http_request *request) {
    const char *key = http_form_value(request, "api_key");
    if (key == NULL)
        key = http_query(request, "api_key");
    if (key == NULL)
        key = api_key_of(request);
    return key != NULL && *key != '\0' ? key : NULL;
}

bool open311_has_key(const struct http_request *request) {
    return key_of(request) != NULL;
}

const struct source *open311_source_find(const struct open311_call *call, bool needs_key, struct reason *why) {
    const char *key = key_of(call->request),
               *code = settings_text(call->intake->loop->settings, "ZHITONG_OPEN311_SOURCE");
    if (key == NULL && (needs_key || *code == '\0')) {
        (void)refuse(why, "api_key", "is missing; discovery says where to get one");
        return NULL;
    }
    if (key != NULL)
        code = source_of_key(call->intake, key);
    const struct source *source = code != NULL ? city_source(intake_city(call->intake), code) : NULL;
    if (source == NULL || source->adapter != ADAPTER_HTTP) {
        (void)refuse(why, "api_key", "is not a key of a source that may report here");
        return NULL;
    }
    return source;
}

size_t open311_fields_of(const struct http_request *request, struct open311_field fields[FORM_FIELDS_MAX]) {
    size_t count = http_form_count(request);
    assert(count <= FORM_FIELDS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct http_form_field *field = http_form_at(request, i);
        fields[i] = (struct open311_field){field->name, field->value, field->file};
    }
    return count;
}
