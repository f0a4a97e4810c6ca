#include "services/intake/open311_source.h"

#include <assert.h>
#include <string.h>

#include "common/http_form.h"
#include "common/loop.h"
#include "services/intake/credential.h"

#define ADAPTER "http" /* of sources.csv: Open311 and JSON */

static const char *key_of(const struct http_request *request) {
    const char *key = http_form_value(request, "api_key");
    if (key == NULL)
        key = http_query(request, "api_key");
    return key != NULL && *key != '\0' ? key : NULL;
}

int open311_source_find(const struct open311_call *call, struct open311_source *source, struct reason *why) {
    const char *key = key_of(call->request);
    const char *code = key != NULL ? source_of_key(call->intake, key)
                                   : settings_text(call->intake->loop->settings, "ZHITONG_OPEN311_SOURCE");
    if (code == NULL) {
        (void)refuse(why, "api_key", "is not a key that we know");
        return 403;
    }
    if (*code == '\0') {
        (void)refuse(why, "api_key", "is missing; discovery says where to get one");
        return 403;
    }
    if (!open311_book_source(call->intake->book, code, source) || strcmp(source->adapter, ADAPTER) != 0) {
        (void)refuse(why, "api_key", "belongs to no source that may report here");
        return 403;
    }
    return 0;
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
