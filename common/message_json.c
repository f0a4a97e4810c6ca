#include "common/message_json.h"

#include <math.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static void set_absent(const struct field_spec *field, void *at) {
    switch (field->type) {
    case FIELD_TEXT:
        *(char *)at = '\0';
        return;
    case FIELD_U64:
        *(uint64_t *)at = 0;
        return;
    case FIELD_I64:
        *(int64_t *)at = 0;
        return;
    case FIELD_F64:
        *(double *)at = NAN;
        return;
    case FIELD_FLAG:
        *(bool *)at = false;
        return;
    }
}

static int read_text(const struct field_spec *field, const json_t *json, char *at, struct reason *why) {
    if (!json_is_string(json))
        return refuse(why, field->name, "must be a string");
    size_t length = json_string_length(json);
    if (length > field->limit)
        return refuse(why, field->name, "is %zu bytes long, at most %zu", length, field->limit);
    if (strlen(json_string_value(json)) != length)
        return refuse(why, field->name, "must not hold a NUL character");
    memcpy(at, json_string_value(json), length + 1);
    return 0;
}

static int read_integer(const struct field_spec *field, const json_t *json, int64_t *at, struct reason *why) {
    if (!json_is_integer(json))
        return refuse(why, field->name, "must be a whole number");
    if (field->type == FIELD_U64 && json_integer_value(json) < 0)
        return refuse(why, field->name, "must not be negative");
    *at = json_integer_value(json);
    return 0;
}

static int read_field(const struct field_spec *field, const json_t *json, void *at, struct reason *why) {
    switch (field->type) {
    case FIELD_TEXT:
        return read_text(field, json, at, why);
    case FIELD_U64:
    case FIELD_I64:
        return read_integer(field, json, at, why);
    case FIELD_F64:
        if (!json_is_number(json))
            return refuse(why, field->name, "must be a number");
        *(double *)at = json_number_value(json);
        return 0;
    case FIELD_FLAG:
        if (!json_is_boolean(json))
            return refuse(why, field->name, "must be true or false");
        *(bool *)at = json_is_true(json);
        return 0;
    }
    return -1;
}

static const struct field_spec *field_named(const struct message_spec *spec, const char *name) {
    for (size_t i = 0; i < spec->field_count; i++)
        if (strcmp(spec->fields[i].name, name) == 0)
            return &spec->fields[i];
    return NULL;
}

int message_from_json(enum message number, const json_t *object, void *value, struct reason *why) {
    const struct message_spec *spec = message_spec(number);
    if (!json_is_object(object))
        return refuse(why, "", "must be a JSON object");
    for (size_t i = 0; i < spec->field_count; i++)
        set_absent(&spec->fields[i], (char *)value + spec->fields[i].offset);
    const char *name;
    json_t *json;
    json_object_foreach((json_t *)object, name, json) {
        const struct field_spec *field = field_named(spec, name);
        if (field == NULL)
            return refuse(why, name, "there is no such field here");
        if (json_is_null(json))
            continue;
        if (read_field(field, json, (char *)value + field->offset, why) != 0)
            return -1;
    }
    return message_check(number, value, why);
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

/* NULL: the field is absent. */
static json_t *json_of(const struct field_spec *field, const void *at) {
    switch (field->type) {
    case FIELD_TEXT:
        return *(const char *)at == '\0' ? NULL : json_string(at);
    case FIELD_U64:
        return *(const uint64_t *)at == 0 ? NULL : json_integer((json_int_t) * (const uint64_t *)at);
    case FIELD_I64:
        return *(const int64_t *)at == 0 ? NULL : json_integer(*(const int64_t *)at);
    case FIELD_F64:
        return isnan(*(const double *)at) ? NULL : json_real(*(const double *)at);
    case FIELD_FLAG:
        return *(const bool *)at ? json_true() : NULL;
    }
    return NULL;
}

json_t *message_to_json(enum message number, const void *value) {
    const struct message_spec *spec = message_spec(number);
    json_t *object = json_object();
    for (size_t i = 0; i < spec->field_count; i++) {
        json_t *json = json_of(&spec->fields[i], (const char *)value + spec->fields[i].offset);
        if (json != NULL)
            json_object_set_new(object, spec->fields[i].name, json);
    }
    return object;
}
