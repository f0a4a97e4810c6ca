#include "zhitong_event.h"

#include <string.h>

/* ---- an entry ---------------------------------------------------------------------------------------------------------- */

struct attribute {
    const char *name;
    char *to;
    size_t room;
};

static bool read_data(struct reader *reader, struct zhitong_event *event) {
    struct reader start = *reader;
    struct reader_value map;
    if (!reader_skip(reader) || !reader_value(&(struct reader){start.at, reader->at}, &map) || map.kind != READ_MAP)
        return false;
    event->data = start.at;
    event->size = (size_t)(reader->at - start.at);
    return true;
}

/* Extensions that we do not know may have any value. */
static bool read_attribute(struct reader *reader, const struct attribute *attributes, const struct reader_value *name) {
    struct reader start = *reader;
    struct reader_value value;
    if (!reader_skip(reader) || !reader_value(&start, &value))
        return false;
    for (; attributes->name != NULL; attributes++)
        if (reader_text_is(name, attributes->name))
            return reader_text_copy(&value, attributes->to, attributes->room);
    return true;
}

bool zhitong_event_read(struct reader *reader, struct zhitong_event *event) {
    char specversion[8] = "";
    const struct attribute attributes[] = {{"specversion", specversion, sizeof specversion},
                                           {"id", event->id, sizeof event->id},
                                           {"source", event->source, sizeof event->source},
                                           {"type", event->type, sizeof event->type},
                                           {"subject", event->subject, sizeof event->subject},
                                           {"time", event->time, sizeof event->time},
                                           {NULL, NULL, 0}};
    struct reader_value map, name;
    *event = (struct zhitong_event){.data = NULL};
    if (!reader_value(reader, &map) || map.kind != READ_MAP)
        return false;
    for (size_t i = 0; i < map.size; i++) {
        if (!reader_value(reader, &name) || name.kind != READ_TEXT)
            return false;
        bool good = reader_text_is(&name, "data") ? read_data(reader, event)
                                                  : read_attribute(reader, attributes, &name);
        if (!good)
            return false;
    }
    return strcmp(specversion, "1.0") == 0 && event->id[0] != '\0' && event->source[0] != '\0' &&
           event->type[0] != '\0' && event->data != NULL;
}

/* ---- a field of its data ------------------------------------------------------------------------------------------------- */

/* The value of that name; of an array or map its head alone. */
static bool find(const struct zhitong_event *event, const char *wanted, struct reader_value *value) {
    struct reader reader = {event->data, event->data + event->size};
    struct reader_value map, name;
    if (event->data == NULL || !reader_value(&reader, &map) || map.kind != READ_MAP)
        return false;
    for (size_t i = 0; i < map.size; i++) {
        if (!reader_value(&reader, &name))
            return false;
        if (name.kind == READ_TEXT && reader_text_is(&name, wanted))
            return reader_value(&reader, value);
        if (!reader_skip(&reader))
            return false;
    }
    return false;
}

long zhitong_event_text(const struct zhitong_event *event, const char *name, char *to, size_t room) {
    struct reader_value value;
    if (room > 0)
        to[0] = '\0';
    if (!find(event, name, &value) || value.kind != READ_TEXT)
        return -1;
    if (room == 0)
        return (long)value.size;
    size_t size = value.size < room ? value.size : room - 1;
    while (size < value.size && size > 0 && ((uint8_t)value.text[size] & 0xc0) == 0x80)
        size--; /* within a character */
    if (size > 0)
        memcpy(to, value.text, size);
    to[size] = '\0';
    return (long)value.size;
}

bool zhitong_event_whole(const struct zhitong_event *event, const char *name, int64_t *to) {
    struct reader_value value;
    if (!find(event, name, &value))
        return false;
    if (value.kind == READ_NEGATIVE)
        *to = value.negative;
    else if (value.kind == READ_UNSIGNED && value.number <= INT64_MAX)
        *to = (int64_t)value.number;
    else
        return false;
    return true;
}

bool zhitong_event_number(const struct zhitong_event *event, const char *name, double *to) {
    struct reader_value value;
    if (!find(event, name, &value))
        return false;
    if (value.kind == READ_FLOAT)
        *to = value.real;
    else if (value.kind == READ_UNSIGNED)
        *to = (double)value.number;
    else if (value.kind == READ_NEGATIVE)
        *to = (double)value.negative;
    else
        return false;
    return true;
}

bool zhitong_event_flag(const struct zhitong_event *event, const char *name) {
    struct reader_value value;
    return find(event, name, &value) && value.kind == READ_FLAG && value.number != 0;
}
