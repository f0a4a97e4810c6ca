#include "common/event.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/incarnation.h"
#include "common/message_json.h"
#include "proto/cursor.h"
#include "proto/guard.h"

#define SOURCE_BEFORE "/zhitong/"
#define TYPE_BEFORE "zhitong.case."
#define DAY_MS INT64_C(86400000)
#define FIRST_MS INT64_C(-62135596800000)
#define LAST_MS INT64_C(253402300799999)

/* ---- texts ------------------------------------------------------------------------------------------------------ */

/* `digits` digits with leading zeros. */
static void put_digits(char *at, uint64_t number, int digits) {
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
}

static size_t put_number(char *at, uint64_t number) {
    int digits = 1;
    for (uint64_t rest = number; rest >= 10; rest /= 10)
        digits++;
    put_digits(at, number, digits);
    return (size_t)digits;
}

/* Days since 1970-01-01 to the proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March. */
static void put_date(char *text, int64_t days) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    put_digits(text, (uint64_t)(year_of_era + era * 400 + (month <= 2)), 4);
    put_digits(text + 5, (uint64_t)month, 2);
    put_digits(text + 8, (uint64_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1), 2);
}

void event_time(char text[EVENT_TIME_SIZE + 1], int64_t at) {
    int64_t known = at < FIRST_MS ? FIRST_MS : at > LAST_MS ? LAST_MS : at;
    int64_t days = known / DAY_MS - (known % DAY_MS < 0);
    uint64_t ms = (uint64_t)(known - days * DAY_MS);
    memcpy(text, "0000-00-00T00:00:00.000Z", EVENT_TIME_SIZE + 1);
    put_date(text, days);
    put_digits(text + 11, ms / 3600000, 2);
    put_digits(text + 14, ms / 60000 % 60, 2);
    put_digits(text + 17, ms / 1000 % 60, 2);
    put_digits(text + 20, ms % 1000, 3);
}

void event_id(char id[EVENT_ID_MAX + 1], const struct moved_facts *facts, uint64_t seq) {
    size_t size = put_number(id, facts->case_id);
    id[size++] = '.';
    size += put_number(id + size, facts->version);
    if (incarnation_of_seq(seq) > 0) {
        id[size++] = '.';
        size += put_number(id + size, incarnation_of_seq(seq));
    }
    id[size] = '\0';
}

void event_source(char source[EVENT_SOURCE_MAX + 1], const char *city_code) {
    snprintf(source, EVENT_SOURCE_MAX + 1, SOURCE_BEFORE "%s", city_code);
}

struct event_texts { /* what both forms say */
    char id[EVENT_ID_MAX + 1], type[EVENT_TYPE_MAX + 1], subject[21], time[EVENT_TIME_SIZE + 1];
    char sequence[EVENT_SEQUENCE_SIZE + 1];
    size_t id_size, type_size, subject_size;
};

static void write_texts(struct event_texts *texts, uint64_t seq, const struct moved_facts *facts) {
    size_t move_size = strlen(facts->move);
    event_id(texts->id, facts, seq);
    texts->id_size = strlen(texts->id);
    memcpy(texts->type, TYPE_BEFORE, sizeof TYPE_BEFORE - 1);
    memcpy(texts->type + sizeof TYPE_BEFORE - 1, facts->move, move_size + 1);
    texts->type_size = sizeof TYPE_BEFORE - 1 + move_size;
    texts->subject_size = put_number(texts->subject, facts->case_id);
    texts->subject[texts->subject_size] = '\0';
    event_time(texts->time, facts->at);
    put_digits(texts->sequence, seq, EVENT_SEQUENCE_SIZE);
    texts->sequence[EVENT_SEQUENCE_SIZE] = '\0';
}

/* ---- msgpack ------------------------------------------------------------------------------------------------------ */

struct writer {
    uint8_t *at;
};

static void put_text(struct writer *writer, const char *text, size_t size) {
    assert(size < 256);
    if (size < 32)
        *writer->at++ = (uint8_t)(0xa0 | size);
    else {
        *writer->at++ = 0xd9;
        *writer->at++ = (uint8_t)size;
    }
    memcpy(writer->at, text, size);
    writer->at += size;
}

#define PUT_KEY(writer, key) put_text(writer, key, sizeof(key) - 1)

size_t event_head(uint8_t head[EVENT_HEAD_MAX], const struct event_place *place, const struct moved_facts *facts) {
    struct event_texts texts;
    struct writer writer = {head};
    write_texts(&texts, place->seq, facts);
    *writer.at++ = facts->traceparent[0] != '\0' ? 0x8a : 0x89;
    PUT_KEY(&writer, "specversion");
    PUT_KEY(&writer, "1.0");
    PUT_KEY(&writer, "id");
    put_text(&writer, texts.id, texts.id_size);
    PUT_KEY(&writer, "source");
    put_text(&writer, place->source, strlen(place->source));
    PUT_KEY(&writer, "type");
    put_text(&writer, texts.type, texts.type_size);
    PUT_KEY(&writer, "subject");
    put_text(&writer, texts.subject, texts.subject_size);
    PUT_KEY(&writer, "time");
    put_text(&writer, texts.time, EVENT_TIME_SIZE);
    PUT_KEY(&writer, "sequence");
    put_text(&writer, texts.sequence, EVENT_SEQUENCE_SIZE);
    PUT_KEY(&writer, "unit");
    put_text(&writer, place->unit, strlen(place->unit));
    if (facts->traceparent[0] != '\0') {
        PUT_KEY(&writer, "traceparent");
        put_text(&writer, facts->traceparent, TRACEPARENT_SIZE);
    }
    PUT_KEY(&writer, "data");
    return (size_t)(writer.at - head);
}

static const struct {
    const char *name;
    size_t offset, room;
} attributes[] = {
#define ATTRIBUTE(name) \
    { #name, offsetof(struct event, name), sizeof(((struct event *)0)->name) }
    ATTRIBUTE(id), ATTRIBUTE(source), ATTRIBUTE(type), ATTRIBUTE(subject), ATTRIBUTE(time), ATTRIBUTE(unit)};

static bool is_named(const struct token *key, const char *name) {
    return key->size == strlen(name) && memcmp(key->bytes, name, key->size) == 0;
}

static int read_sequence(struct event *event, const struct token *value, struct reason *why) {
    uint64_t seq = 0;
    if (value->kind != TOKEN_TEXT || value->size != EVENT_SEQUENCE_SIZE)
        return refuse(why, "sequence", "must be a text of %d digits", EVENT_SEQUENCE_SIZE);
    for (size_t i = 0; i < EVENT_SEQUENCE_SIZE; i++) {
        uint64_t digit = (uint64_t)value->bytes[i] - '0';
        if (digit > 9 || seq > (UINT64_MAX - digit) / 10)
            return refuse(why, "sequence", "must be a text of %d digits", EVENT_SEQUENCE_SIZE);
        seq = seq * 10 + digit;
    }
    event->seq = seq;
    return 0;
}

static int read_attribute(struct event *event, const struct token *key, const struct token *value, struct reason *why) {
    if (is_named(key, "specversion")) {
        bool known = value->kind == TOKEN_TEXT && is_named(value, "1.0");
        return known ? 0 : refuse(why, "specversion", "must be 1.0");
    }
    if (is_named(key, "sequence"))
        return read_sequence(event, value, why);
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (!is_named(key, attributes[i].name))
            continue;
        char *at = (char *)event + attributes[i].offset;
        if (value->kind != TOKEN_TEXT || value->size == 0 || value->size >= attributes[i].room)
            return refuse(why, attributes[i].name, "must be a text of 1 to %zu bytes", attributes[i].room - 1);
        memcpy(at, value->bytes, value->size);
        at[value->size] = '\0';
        return 0;
    }
    return 0; /* an attribute that is not known */
}

int event_read(struct event *event, const uint8_t *data, size_t size, struct reason *why) {
    struct cursor cursor = {data, data + size};
    *event = (struct event){.seq = 0};
    if (guard_object_size(data, size) != size)
        return refuse(why, "", "must be one msgpack object");
    struct token map = cursor_next(&cursor);
    if (map.kind != TOKEN_MAP)
        return refuse(why, "", "must be a msgpack map");
    for (uint32_t i = 0; i < map.size; i++) {
        struct token key = cursor_next(&cursor);
        const uint8_t *at = cursor.at;
        if (key.kind != TOKEN_TEXT)
            return refuse(why, "", "the names of attributes must be texts");
        size_t length = guard_object_size(at, (size_t)(cursor.end - at));
        struct token value = cursor_next(&cursor);
        cursor.at = at + length;
        if (is_named(&key, "data")) {
            event->data = at;
            event->size = length;
        } else if (read_attribute(event, &key, &value, why) != 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (((const char *)event)[attributes[i].offset] == '\0')
            return refuse(why, attributes[i].name, "is missing");
    if (event->seq == 0 || event->data == NULL)
        return refuse(why, event->seq == 0 ? "sequence" : "data", "is missing");
    return 0;
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

json_t *event_json(const struct event_place *place, const struct case_moved *moved) {
    struct moved_facts facts;
    struct event_texts texts;
    moved_facts_of(moved, &facts);
    write_texts(&texts, place->seq, &facts);
    json_t *data = json_object(), *fields = message_to_json(MESSAGE_case_moved, moved);
    json_object_set_new(data, "t", json_string("case_moved"));
    json_object_update(data, fields);
    json_decref(fields);
    json_t *event = json_pack("{ss ss ss ss ss ss ss ss so}", "specversion", "1.0", "id", texts.id, "source",
                              place->source, "type", texts.type, "subject", texts.subject, "time", texts.time,
                              "sequence", texts.sequence, "unit", place->unit, "data", data);
    assert(event != NULL);
    if (facts.traceparent[0] != '\0')
        json_object_set_new(event, "traceparent", json_string(facts.traceparent));
    return event;
}

char *event_text(const struct event_place *place, const struct case_moved *moved) {
    json_t *event = event_json(place, moved);
    char *text = json_dumps(event, JSON_COMPACT);
    assert(text != NULL);
    json_decref(event);
    return text;
}
