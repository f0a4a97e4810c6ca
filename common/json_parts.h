/* What the JSON of several services has in common. */
#ifndef ZHITONG_JSON_PARTS_H
#define ZHITONG_JSON_PARTS_H

#include <jansson.h>
#include <stdint.h>

/* An id as a text: a number of JSON loses its last digits in browsers. The caller owns what these two return. */
json_t *id_json(uint64_t id);
/* Codes separated by blanks, as an array. */
json_t *codes_json(const char *codes);
/* Adds a text; "" is left out. Both are copied. */
void json_add_text(json_t *object, const char *name, const char *text);
/* Adds it where the object has no such name. */
void json_add_default(json_t *object, const char *name, const char *text);

#endif
