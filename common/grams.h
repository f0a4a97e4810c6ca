/* What a text says, as counts of grams: runs of one, two or three tokens. A token is a character of a script that writes no spaces
 * (Han, kana, hangul) or a word of any other. No gram spans punctuation or what is not UTF-8. Pure.
 *
 * Upper case, full-width forms and digits are folded: a number says how long it is, not which it is. A gram is known by its 64-bit
 * hash alone: whoever has the grams of a text does not have the text. */
#ifndef ZHITONG_GRAMS_H
#define ZHITONG_GRAMS_H

#include <stddef.h>
#include <stdint.h>

#define GRAM_TOKENS_MAX 3
#define GRAM_TEXT_BYTES_MAX 16384 /* of a text; what comes after them is not looked at */

/* Which lengths count: bit n is set when grams of n + 1 tokens do. */
#define GRAMS_OF_1 1u
#define GRAMS_OF_2 2u
#define GRAMS_OF_3 4u

struct gram {
    uint64_t hash; /* never 0 */
    uint32_t count;
};

struct grams { /* zero-initialise; reuse with grams_read, free with grams_close */
    struct gram *slots;
    size_t mask; /* slots - 1; a slot with hash 0 is free */
    size_t count;
};

/* Replaces what `grams` held by the grams of this text. Any bytes will do. */
void grams_read(struct grams *grams, unsigned lengths, const char *text, size_t size);
void grams_close(struct grams *grams);

#endif
