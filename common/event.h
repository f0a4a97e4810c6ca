/* An entry of a unit's stream as an event of CloudEvents 1.0 (https://github.com/cloudevents/spec), around the case_moved as it
 * stands in the log: a msgpack map for followers, the same as JSON for webhooks, pages and people. Pure.
 *
 * specversion "1.0" · id "CASE.VERSION", after a restore "CASE.VERSION.INCARNATION" · source "/zhitong/CITY" · type "zhitong.case.MOVE" ·
 * subject "CASE" · time (RFC 3339, UTC, ms) · sequence (20 digits, the seq in the stream) · unit (whose stream) · traceparent where the
 * sender of the report or move gave one (the extension Distributed Tracing) · data. */
#ifndef ZHITONG_EVENT_H
#define ZHITONG_EVENT_H

#include <jansson.h>

#include "common/moved_facts.h"

#define EVENT_HEAD_MAX 400 /* bytes in front of the data */
#define EVENT_SOURCE_MAX (9 + CODE_MAX)
#define EVENT_SEQUENCE_SIZE 20
#define EVENT_TIME_SIZE 24
#define EVENT_ID_MAX 50
#define EVENT_TYPE_MAX 37

struct event_place { /* where an entry stands; borrowed */
    const char *source;
    const char *unit;
    uint64_t seq;
};
void event_source(char source[EVENT_SOURCE_MAX + 1], const char *city_code);

/* Writes what comes before the data in the msgpack map; the bytes of the case_moved follow as they are. Returns its bytes. */
size_t event_head(uint8_t head[EVENT_HEAD_MAX], const struct event_place *place, const struct moved_facts *facts);

/* Unix ms as RFC 3339 in UTC, with ms: 2026-09-01T00:30:00.000Z. What lies outside the years 1 to 9999 becomes the nearest of them. */
void event_time(char text[EVENT_TIME_SIZE + 1], int64_t at);
/* "CASE.VERSION": the same in every stream and whenever it is told again. The seq tells the incarnation of the city in which it was
 * appended: where that is not the first, another entry may have had the same version, and a restore has undone it. */
void event_id(char id[EVENT_ID_MAX + 1], const struct moved_facts *facts, uint64_t seq);

/* The event as JSON; data begins with "t" as on the wire. The caller json_decref()s it. */
json_t *event_json(const struct event_place *place, const struct case_moved *moved);
/* The same as text without a blank; the caller frees it. */
char *event_text(const struct event_place *place, const struct case_moved *moved);

struct event { /* as a follower reads it; data is borrowed */
    char id[EVENT_ID_MAX + 1], source[EVENT_SOURCE_MAX + 1], type[EVENT_TYPE_MAX + 1], subject[21];
    char time[EVENT_TIME_SIZE + 1], unit[CODE_MAX + 1];
    uint64_t seq;
    const uint8_t *data;
    size_t size;
};
/* Reads the msgpack form; attributes that are not known are skipped. Refuses with the attribute's name. Takes any bytes. */
MUST_CHECK int event_read(struct event *event, const uint8_t *data, size_t size, struct reason *why);

#endif
