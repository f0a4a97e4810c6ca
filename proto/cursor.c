#include "proto/cursor.h"

#include <assert.h>
#include <string.h>

/* Big-endian, `size` of 1, 2, 4 or 8 bytes, which are there. */
static uint64_t read_number(const uint8_t *at, size_t size) {
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

static double read_real(uint64_t number, size_t size) {
    if (size == 4) {
        uint32_t bits = (uint32_t)number;
        float real;
        memcpy(&real, &bits, sizeof real);
        return real;
    }
    double real;
    memcpy(&real, &number, sizeof real);
    return real;
}

static struct token signed_token(uint64_t number, size_t size) {
    assert(size > 0);
    unsigned unused = 64 - 8 * (unsigned)size;
    int64_t value = (int64_t)(number << unused) >> unused;
    if (value < 0)
        return (struct token){.kind = TOKEN_NEGATIVE, .negative = value};
    return (struct token){.kind = TOKEN_UNSIGNED, .number = (uint64_t)value};
}

/* TEXT or BINARY of `size` bytes behind a head of `head` bytes. */
static struct token run_token(struct cursor *cursor, enum token_kind kind, size_t head, uint32_t size) {
    if ((size_t)(cursor->end - cursor->at) - head < size)
        return (struct token){.kind = TOKEN_BROKEN};
    struct token token = {.kind = kind, .size = size, .bytes = cursor->at + head};
    cursor->at += head + size;
    return token;
}

/* Bytes of the number behind the first byte `first`, from 0xc0 to 0xdf; -1 for 0xc1 and ext types. */
static const int8_t argument_size[32] = {
    0, -1, 0, 0, 1,  2,  4,  -1, -1, -1, 4, 8, 1, 2, 4, 8, /* nil · never · false true · bin · ext · float · uint */
    1, 2,  4, 8, -1, -1, -1, -1, -1, 1,  2, 4, 2, 4, 2, 4, /* int · fixext · str · array · map */
};

static struct token long_token(struct cursor *cursor, uint8_t first) {
    int wanted = argument_size[first - 0xc0];
    if (wanted < 0 || cursor->end - cursor->at < 1 + wanted)
        return (struct token){.kind = TOKEN_BROKEN};

    size_t size = (size_t)wanted;
    uint64_t number = read_number(cursor->at + 1, size);
    if (first >= 0xc4 && first <= 0xc6)
        return run_token(cursor, TOKEN_BINARY, 1 + size, (uint32_t)number);
    if (first >= 0xd9 && first <= 0xdb)
        return run_token(cursor, TOKEN_TEXT, 1 + size, (uint32_t)number);

    cursor->at += 1 + size;
    if (first == 0xc0)
        return (struct token){.kind = TOKEN_NIL};
    if (first <= 0xc3)
        return (struct token){.kind = TOKEN_FLAG, .flag = first == 0xc3};
    if (first <= 0xcb)
        return (struct token){.kind = TOKEN_FLOAT, .real = read_real(number, size)};
    if (first <= 0xcf)
        return (struct token){.kind = TOKEN_UNSIGNED, .number = number};
    if (first <= 0xd3)
        return signed_token(number, size);
    enum token_kind kind = first <= 0xdd ? TOKEN_ARRAY : TOKEN_MAP;
    return (struct token){.kind = kind, .size = (uint32_t)number};
}

struct token cursor_next(struct cursor *cursor) {
    if (cursor->at == cursor->end)
        return (struct token){.kind = TOKEN_BROKEN};

    uint8_t first = *cursor->at;
    if (first >= 0xa0 && first < 0xc0)
        return run_token(cursor, TOKEN_TEXT, 1, first & 0x1f);
    if (first >= 0xc0 && first < 0xe0)
        return long_token(cursor, first);

    cursor->at++;
    if (first < 0x80)
        return (struct token){.kind = TOKEN_UNSIGNED, .number = first};
    if (first < 0x90)
        return (struct token){.kind = TOKEN_MAP, .size = first & 0x0f};
    if (first < 0xa0)
        return (struct token){.kind = TOKEN_ARRAY, .size = first & 0x0f};
    return (struct token){.kind = TOKEN_NEGATIVE, .negative = (int8_t)first};
}
