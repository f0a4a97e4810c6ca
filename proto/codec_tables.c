/* messages.def as tables. */
#include "proto/codec.h"

#include <assert.h>

#define NEEDED true
#define OPTIONAL false
#define FIELD(message, field, kind, need, bytes, says) \
    {.name = #field, \
     .name_size = sizeof #field - 1, \
     .type = kind, \
     .needed = need, \
     .limit = bytes, \
     .offset = offsetof(struct message, MEMBER(field)), \
     .meaning = says},

#define MESSAGE(name, number, sender, receiver, meaning) static const struct field_spec fields_of_##name[] = {
#define TEXT(message, field, limit, need, meaning) FIELD(message, field, FIELD_TEXT, need, limit, meaning)
#define U64(message, field, need, meaning) FIELD(message, field, FIELD_U64, need, 0, meaning)
#define I64(message, field, need, meaning) FIELD(message, field, FIELD_I64, need, 0, meaning)
#define F64(message, field, need, meaning) FIELD(message, field, FIELD_F64, need, 0, meaning)
#define FLAG(message, field, need, meaning) FIELD(message, field, FIELD_FLAG, need, 0, meaning)
#define END(name) \
    } \
    ; \
    static_assert(sizeof fields_of_##name / sizeof *fields_of_##name <= MESSAGE_FIELDS_MAX, #name);
#include "proto/messages.def"
#undef MESSAGE
#undef TEXT
#undef U64
#undef I64
#undef F64
#undef FLAG
#undef END

#define TEXT(...)
#define U64(...)
#define I64(...)
#define F64(...)
#define FLAG(...)
#define END(...)

#define MESSAGE(message, value, from, to, says) \
    {.name = #message, \
     .name_size = sizeof #message - 1, \
     .number = value, \
     .sender = from, \
     .receiver = to, \
     .meaning = says, \
     .size = sizeof(struct message), \
     .fields = fields_of_##message, \
     .field_count = sizeof fields_of_##message / sizeof *fields_of_##message},
static const struct message_spec specs[] = {
#include "proto/messages.def"
};
#undef MESSAGE

#define MESSAGE(name, ...) PLACE_##name,
enum place {
#include "proto/messages.def"
    PLACE_COUNT
};
#undef MESSAGE

/* Place in specs, plus 1, by number; 0: no such message. A number given twice does not compile (-Woverride-init). */
#define MESSAGE(name, number, ...) [number] = PLACE_##name + 1,
static const unsigned char place_of_number[] = {
#include "proto/messages.def"
};
#undef MESSAGE

const struct message_spec *message_specs(size_t *count) {
    *count = PLACE_COUNT;
    return specs;
}

const struct message_spec *message_spec(enum message number) {
    size_t index = (size_t)number;
    if (index >= sizeof place_of_number || place_of_number[index] == 0)
        return NULL;
    return &specs[place_of_number[index] - 1];
}
