#include "services/intake/webhook_map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON pointers ------------------------------------------------------------------------------------------------------ */

/* One part without its escapes; NULL: too long, or a tilde that escapes nothing. Moves *at behind it. */
static const char *next_part(const char **at, char part[SOURCE_PLACE_MAX + 1]) {
    size_t size = 0;
    const char *from = *at + 1; /* behind the slash */
    for (; *from != '\0' && *from != '/'; from++) {
        if (size == SOURCE_PLACE_MAX || (*from == '~' && from[1] != '0' && from[1] != '1'))
            return NULL;
        part[size++] = *from != '~' ? *from : *++from == '0' ? '~' : '/';
    }
    part[size] = '\0';
    *at = from;
    return part;
}

static const json_t *element(const json_t *array, const char *part) {
    size_t length = strlen(part);
    bool is_index = length > 0 && length < 7 && strspn(part, "0123456789") == length && (part[0] != '0' || length == 1);
    return is_index ? json_array_get(array, strtoul(part, NULL, 10)) : NULL;
}

const json_t *json_at(const json_t *document, const char *pointer) {
    char part[SOURCE_PLACE_MAX + 1];
    const json_t *json = document;
    if (*pointer != '\0' && *pointer != '/')
        return NULL;
    while (json != NULL && *pointer != '\0') {
        if (next_part(&pointer, part) == NULL)
            return NULL;
        json = json_is_array(json) ? element(json, part) : json_object_get(json, part);
    }
    return json;
}

/* ---- reports ------------------------------------------------------------------------------------------------------------- */

int webhook_body_read(struct webhook_body *out, const struct source *source, const json_t *document,
                      struct reason *why) {
    const struct source_field *field = source_field(source, SOURCE_REPORTS);
    *out = (struct webhook_body){.document = document, .at = field != NULL ? field->at : "", .count = 1};
    const json_t *found = json_at(document, out->at);
    if (json_is_array(found)) {
        out->reports = found;
        out->count = json_array_size(found);
    } else if (!json_is_object(found)) {
        return refuse(why, out->at[0] != '\0' ? out->at : "body", "must be a report or an array of reports");
    }
    if (out->count == 0 || out->count > WEBHOOK_REPORTS_MAX)
        return refuse(why, out->at[0] != '\0' ? out->at : "body", "must hold 1 to %d reports", WEBHOOK_REPORTS_MAX);
    return 0;
}

static enum found put_text(char *text, const json_t *json, struct reason *why) {
    size_t length = json_string_length(json);
    if (length > SOURCE_TEXT_MAX) {
        (void)refuse(why, "", "has %zu bytes, which is too long", length);
        return FOUND_WRONG;
    }
    if (strlen(json_string_value(json)) != length) {
        (void)refuse(why, "", "must not hold a NUL character");
        return FOUND_WRONG;
    }
    memcpy(text, json_string_value(json), length + 1);
    return FOUND_TEXT;
}

static enum found find(void *context, const struct source_field *field, char *text, struct reason *why) {
    const json_t *json = json_at(context, field->at);
    bool is_flag = field->spec != NULL && field->spec->type == FIELD_FLAG;
    if (json == NULL || json_is_null(json))
        return FOUND_NOTHING;
    if (json_is_string(json))
        return put_text(text, json, why);
    if (json_is_integer(json)) {
        snprintf(text, SOURCE_TEXT_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return FOUND_TEXT;
    }
    if (json_is_real(json)) {
        snprintf(text, SOURCE_TEXT_MAX, "%.17g", json_real_value(json));
        return FOUND_TEXT;
    }
    if (json_is_boolean(json) && (is_flag || field->value_count > 0)) {
        strcpy(text, json_is_true(json) ? "true" : "false");
        return FOUND_TEXT;
    }
    (void)refuse(why, "", "must be a text or a number");
    return FOUND_WRONG;
}

void webhook_place(const struct webhook_body *body, size_t nth, struct reason *why) {
    char field[REASON_FIELD_MAX + 1], text[REASON_TEXT_MAX + 1], pointer[SOURCE_PLACE_MAX + REASON_FIELD_MAX + 24];
    if (body->reports == NULL)
        return;
    snprintf(field, sizeof field, "%s", why->field);
    snprintf(text, sizeof text, "%s", why->text);
    snprintf(pointer, sizeof pointer, "%s/%zu%s%s", body->at, nth, field[0] == '/' || field[0] == '\0' ? "" : "/",
             field);
    (void)refuse(why, pointer, "%s", text);
}

int webhook_report(const struct webhook_body *body, size_t nth, const struct webhook_origin *origin, struct submit *out,
                   struct reason *why) {
    const json_t *json = body->reports != NULL ? json_array_get(body->reports, nth) : json_at(body->document, body->at);
    const struct source_reader reader = {.source = origin->source,
                                         .zone = origin->zone,
                                         .find = find,
                                         .context = (json_t *)(uintptr_t)json,
                                         .key = origin->key};
    int status = json_is_object(json) ? source_report(&reader, out, why) : refuse(why, "", "must be an object");
    if (status != 0)
        webhook_place(body, nth, why);
    return status;
}
