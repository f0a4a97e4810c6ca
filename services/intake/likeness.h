/* Whether two reports are about the same matter: a number from 0 to 100 and what it was made of. Pure, nothing is allocated.
 *
 * The weights were fitted to reports that the staff of a city closed as duplicates of a named one (docs/duplicates.md); they hold for
 * texts with and without spaces between words, and for reports without a point or without words. */
#ifndef ZHITONG_INTAKE_LIKENESS_H
#define ZHITONG_INTAKE_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKENESS_GRAMS_MAX 192   /* of a sketch; of a longer text those with the lowest hashes, which stand for all */
#define LIKENESS_CELLS 4         /* that a report looks into at most: its own and three beside it */
#define LIKENESS_CELL_UNITS 4096 /* along a side of a cell; a report looks a quarter of it around itself */
#define LIKENESS_WORDS_MAX 240   /* bytes of the reasons in words, both languages */
#define LIKENESS_BETWEEN " / "   /* of the two languages */
#define LIKENESS_TEXT_BYTES 1600 /* of a text that are looked at */

/* The set of a text's parts: pairs of neighbouring characters where a script has no spaces, and runs of three characters of a word
 * in front of which and behind which a space is thought. Capitals count as small letters; the rest is skipped. */
struct likeness_sketch {
    uint32_t count;
    bool cut;                           /* there were more */
    uint32_t grams[LIKENESS_GRAMS_MAX]; /* hashes, ascending, each once */
};

struct likeness_report { /* as far as it is compared */
    const char *item;    /* code; borrowed */
    double lat, lon;     /* WGS-84 degrees; NaN: no point */
    uint64_t address;    /* likeness_address of it; 0: none */
    int64_t at;          /* unix ms when it happened or came in */
    uint64_t reporter;   /* 0: not known */
    struct likeness_sketch text;
};

struct likeness {
    uint32_t percent;
    double metres; /* NaN: not known */
    double hours;
    double text; /* 0 nothing in common to 1 the same words; NaN: one of them says nothing */
    bool same_item, same_address, same_reporter;
};

enum likeness_term { /* what the score is the weighted sum of, before it is bent to 0…100 */
                     TERM_always,
                     TERM_distance,   /* ln(1 + metres / 10); without a point, where only the address is the same, 0 */
                     TERM_delay,      /* ln(1 + hours) */
                     TERM_text,       /* 0 to 1 */
                     TERM_wordless,   /* 1 or 0, like the next ones: no text to compare */
                     TERM_other_item, /* only of the same group */
                     TERM_same_reporter, /* the same person again */
                     TERM_COUNT
};

/* A text's sketch; `more` is a second piece of it, NULL or "" for none. */
void likeness_sketch(const char *text, const char *more, struct likeness_sketch *sketch);
/* Dice's coefficient of two sketches, estimated where one was cut; NaN where one is empty. */
double likeness_text(const struct likeness_sketch *a, const struct likeness_sketch *b);
/* A number for an address, the same however it is spaced, punctuated or capitalised; 0 where nothing is left of it. */
uint64_t likeness_address(const char *address);
/* Metres between two points that lie within some kilometres; NaN where one of them has no point. */
double likeness_metres(const struct likeness_report *a, const struct likeness_report *b);

/* Compares a report with an older one (either order of instants is taken). */
void likeness_of(const struct likeness_report *report, const struct likeness_report *older, struct likeness *out);
/* The terms of that score, for whoever fits the weights. */
void likeness_terms(const struct likeness *likeness, double terms[TERM_COUNT]);

/* The reasons in words, English and Chinese: "same item, 12 m, 3 h, text 0.61 / 同一事项，…". */
void likeness_words(const struct likeness *likeness, char words[LIKENESS_WORDS_MAX + 1]);

/* Where reports are looked for: cells of a map of one group of items, or an address of an area. A cell is four times as wide as
 * reports of one matter may lie apart: a report looks into its own and into those beside it that its circle touches, 2.2 on
 * average. Where in its cell a report lies is part of its place, so that the others in a cell need not be read. */
struct likeness_spot {
    const char *group; /* code of the item's parent, or of the item that has none */
    const char *area;
    double lat, lon;
    uint64_t address;
    uint32_t metres; /* how far apart they may lie, at least 1 */
};
struct likeness_cell {
    int64_t number; /* 1 to 2^39 - 1 */
    int16_t x, y;   /* the report, in units from the cell's south-west corner: also beyond its sides; of an address 0 */
};
/* cells[0] is the report's own. Returns how many: 0 where it has neither a point nor an address. */
size_t likeness_cells(const struct likeness_spot *spot, struct likeness_cell cells[LIKENESS_CELLS]);
/* One number for a report's own cell and where in it it lies: number, y, x with 39, 12 and 12 bits. Never 0. */
int64_t likeness_place(const struct likeness_cell *own);

#endif
