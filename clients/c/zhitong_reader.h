/* Reads msgpack where it lies, without a copy and without believing what it claims: msgpack-c 4.0.0 allocates what a message says
 * before it has looked whether that is there. Inside libzhitong-follow; pure. */
#ifndef ZHITONG_READER_H
#define ZHITONG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READER_DEPTH_MAX 8
#define READER_OBJECTS_MAX 65536

struct reader { /* what is left of some bytes; borrowed */
    const uint8_t *at, *end;
};

enum reader_kind {
    READ_NIL,
    READ_FLAG,
    READ_UNSIGNED,
    READ_NEGATIVE,
    READ_FLOAT,
    READ_TEXT,
    READ_BYTES,
    READ_ARRAY,
    READ_MAP
};

struct reader_value {
    enum reader_kind kind;
    const char *text; /* of READ_TEXT and READ_BYTES: size bytes, no NUL behind them */
    size_t size;      /* also: elements of an array, pairs of a map */
    uint64_t number;  /* of READ_FLAG: 0 or 1 */
    int64_t negative;
    double real;
};

/* Reads one value; of an array or map only its head, the elements come next. false: more is claimed than is there, an ext type, or
 * 0xc1; the reader is of no use then. */
bool reader_value(struct reader *reader, struct reader_value *value);
/* Passes over one whole object. false: as above, or deeper than READER_DEPTH_MAX, or more than READER_OBJECTS_MAX objects. */
bool reader_skip(struct reader *reader);

bool reader_text_is(const struct reader_value *value, const char *text);
/* With a NUL behind it. false, `to` untouched: no text, longer than room - 1 bytes, or with a control character. */
bool reader_text_copy(const struct reader_value *value, char *to, size_t room);

#endif
