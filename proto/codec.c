#include "proto/codec.h"

#include <assert.h>
#include <math.h>
#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

#include "proto/field.h"
#include "proto/text.h"

#define BYTES_ROOM_MIN 512

/* ---- bytes ------------------------------------------------------------------------------------------ */

void bytes_append(struct bytes *bytes, const void *data, size_t size) {
    if (bytes->room - bytes->size < size) {
        size_t room = bytes->room < BYTES_ROOM_MIN ? BYTES_ROOM_MIN : bytes->room;
        while (room - bytes->size < size)
            room *= 2;
        uint8_t *grown = realloc(bytes->data, room);
        if (!grown)
            abort();
        bytes->data = grown;
        bytes->room = room;
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void bytes_close(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}

/* ---- one field of a struct ---------------------------------------------------------------------------- */

static uint64_t number_at(const void *member) {
    uint64_t number;
    memcpy(&number, member, sizeof number);
    return number;
}

static double real_at(const void *member) {
    double real;
    memcpy(&real, member, sizeof real);
    return real;
}

int field_check_text(const struct field_spec *field, const char *text, size_t size, struct reason *why) {
    if (size > field->limit)
        return refuse(why, field->name, "longer than %zu bytes; shorten it", field->limit);
    if (size == 0 && field->needed)
        return refuse(why, field->name, "must not be empty");
    size_t clean = text_clean(text, size);
    if (clean < size)
        return refuse(why, field->name, "byte %zu is not UTF-8, or is a control character", clean + 1);
    return 0;
}

/* Checks the member and sets *size to what is to be written: bytes of a text, 1 for the others, 0 for what is absent. */
static int member_check(const struct field_spec *field, const void *member, size_t *size, struct reason *why) {
    switch (field->type) {
    case FIELD_TEXT:
        *size = strnlen(member, field->limit + 1);
        return field_check_text(field, member, *size, why);
    case FIELD_U64:
    case FIELD_I64:
        *size = field->needed || number_at(member) != 0;
        return 0;
    case FIELD_F64: {
        double real = real_at(member);
        if (isinf(real) || (field->needed && isnan(real)))
            return refuse(why, field->name, "must be a finite number");
        *size = !isnan(real);
        return 0;
    }
    case FIELD_FLAG:
        *size = field->needed || *(const bool *)member;
        return 0;
    }
    return refuse(why, field->name, "has no type");
}

int message_check(enum message number, const void *value, struct reason *why) {
    const struct message_spec *spec = message_spec(number);
    assert(spec);
    for (size_t i = 0; i < spec->field_count; i++) {
        size_t size;
        if (member_check(&spec->fields[i], (const char *)value + spec->fields[i].offset, &size, why))
            return -1;
    }
    return 0;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static int write_bytes(void *bytes, const char *data, size_t size) {
    bytes_append(bytes, data, size);
    return 0;
}

static void write_text(msgpack_packer *packer, const char *text, size_t size) {
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

static void write_member(msgpack_packer *packer, const struct field_spec *field, const void *member, size_t size) {
    switch (field->type) {
    case FIELD_TEXT:
        write_text(packer, member, size);
        return;
    case FIELD_U64:
        msgpack_pack_uint64(packer, number_at(member));
        return;
    case FIELD_I64:
        msgpack_pack_int64(packer, (int64_t)number_at(member));
        return;
    case FIELD_F64:
        msgpack_pack_double(packer, real_at(member));
        return;
    case FIELD_FLAG:
        if (*(const bool *)member)
            msgpack_pack_true(packer);
        else
            msgpack_pack_false(packer);
        return;
    }
}

size_t message_encode(enum message number, const void *value, struct bytes *out) {
    const struct message_spec *spec = message_spec(number);
    assert(spec);

    size_t sizes[MESSAGE_FIELDS_MAX];
    size_t present = 0;
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct field_spec *field = &spec->fields[i];
        int refused = member_check(field, (const char *)value + field->offset, &sizes[i], NULL);
        assert(!refused);
        present += sizes[i] > 0;
    }

    size_t before = out->size;
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, write_bytes);
    msgpack_pack_map(&packer, 1 + present);
    write_text(&packer, "t", 1);
    write_text(&packer, spec->name, spec->name_size);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct field_spec *field = &spec->fields[i];
        if (sizes[i] == 0)
            continue;
        write_text(&packer, field->name, field->name_size);
        write_member(&packer, field, (const char *)value + field->offset, sizes[i]);
    }
    return out->size - before;
}
