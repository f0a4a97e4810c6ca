#include "proto/codec.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "proto/cursor.h"
#include "proto/field.h"
#include "proto/guard.h"

static bool token_is(const struct token *token, const char *text, size_t size) {
    return token->kind == TOKEN_TEXT && token->size == size && memcmp(token->bytes, text, size) == 0;
}

/* Reads the map's head and the pair "t": name. Returns the pairs that follow, -1 when it does not begin so. */
static long read_head(struct cursor *cursor, struct token *name) {
    struct token map = cursor_next(cursor);
    if (map.kind != TOKEN_MAP || map.size == 0)
        return -1;
    struct token key = cursor_next(cursor);
    if (!token_is(&key, "t", 1))
        return -1;
    *name = cursor_next(cursor);
    return name->kind == TOKEN_TEXT ? (long)map.size - 1 : -1;
}

static const struct message_spec *spec_named(const struct token *name) {
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++)
        if (token_is(name, specs[i].name, specs[i].name_size))
            return &specs[i];
    return NULL;
}

enum message message_peek(const uint8_t *data, size_t size) {
    struct cursor cursor = {data, data + size};
    struct token name;
    if (read_head(&cursor, &name) < 0)
        return MESSAGE_NONE;
    const struct message_spec *spec = spec_named(&name);
    return spec ? spec->number : MESSAGE_NONE;
}

static int read_text(const struct field_spec *field, const struct token *token, char *member, struct reason *why) {
    if (token->kind != TOKEN_TEXT)
        return refuse(why, field->name, "must be a text (str)");
    if (field_check_text(field, (const char *)token->bytes, token->size, why))
        return -1;
    memcpy(member, token->bytes, token->size);
    member[token->size] = '\0';
    return 0;
}

static int read_real(const struct field_spec *field, const struct token *token, void *member, struct reason *why) {
    double real;
    if (token->kind == TOKEN_FLOAT)
        real = token->real;
    else if (token->kind == TOKEN_UNSIGNED) /* some libraries write 33.0 as 33 */
        real = (double)token->number;
    else if (token->kind == TOKEN_NEGATIVE)
        real = (double)token->negative;
    else
        return refuse(why, field->name, "must be a number");
    if (!isfinite(real))
        return refuse(why, field->name, "must be a finite number");
    memcpy(member, &real, sizeof real);
    return 0;
}

static int read_member(const struct field_spec *field, const struct token *token, void *member, struct reason *why) {
    switch (field->type) {
    case FIELD_TEXT:
        return read_text(field, token, member, why);
    case FIELD_U64:
        if (token->kind != TOKEN_UNSIGNED)
            return refuse(why, field->name, "must be an integer of 0 or more");
        memcpy(member, &token->number, sizeof token->number);
        return 0;
    case FIELD_I64:
        if (token->kind != TOKEN_NEGATIVE && token->kind != TOKEN_UNSIGNED)
            return refuse(why, field->name, "must be an integer");
        if (token->kind == TOKEN_UNSIGNED && token->number > INT64_MAX)
            return refuse(why, field->name, "larger than 9223372036854775807");
        memcpy(member, token->kind == TOKEN_NEGATIVE ? (const void *)&token->negative : &token->number, 8);
        return 0;
    case FIELD_F64:
        return read_real(field, token, member, why);
    case FIELD_FLAG:
        if (token->kind != TOKEN_FLAG)
            return refuse(why, field->name, "must be true or false");
        memcpy(member, &token->flag, sizeof token->flag);
        return 0;
    }
    return refuse(why, field->name, "has no type");
}

static void clear_member(const struct field_spec *field, void *member) {
    switch (field->type) {
    case FIELD_TEXT:
        *(char *)member = '\0';
        return;
    case FIELD_U64:
    case FIELD_I64:
        memset(member, 0, sizeof(uint64_t));
        return;
    case FIELD_F64:
        memcpy(member, &(double){NAN}, sizeof(double));
        return;
    case FIELD_FLAG:
        *(bool *)member = false;
        return;
    }
}

/* Place of the field with this key, looking from `likely` on and around; field_count when there is none. A sender that
 * keeps to table order is found at once, or after the few optional fields it left out. */
static size_t find_field(const struct message_spec *spec, const struct token *key, size_t likely) {
    for (size_t i = likely; i < spec->field_count; i++)
        if (token_is(key, spec->fields[i].name, spec->fields[i].name_size))
            return i;
    for (size_t i = 0; i < likely; i++)
        if (token_is(key, spec->fields[i].name, spec->fields[i].name_size))
            return i;
    return spec->field_count;
}

/* Reads the pairs behind the head and clears the members of those that did not come. */
static int read_fields(const struct message_spec *spec, struct cursor *cursor, long pairs, char *value,
                       struct reason *why) {
    uint64_t seen = 0; /* a bit for each field, MESSAGE_FIELDS_MAX of them */
    size_t likely = 0;
    for (; pairs > 0; pairs--) {
        struct token key = cursor_next(cursor);
        if (key.kind != TOKEN_TEXT)
            return refuse(why, spec->name, "keys must be texts (str)");
        size_t place = find_field(spec, &key, likely);
        if (place == spec->field_count) {
            cursor->at += guard_object_size(cursor->at, (size_t)(cursor->end - cursor->at));
            continue;
        }
        const struct field_spec *field = &spec->fields[place];
        if (seen >> place & 1)
            return refuse(why, field->name, "stands twice");
        seen |= UINT64_C(1) << place;
        likely = place + 1;
        struct token token = cursor_next(cursor);
        if (read_member(field, &token, value + field->offset, why))
            return -1;
    }

    for (size_t i = 0; i < spec->field_count; i++) {
        if (seen >> i & 1)
            continue;
        if (spec->fields[i].needed)
            return refuse(why, spec->fields[i].name, "is missing");
        clear_member(&spec->fields[i], value + spec->fields[i].offset);
    }
    return 0;
}

int message_decode(enum message number, const uint8_t *data, size_t size, void *value, struct reason *why) {
    const struct message_spec *spec = message_spec(number);
    assert(spec);

    size_t whole = guard_object_size(data, size);
    if (whole == 0)
        return refuse(why, spec->name, "not one whole msgpack object, or too deep, too many parts, ext types");
    if (whole < size)
        return refuse(why, spec->name, "%zu bytes follow behind the message", size - whole);

    struct cursor cursor = {data, data + size};
    struct token name;
    long pairs = read_head(&cursor, &name);
    if (pairs < 0)
        return refuse(why, "t", "a message is a map whose first key is \"t\" with the message's name");
    if (!token_is(&name, spec->name, spec->name_size)) {
        const struct message_spec *other = spec_named(&name);
        return refuse(why, "t", "must be %s here, not %s", spec->name, other ? other->name : "an unknown message");
    }
    return read_fields(spec, &cursor, pairs, value, why);
}
