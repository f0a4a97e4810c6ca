/* What a source sent, whatever its form, as a report: fields found by the source's map, words translated, gaps filled with the
 * source's own item, area and datum. Pure; the adapters bring a function that finds a field. */
#ifndef ZHITONG_SOURCE_MAP_H
#define ZHITONG_SOURCE_MAP_H

#include "common/city_sources.h"

#define SOURCE_ID_BYTES_MAX 1000 /* of a source's own number; a long one is kept as its hash */
#define SOURCE_KEY_OWN_MAX 60    /* bytes of a number that goes into a key as it is */
#define SOURCE_TEXT_MAX 16000    /* bytes of any field that a source sends */

enum found { FOUND_WRONG = -1, FOUND_NOTHING, FOUND_TEXT };

struct source_reader {
    const struct source *source;
    const struct zone *zone; /* of instants without one */
    /* Where the field stands in what was sent: its text into `text` (SOURCE_TEXT_MAX + 1 bytes). FOUND_WRONG with a reason without
     * a field: it stands there, but is no text. Empty texts count as nothing. */
    enum found (*find)(void *context, const struct source_field *field, char *text, struct reason *why);
    void *context;
    const char *key; /* of a report without a number of its own; at most 64 bytes; NULL: there must be one */
};

/* Refuses with the sender's own name of the field (a pointer, a column) as field: missing, wrong type, too long, no instant, and
 * what message_check refuses. Whether codes exist is intake's to say. */
MUST_CHECK int source_report(const struct source_reader *reader, struct submit *out, struct reason *why);

/* What the sender calls a field of submit: where it stands, of an alert its element of CAP 1.2, or the field's own name. Borrowed from the source or from `name`. */
const char *source_place(const struct source *source, const char *name);

/* The idempotency key of a report by the source's own number for it; it begins with SOURCE_KEY. */
#define SOURCE_KEY "id:"
void source_key(char key[65], const char *id);
/* 128 bits of BLAKE2b in hexadecimal. */
#define SOURCE_HASH_SIZE 33
void source_hash(char hash[SOURCE_HASH_SIZE], const char *text);

#endif
