/* Reads msgpack (the specification of 2017-08) token by token, never past the end, without allocating. The guard and
 * the decoder share it, so what the guard has passed is what the decoder sees. */
#ifndef ZHITONG_CURSOR_H
#define ZHITONG_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_BROKEN, /* cut short, 0xc1 or an ext type; the cursor has not moved */
    TOKEN_NIL,
    TOKEN_FLAG,
    TOKEN_UNSIGNED,
    TOKEN_NEGATIVE,
    TOKEN_FLOAT,
    TOKEN_TEXT,
    TOKEN_BINARY,
    TOKEN_ARRAY,
    TOKEN_MAP
};

struct token {
    enum token_kind kind;
    uint32_t size; /* bytes of a TEXT or BINARY; elements of an ARRAY; pairs of a MAP */
    union {
        bool flag;
        uint64_t number;
        int64_t negative; /* below 0 */
        double real;
        const uint8_t *bytes; /* borrowed from the data */
    };
};

struct cursor {
    const uint8_t *at, *end;
};

/* The token at the cursor, which moves past it (for ARRAY and MAP: past the header). */
struct token cursor_next(struct cursor *cursor);

#endif
