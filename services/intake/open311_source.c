#include "services/intake/open311_source.h"

#include <assert.h>

#include "common/http_form.h"
#include "common/loop.h"
#include "services/intake/admission.h"
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

static const struct source *find(const struct open311_call *call, const char *key, bool needs_key, struct reason *why) {
    const char *code = settings_text(call->intake->loop->settings, "ZHITONG_OPEN311_SOURCE");
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

/* A wrong key counts for the address that it comes from, as none does. */
const struct source *open311_admit(struct open311_call *call, bool needs_key) {
    struct reason unknown, why;
    const char *key = key_of(call->request);
    const struct source *source = find(call, key, needs_key, &unknown);
    int status = admission_judge(call->intake, call->request, source != NULL && key != NULL ? source->code : NULL,
                                 &why);
    if (status == 0 && source != NULL)
        return source;
    open311_error(&call->errors, status != 0 ? status : 403, status != 0 ? &why : &unknown);
    open311_refuse(call);
    return NULL;
}

void open311_with_form(struct open311_call *call, open311_handler *then) {
    if (!http_is_form(call->request))
        open311_refuse_why(call, 400, "body",
                           "must be a form: application/x-www-form-urlencoded or multipart/form-data");
    else
        open311_with_book(call, then);
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
