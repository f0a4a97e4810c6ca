/* Messages as JSON objects, by their tables: the same fields, limits and reasons as on the wire. */
#ifndef ZHITONG_MESSAGE_JSON_H
#define ZHITONG_MESSAGE_JSON_H

#include <jansson.h>

#include "proto/codec.h"

/* Fills the message's struct from a JSON object. Refuses with the field: unknown key, wrong type, too long, and whatever
 * message_check refuses. Absent fields read as on the wire. */
MUST_CHECK int message_from_json(enum message number, const json_t *object, void *value, struct reason *why);
/* A new object with every field that is present; the caller json_decref()s it. */
json_t *message_to_json(enum message number, const void *value);

#endif
