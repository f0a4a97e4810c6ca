#include "proto/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* True when all eight bytes are printable ASCII: most text is, and eight at a time cost as much as one. */
static bool eight_are_plain(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t below_space = word - EACH_BYTE(0x20); /* borrows only reach a byte past one that is flagged itself */
    uint64_t deletes = (word ^ EACH_BYTE(0x7f)) - EACH_BYTE(0x01);
    return ((word | below_space | deletes) & EACH_BYTE(0x80)) == 0;
}

static bool follows(uint8_t byte) {
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the clean character at `at`, 0 when there is none. */
static size_t character_size(const uint8_t *at, size_t left) {
    uint8_t first = at[0];
    if (first < 0x80)
        return (first >= 0x20 && first != 0x7f) || first == '\t' || first == '\n';
    if (first < 0xe0) {
        bool clean = first >= 0xc2 && left >= 2 && follows(at[1]) && !(first == 0xc2 && at[1] < 0xa0);
        return clean ? 2 : 0;
    }
    if (first < 0xf0) {
        if (left < 3 || !follows(at[1]) || !follows(at[2]))
            return 0;
        bool overlong = first == 0xe0 && at[1] < 0xa0;
        bool surrogate = first == 0xed && at[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first > 0xf4 || left < 4 || !follows(at[1]) || !follows(at[2]) || !follows(at[3]))
        return 0;
    bool overlong = first == 0xf0 && at[1] < 0x90;
    bool past_the_end = first == 0xf4 && at[1] >= 0x90;
    return overlong || past_the_end ? 0 : 4;
}

size_t text_clean(const char *text, size_t size) {
    const uint8_t *bytes = (const uint8_t *)text;
    size_t at = 0;
    while (at < size) {
        if (size - at >= 8 && eight_are_plain(bytes + at)) {
            at += 8;
            continue;
        }
        size_t character = character_size(bytes + at, size - at);
        if (character == 0)
            return at;
        at += character;
    }
    return at;
}

int text_hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
