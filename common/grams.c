#include "common/grams.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_CHARACTERS_MAX 32 /* what a word has beyond them does not count */
#define SLOTS_MIN 64

enum kind { BREAK, SPACE, LETTER, SIGN }; /* SIGN: a token of its own */

static uint64_t mix(uint64_t value) { /* splitmix64 */
    value += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

/* The next character, and how many bytes it takes; 0 for a byte that begins none (RFC 3629), which takes one. */
static uint32_t read_character(const unsigned char *text, size_t left, size_t *taken) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    size_t more = text[0] >= 0xF0 ? 3 : text[0] >= 0xE0 ? 2 : text[0] >= 0xC0 ? 1 : 0;
    uint32_t character = text[0] & (more == 0 ? 0x7F : 0x3F >> more);

    *taken = 1;
    if ((more == 0 && text[0] >= 0x80) || text[0] >= 0xF8 || more >= left)
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (text[i] & 0x3F);
    }
    if (character < least[more] || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        return 0;
    *taken = more + 1;
    return character;
}

/* Full-width forms to ASCII, upper case to lower in ASCII and Latin-1, every digit to 0. */
static uint32_t fold(uint32_t character) {
    if (character >= 0xFF01 && character <= 0xFF5E)
        character -= 0xFEE0;
    if (character == 0x3000)
        return ' ';
    if ((character >= 'A' && character <= 'Z') || (character >= 0xC0 && character <= 0xDE && character != 0xD7))
        return character + 32;
    return character >= '0' && character <= '9' ? '0' : character;
}

static enum kind kind_of(uint32_t character) {
    static const struct {
        uint32_t last;
        enum kind kind;
    } ranges[] = {
        /* up to and with this one, of characters that fold() returns */
        {0x08, BREAK},     {0x0D, SPACE},    {0x1F, BREAK},    {0x20, SPACE},     {0x2F, BREAK},   {'0', LETTER},
        {0x60, BREAK},     {'z', LETTER},    {0x9F, BREAK},    {0xA0, SPACE},     {0xBF, BREAK},   {0xD6, LETTER},
        {0xD7, BREAK},     {0xF6, LETTER},   {0xF7, BREAK},    {0x10FF, LETTER},  {0x11FF, SIGN},  {0x1FFF, LETTER},
        {0x2BFF, BREAK},   {0x2DFF, LETTER}, {0x2E7F, BREAK},  {0x2FDF, SIGN},    {0x3004, BREAK}, {0x3007, SIGN},
        {0x3030, BREAK},   {0x9FFF, SIGN},   {0xABFF, LETTER}, {0xD7FF, SIGN},    {0xF8FF, BREAK}, {0xFAFF, SIGN},
        {0xFE0F, LETTER},  {0xFE6F, BREAK},  {0xFEFE, LETTER}, {0xFF65, BREAK},   {0xFFDC, SIGN},  {0xFFFF, BREAK},
        {0x1EFFF, LETTER}, {0x1FFFF, BREAK}, {0x3FFFF, SIGN},  {0x10FFFF, BREAK},
    };
    size_t i = 0;

    while (character > ranges[i].last)
        i++;
    return ranges[i].kind;
}

static void add(struct grams *grams, uint64_t hash) {
    size_t slot;

    hash += hash == 0;
    for (slot = hash & grams->mask; grams->slots[slot].hash != 0; slot = (slot + 1) & grams->mask) {
        if (grams->slots[slot].hash == hash) {
            grams->slots[slot].count++;
            return;
        }
    }
    grams->slots[slot] = (struct gram){hash, 1};
    grams->count++;
}

struct reading {
    struct grams *grams;
    unsigned lengths;
    uint64_t before[GRAM_TOKENS_MAX]; /* the last tokens, the newest first */
    unsigned run;                     /* how many of them there are since the last break */
    uint64_t word;
    unsigned word_size; /* 0: no word is open */
};

static void put_token(struct reading *reading, uint64_t token) {
    uint64_t hash = 0;

    memmove(reading->before + 1, reading->before, (GRAM_TOKENS_MAX - 1) * sizeof *reading->before);
    reading->before[0] = token;
    reading->run += reading->run < GRAM_TOKENS_MAX;
    for (unsigned length = 1; length <= reading->run; length++) {
        hash = mix(hash ^ reading->before[length - 1]);
        if ((reading->lengths & 1u << (length - 1)) != 0)
            add(reading->grams, hash);
    }
}

static void end_word(struct reading *reading) {
    if (reading->word_size > 0)
        put_token(reading, mix(reading->word));
    reading->word = 0;
    reading->word_size = 0;
}

static void put_character(struct reading *reading, uint32_t character) {
    enum kind kind = kind_of(character);

    if (kind == LETTER) {
        if (reading->word_size++ < WORD_CHARACTERS_MAX)
            reading->word = mix(reading->word ^ character);
        return;
    }
    end_word(reading);
    if (kind == SIGN)
        put_token(reading, mix(character));
    if (kind == BREAK)
        reading->run = 0;
}

/* Room for as many grams as so many bytes can hold: a token takes at least a byte, a word with its space two. */
static void make_room(struct grams *grams, size_t size) {
    size_t slots = SLOTS_MIN;

    while (slots < (size / 2 + 1) * GRAM_TOKENS_MAX * 4 / 3)
        slots *= 2;
    if (grams->slots == NULL || grams->mask + 1 != slots) {
        free(grams->slots);
        grams->slots = malloc(slots * sizeof *grams->slots);
        assert(grams->slots != NULL);
        grams->mask = slots - 1;
    }
    memset(grams->slots, 0, slots * sizeof *grams->slots);
    grams->count = 0;
}

void grams_read(struct grams *grams, unsigned lengths, const char *text, size_t size) {
    struct reading reading = {.grams = grams, .lengths = lengths};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t taken;

    size = size < GRAM_TEXT_BYTES_MAX ? size : GRAM_TEXT_BYTES_MAX;
    make_room(grams, size);
    for (size_t at = 0; at < size; at += taken)
        put_character(&reading, fold(read_character(bytes + at, size - at, &taken)));
    end_word(&reading);
}

void grams_close(struct grams *grams) {
    free(grams->slots);
    *grams = (struct grams){0};
}
