/* Messages as C structs, from messages.def, and as msgpack maps on the wire and in logs.
 *
 * Encoding: one map; first key "t" = the message's name; then every field that is present, in table order, its
 * name as key. Absent optional fields (empty text, 0, NaN, false) are left out. Integers in the shortest form,
 * F64 as float 64, text as str. When reading, "t" must come first, the other keys may stand in any order but only
 * once, integers may have any width, F64 may also be an integer or float 32; unknown keys are skipped, so fields
 * can be appended. */
#ifndef ZHITONG_CODEC_H
#define ZHITONG_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

enum message {
    MESSAGE_NONE = 0,
#define MESSAGE(name, number, sender, receiver, meaning) MESSAGE_##name = number,
#define TEXT(...)
#define U64(...)
#define I64(...)
#define F64(...)
#define FLAG(...)
#define END(name)
#include "proto/messages.def"
#undef MESSAGE
#undef TEXT
#undef U64
#undef I64
#undef F64
#undef FLAG
#undef END
};

/* A field's member in its struct has the field's name, except where that is a word of C: "case" is .case_id and
 * "long" is .lon. MEMBER(field) is for whoever expands messages.def. */
#define MEMBER_FOR_case ~, case_id
#define MEMBER_FOR_long ~, lon
#define MEMBER_SECOND(first, second, ...) second
#define MEMBER_PICK(...) MEMBER_SECOND(__VA_ARGS__, )
#define MEMBER(field) MEMBER_PICK(MEMBER_FOR_##field, field)

/* struct submit, struct case_moved, …: bounded values without pointers, free to copy. */
#define MESSAGE(name, number, sender, receiver, meaning) struct name {
#define TEXT(message, field, limit, need, meaning) char MEMBER(field)[(limit) + 1];
#define U64(message, field, need, meaning) uint64_t MEMBER(field);
#define I64(message, field, need, meaning) int64_t MEMBER(field);
#define F64(message, field, need, meaning) double MEMBER(field);
#define FLAG(message, field, need, meaning) bool MEMBER(field);
#define END(name) \
    } \
    ;
#include "proto/messages.def"
#undef MESSAGE
#undef TEXT
#undef U64
#undef I64
#undef F64
#undef FLAG
#undef END

enum field_type { FIELD_TEXT, FIELD_U64, FIELD_I64, FIELD_F64, FIELD_FLAG };

struct field_spec {
    const char *name;
    size_t name_size; /* bytes, without the NUL */
    enum field_type type;
    bool needed;
    size_t limit;  /* bytes of UTF-8, for FIELD_TEXT */
    size_t offset; /* in the message's struct */
    const char *meaning;
};

struct message_spec {
    const char *name;
    size_t name_size; /* bytes, without the NUL */
    enum message number;
    const char *sender, *receiver, *meaning;
    size_t size; /* of the struct */
    const struct field_spec *fields;
    size_t field_count;
};

/* All messages in the order of messages.def; *count is set to their number. */
const struct message_spec *message_specs(size_t *count);
/* NULL when the number is not one of messages.def. */
const struct message_spec *message_spec(enum message number);

/* Appended fields may be many, but never more than this in one message. */
#define MESSAGE_FIELDS_MAX 64

/* A growing byte buffer. Zero-initialised is empty; `bytes_close` frees; memory failure aborts. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};
void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_close(struct bytes *bytes);

/* Holds a struct that was filled from elsewhere (a form, a CSV row) to the rules that message_decode has for values:
 * NEEDED texts not empty, valid UTF-8 without control characters, finite F64. Refuses with the field's name. */
MUST_CHECK int message_check(enum message number, const void *value, struct reason *why);

/* Appends the encoding of `value` (the struct of that message) to `out`. A value that message_check refuses (a
 * NEEDED text that is empty, text that is not UTF-8, …) is our own bug: asserted. Returns the bytes appended. */
size_t message_encode(enum message number, const void *value, struct bytes *out);

/* Which message the bytes claim to be, without further checks: MESSAGE_NONE when it cannot be told. */
enum message message_peek(const uint8_t *data, size_t size);

/* Reads exactly one message of the expected kind, running the guard first. On refusal `*value` may be partly
 * written. Refused: not msgpack, trailing bytes, another message, a key twice or not str, a missing NEEDED field,
 * wrong type, out of range, too long, invalid UTF-8, NUL or control characters other than tab and newline,
 * non-finite F64. A reason never quotes raw bytes. */
MUST_CHECK int message_decode(enum message number, const uint8_t *data, size_t size, void *value, struct reason *why);

#endif
