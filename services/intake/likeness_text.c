/* Texts and addresses as sets of hashes. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/likeness.h"

#define CODE_POINTS_MAX LIKENESS_TEXT_BYTES
#define GRAMS_ROOM (2 * CODE_POINTS_MAX)
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* A byte that begins no character of UTF-8 stands for itself: the text was checked when it came in. */
static uint32_t next_character(const unsigned char **at) {
    const unsigned char *p = *at;
    size_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
    uint32_t character = more == 0 ? *p : *p & (0x3fu >> more);
    p++;
    for (; more > 0 && (*p & 0xc0) == 0x80; more--)
        character = character << 6 | (*p++ & 0x3fu);
    *at = p;
    return character;
}

enum script { SCRIPT_none, SCRIPT_spaced, SCRIPT_dense };

/* Dense scripts are written without spaces: Chinese characters and Japanese syllables. */
static enum script script_of(uint32_t c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 0xc0 && c < 0x2000))
        return SCRIPT_spaced;
    if ((c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x3ffff))
        return SCRIPT_dense;
    return SCRIPT_none;
}

static uint32_t small_letter(uint32_t c) {
    if (c >= 0xff10 && c <= 0xff5a)
        c -= 0xfee0; /* full-width digits and letters */
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c) {
    uint64_t hash = FNV_BASIS;
    hash = (hash ^ a) * FNV_PRIME;
    hash = (hash ^ b) * FNV_PRIME;
    hash = (hash ^ c) * FNV_PRIME;
    hash ^= hash >> 29;
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(hash >> 32);
}

struct reading { /* the last two characters, and the hashes so far */
    uint32_t before, last;
    enum script script;
    size_t count;
    uint32_t grams[GRAMS_ROOM];
};

static void put(struct reading *reading, uint32_t gram) {
    assert(reading->count < GRAMS_ROOM); /* a character brings one at most */
    reading->grams[reading->count++] = gram;
}

static void end_word(struct reading *reading) {
    if (reading->script == SCRIPT_spaced)
        put(reading, mix(reading->before, reading->last, ' '));
    else if (reading->script == SCRIPT_dense && reading->before == ' ')
        put(reading, mix(reading->last, 0, 0)); /* a character that stands alone */
    reading->script = SCRIPT_none;
}

static void read_character(struct reading *reading, uint32_t c) {
    enum script script = script_of(c);
    if (script != reading->script) {
        end_word(reading);
        reading->before = reading->last = ' ';
        reading->script = script;
    }
    if (script == SCRIPT_none)
        return;
    if (script == SCRIPT_dense && reading->last != ' ')
        put(reading, mix(reading->last, c, 0));
    if (script == SCRIPT_spaced && reading->last != ' ')
        put(reading, mix(reading->before, reading->last, c));
    reading->before = reading->last;
    reading->last = c;
}

static void read_text(struct reading *reading, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; *at != '\0' && i < CODE_POINTS_MAX / 2; i++)
        read_character(reading, small_letter(next_character(&at)));
    read_character(reading, ' ');
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void likeness_sketch(const char *text, const char *more, struct likeness_sketch *sketch) {
    struct reading reading;
    reading.count = 0;
    reading.script = SCRIPT_none;
    read_text(&reading, text);
    if (more != NULL)
        read_text(&reading, more);
    qsort(reading.grams, reading.count, sizeof *reading.grams, ascending);
    sketch->count = 0;
    sketch->cut = false;
    for (size_t i = 0; i < reading.count; i++) {
        if (i > 0 && reading.grams[i] == reading.grams[i - 1])
            continue;
        sketch->cut = sketch->count == LIKENESS_GRAMS_MAX;
        if (sketch->cut)
            return;
        sketch->grams[sketch->count++] = reading.grams[i];
    }
}

/* Of two cut sketches only the hashes below the lower of their ends say anything. */
static uint32_t last_seen(const struct likeness_sketch *sketch) {
    return sketch->cut ? sketch->grams[sketch->count - 1] : UINT32_MAX;
}

double likeness_text(const struct likeness_sketch *a, const struct likeness_sketch *b) {
    if (a->count == 0 || b->count == 0)
        return NAN;
    uint32_t end = last_seen(a) < last_seen(b) ? last_seen(a) : last_seen(b);
    uint32_t i = 0, j = 0, common = 0;
    while (i < a->count && j < b->count && a->grams[i] <= end && b->grams[j] <= end) {
        uint32_t x = a->grams[i], y = b->grams[j];
        common += x == y;
        i += x <= y;
        j += y <= x;
    }
    while (i < a->count && a->grams[i] <= end)
        i++;
    while (j < b->count && b->grams[j] <= end)
        j++;
    return 2.0 * common / (i + j); /* the sketch whose end it is was read whole: there is a divisor */
}

uint64_t likeness_address(const char *address) {
    const unsigned char *at = (const unsigned char *)address;
    uint64_t hash = FNV_BASIS;
    while (*at != '\0') {
        uint32_t c = small_letter(next_character(&at));
        if (script_of(c) != SCRIPT_none)
            hash = (hash ^ c) * FNV_PRIME;
    }
    return hash == FNV_BASIS ? 0 : hash;
}
