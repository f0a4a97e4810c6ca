#include "zhitong_reader.h"

#include <string.h>

static size_t left(const struct reader *reader) {
    return (size_t)(reader->end - reader->at);
}

/* A big-endian number of so many bytes. */
static bool read_number(struct reader *reader, size_t bytes, uint64_t *number) {
    if (left(reader) < bytes)
        return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | *reader->at++;
    return true;
}

static bool read_signed(struct reader *reader, size_t bytes, struct reader_value *value) {
    uint64_t number;
    if (!read_number(reader, bytes, &number))
        return false;
    unsigned shift = 64 - 8 * (unsigned)bytes;
    value->negative = (int64_t)(number << shift) >> shift; /* the sign reaches up */
    value->kind = value->negative < 0 ? READ_NEGATIVE : READ_UNSIGNED;
    if (value->negative >= 0)
        value->number = (uint64_t)value->negative;
    return true;
}

static bool read_real(struct reader *reader, size_t bytes, struct reader_value *value) {
    uint64_t number;
    value->kind = READ_FLOAT;
    if (!read_number(reader, bytes, &number))
        return false;
    if (bytes == 8) {
        memcpy(&value->real, &number, 8);
        return true;
    }
    uint32_t half = (uint32_t)number;
    float narrow;
    memcpy(&narrow, &half, 4);
    value->real = (double)narrow;
    return true;
}

static bool take_bytes(struct reader *reader, uint64_t size, struct reader_value *value) {
    if (left(reader) < size)
        return false;
    value->text = (const char *)reader->at;
    value->size = (size_t)size;
    reader->at += size;
    return true;
}

/* Every element has a byte at least: what claims more than are left lies. */
static bool take_count(const struct reader *reader, uint64_t count, struct reader_value *value) {
    size_t each = value->kind == READ_MAP ? 2 : 1;
    if (count > left(reader) / each)
        return false;
    value->size = (size_t)count;
    return true;
}

static bool read_sized(struct reader *reader, size_t bytes, struct reader_value *value) {
    uint64_t size;
    if (!read_number(reader, bytes, &size))
        return false;
    bool counts = value->kind == READ_ARRAY || value->kind == READ_MAP;
    return counts ? take_count(reader, size, value) : take_bytes(reader, size, value);
}

/* 0xc0 to 0xdf, where the byte says how many bytes of length or number follow. */
static bool read_long(struct reader *reader, uint8_t byte, struct reader_value *value) {
    switch (byte) {
    case 0xc0:
        value->kind = READ_NIL;
        return true;
    case 0xc2:
    case 0xc3:
        value->kind = READ_FLAG;
        value->number = byte - 0xc2u;
        return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        value->kind = READ_BYTES;
        return read_sized(reader, (size_t)1 << (byte - 0xc4), value);
    case 0xca:
    case 0xcb:
        return read_real(reader, byte == 0xca ? 4 : 8, value);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        value->kind = READ_UNSIGNED;
        return read_number(reader, (size_t)1 << (byte - 0xcc), &value->number);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(reader, (size_t)1 << (byte - 0xd0), value);
    case 0xd9:
    case 0xda:
    case 0xdb:
        value->kind = READ_TEXT;
        return read_sized(reader, (size_t)1 << (byte - 0xd9), value);
    case 0xdc:
    case 0xdd:
        value->kind = READ_ARRAY;
        return read_sized(reader, (size_t)2 << (byte - 0xdc), value);
    case 0xde:
    case 0xdf:
        value->kind = READ_MAP;
        return read_sized(reader, (size_t)2 << (byte - 0xde), value);
    default:
        return false; /* ext types, and 0xc1, which means nothing */
    }
}

bool reader_value(struct reader *reader, struct reader_value *value) {
    *value = (struct reader_value){.kind = READ_UNSIGNED};
    if (left(reader) == 0)
        return false;
    uint8_t byte = *reader->at++;
    if (byte < 0x80) {
        value->number = byte;
        return true;
    }
    if (byte >= 0xe0) {
        value->kind = READ_NEGATIVE;
        value->negative = (int8_t)byte;
        return true;
    }
    if (byte >= 0xc0)
        return read_long(reader, byte, value);
    if (byte >= 0xa0) {
        value->kind = READ_TEXT;
        return take_bytes(reader, byte - 0xa0u, value);
    }
    value->kind = byte < 0x90 ? READ_MAP : READ_ARRAY;
    return take_count(reader, byte & 0x0fu, value);
}

bool reader_skip(struct reader *reader) {
    uint64_t open[READER_DEPTH_MAX + 1] = {1}; /* objects still to come at each depth */
    size_t depth = 0;
    for (int objects = 0; objects < READER_OBJECTS_MAX; objects++) {
        struct reader_value value;
        if (!reader_value(reader, &value))
            return false;
        open[depth]--;
        if (value.kind == READ_ARRAY || value.kind == READ_MAP) {
            if (++depth > READER_DEPTH_MAX)
                return false;
            open[depth] = value.kind == READ_MAP ? 2 * (uint64_t)value.size : value.size;
        }
        while (open[depth] == 0) {
            if (depth == 0)
                return true;
            depth--;
        }
    }
    return false;
}

bool reader_text_is(const struct reader_value *value, const char *text) {
    return value->kind == READ_TEXT && value->size == strlen(text) && memcmp(value->text, text, value->size) == 0;
}

bool reader_text_copy(const struct reader_value *value, char *to, size_t room) {
    if (value->kind != READ_TEXT || value->size >= room)
        return false;
    for (size_t i = 0; i < value->size; i++)
        if ((uint8_t)value->text[i] < 0x20 || value->text[i] == 0x7f)
            return false;
    if (value->size > 0)
        memcpy(to, value->text, value->size);
    to[value->size] = '\0';
    return true;
}
