#include "zhitong_owner.h"

#include <string.h>

#include "zhitong_reader.h"

static const struct {
    const char *name;
    enum owner_word word;
} words[] = {{"entries", OWNER_ENTRIES}, {"head", OWNER_HEAD},           {"skip", OWNER_SKIP},
             {"moved", OWNER_MOVED},     {"truncated", OWNER_TRUNCATED}, {"refused", OWNER_REFUSED}};

#define FIELDS_MAX 64
#define NUMBER(field) sizeof(((struct owner_message *)0)->field), offsetof(struct owner_message, field), false
#define TEXT(field) sizeof(((struct owner_message *)0)->field), offsetof(struct owner_message, field), true

static const struct {
    const char *name;
    size_t size, offset;
    bool is_text;
} fields[] = {{"stream", TEXT(stream)},         {"seq", NUMBER(seq)},
              {"first", NUMBER(first)},         {"count", NUMBER(count)},
              {"void_from", NUMBER(void_from)}, {"endpoint", TEXT(endpoint)},
              {"curve_key", TEXT(curve_key)},   {"field", TEXT(field)},
              {"reason", TEXT(reason)}};

static enum owner_word word_of(const struct reader_value *value) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (reader_text_is(value, words[i].name))
            return words[i].word;
    return OWNER_OTHER;
}

static bool keep(struct owner_message *message, const struct reader_value *name, const struct reader_value *value) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *to = (char *)message + fields[i].offset;
        if (!reader_text_is(name, fields[i].name))
            continue;
        if (fields[i].is_text)
            return reader_text_copy(value, to, fields[i].size);
        if (value->kind != READ_UNSIGNED)
            return false;
        memcpy(to, &value->number, sizeof value->number);
        return true;
    }
    return true; /* a field of a later version */
}

/* A value that is an array or a map is of a later version: its elements are passed over. */
static bool read_field(struct reader *reader, struct owner_message *message) {
    struct reader_value name, value;
    if (!reader_value(reader, &name) || name.kind != READ_TEXT)
        return false;
    struct reader after = *reader;
    if (!reader_skip(&after) || !reader_value(reader, &value))
        return false;
    *reader = after;
    if (!reader_text_is(&name, "t"))
        return keep(message, &name, &value);
    message->word = word_of(&value);
    return value.kind == READ_TEXT;
}

bool owner_message_read(const uint8_t *data, size_t size, struct owner_message *message) {
    struct reader reader = {data, data + size};
    struct reader_value map;
    *message = (struct owner_message){.word = OWNER_OTHER};
    if (!reader_value(&reader, &map) || map.kind != READ_MAP || map.size > FIELDS_MAX)
        return false;
    for (size_t i = 0; i < map.size; i++)
        if (!read_field(&reader, message))
            return false;
    return reader.at == reader.end;
}
