#include "services/intake/likeness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EARTH_METRES_A_DEGREE 111195.0
#define RADIANS_A_DEGREE 0.017453292519943295
#define HOUR_MS 3600000.0

/* Fitted by tests/bench/duplicates.py to the earlier half of the reports; see docs/duplicates.md for what they reach on the later
 * half. Two could not be learned there, because the data has one item a pair and no reporters: they are a decision. */
static const double weights[TERM_COUNT] = {
    [TERM_always] = -0.087,  [TERM_distance] = -1.457,   [TERM_delay] = 0.068,         [TERM_text] = 3.123,
    [TERM_wordless] = 1.332, [TERM_other_item] = -2.000, [TERM_same_reporter] = 1.000,
};

/* ---- the score ------------------------------------------------------------------------------------------------------------ */

/* Near enough for some kilometres: degrees on a plane. */
double likeness_metres(const struct likeness_report *a, const struct likeness_report *b) {
    double north = (a->lat - b->lat) * EARTH_METRES_A_DEGREE;
    double east = (a->lon - b->lon) * EARTH_METRES_A_DEGREE * cos(a->lat * RADIANS_A_DEGREE);
    return sqrt(north * north + east * east);
}

void likeness_terms(const struct likeness *likeness, double terms[TERM_COUNT]) {
    terms[TERM_always] = 1;
    terms[TERM_distance] = isnan(likeness->metres) ? 0 : log1p(likeness->metres / 10);
    terms[TERM_delay] = log1p(likeness->hours);
    terms[TERM_text] = isnan(likeness->text) ? 0 : likeness->text;
    terms[TERM_wordless] = isnan(likeness->text);
    terms[TERM_other_item] = !likeness->same_item;
    terms[TERM_same_reporter] = likeness->same_reporter;
}

void likeness_of(const struct likeness_report *report, const struct likeness_report *older, struct likeness *out) {
    double terms[TERM_COUNT], sum = 0;
    out->metres = likeness_metres(report, older);
    out->hours = fabs((double)(report->at - older->at)) / HOUR_MS;
    out->text = likeness_text(&report->text, &older->text);
    out->same_item = strcmp(report->item, older->item) == 0;
    out->same_address = report->address != 0 && report->address == older->address;
    out->same_reporter = report->reporter != 0 && report->reporter == older->reporter;
    likeness_terms(out, terms);
    for (int i = 0; i < TERM_COUNT; i++)
        sum += weights[i] * terms[i];
    out->percent = (uint32_t)lround(100 / (1 + exp(-sum)));
}

/* ---- in words --------------------------------------------------------------------------------------------------------------- */

enum phrase {
    PHRASE_item,
    PHRASE_other,
    PHRASE_address,
    PHRASE_metres,
    PHRASE_hours,
    PHRASE_text,
    PHRASE_reporter,
    PHRASE_COUNT
};

struct phrase_form { /* before and after a number; digits < 0: without one */
    const char *before, *after;
    int digits;
};

static const struct {
    const char *first, *between;
    struct phrase_form forms[PHRASE_COUNT];
} languages[] = {
    {"",
     ", ",
     {[PHRASE_item] = {"same item", "", -1},
      [PHRASE_other] = {"item of the same group", "", -1},
      [PHRASE_address] = {"same address", "", -1},
      [PHRASE_metres] = {"", " m", 0},
      [PHRASE_hours] = {"", " h", 0},
      [PHRASE_text] = {"text ", "", 2},
      [PHRASE_reporter] = {"same reporter", "", -1}}},
    {LIKENESS_BETWEEN,
     "，",
     {[PHRASE_item] = {"同一事项", "", -1},
      [PHRASE_other] = {"同类事项", "", -1},
      [PHRASE_address] = {"同一地址", "", -1},
      [PHRASE_metres] = {"相距", "米", 0},
      [PHRASE_hours] = {"相隔", "小时", 0},
      [PHRASE_text] = {"文字相似", "", 2},
      [PHRASE_reporter] = {"同一反映人", "", -1}}},
};

static size_t say(char *words, size_t size, const char *between, const struct phrase_form *form, double number) {
    if (isnan(number))
        return size;
    char digits[32] = "";
    if (form->digits >= 0)
        snprintf(digits, sizeof digits, "%.*f", form->digits, number);
    int added = snprintf(words + size, LIKENESS_WORDS_MAX + 1 - size, "%s%s%s%s", between, form->before, digits,
                         form->after);
    return size + (size_t)added; /* at most 60 bytes of English and 110 of Chinese */
}

void likeness_words(const struct likeness *likeness, char words[LIKENESS_WORDS_MAX + 1]) {
    const double numbers[PHRASE_COUNT] = {
        [PHRASE_item] = likeness->same_item ? 0 : NAN,
        [PHRASE_other] = likeness->same_item ? NAN : 0,
        [PHRASE_address] = likeness->same_address ? 0 : NAN,
        [PHRASE_metres] = likeness->metres,
        [PHRASE_hours] = likeness->hours,
        [PHRASE_text] = likeness->text,
        [PHRASE_reporter] = likeness->same_reporter ? 0 : NAN,
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        const char *between = languages[i].first;
        for (int phrase = 0; phrase < PHRASE_COUNT; phrase++) {
            size_t before = size;
            size = say(words, size, between, &languages[i].forms[phrase], numbers[phrase]);
            if (size > before)
                between = languages[i].between;
        }
    }
}

/* ---- where to look --------------------------------------------------------------------------------------------------------- */

static uint64_t stir(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static uint64_t stir_text(uint64_t hash, const char *text) {
    for (; *text != '\0'; text++)
        hash = stir(hash, (unsigned char)*text);
    return stir(hash, 0);
}

#define CELL_METRES(spot) (4.0 * (spot)->metres)
#define REACH 0.255 /* of a cell's side: the metres, and what a row's columns may be off the true width */
#define CELL_NUMBERS ((UINT64_C(1) << 39) - 1)
#define UNIT_BITS 12

/* Rows of cells are as high everywhere; how many cells a row has depends on its latitude, so columns are counted row by row. */
static double column_of(const struct likeness_spot *spot, double row) {
    double middle = (row + 0.5) * CELL_METRES(spot) / EARTH_METRES_A_DEGREE;
    return spot->lon * EARTH_METRES_A_DEGREE * cos(middle * RADIANS_A_DEGREE) / CELL_METRES(spot);
}

static int64_t number_of(uint64_t hash) {
    return (int64_t)(hash % CELL_NUMBERS + 1);
}

static struct likeness_cell cell_at(uint64_t group, const double corner[2], const double at[2]) {
    uint64_t hash = stir(stir(group, (uint64_t)(int64_t)corner[0]), (uint64_t)(int64_t)corner[1]);
    return (struct likeness_cell){.number = number_of(hash),
                                  .x = (int16_t)floor((at[1] - corner[1]) * LIKENESS_CELL_UNITS),
                                  .y = (int16_t)floor((at[0] - corner[0]) * LIKENESS_CELL_UNITS)};
}

/* The nearer neighbour of the cell in which `at` lies, and how far off it begins. */
static double beside(double at, double *gap) {
    double within = at - floor(at);
    *gap = within < 0.5 ? within : 1 - within;
    return floor(at) + (within < 0.5 ? -1 : 1);
}

size_t likeness_cells(const struct likeness_spot *spot, struct likeness_cell cells[LIKENESS_CELLS]) {
    uint64_t group = stir_text(0, spot->group);
    size_t count = 0;
    if (isnan(spot->lat) || isnan(spot->lon)) {
        if (spot->address != 0)
            cells[count++] = (struct likeness_cell){
                .number = number_of(stir(stir_text(group, spot->area), spot->address))};
        return count;
    }
    double height = spot->lat * EARTH_METRES_A_DEGREE / CELL_METRES(spot), gaps[] = {0, 0}, across;
    const double rows[] = {floor(height), beside(height, &gaps[1])};
    for (size_t i = 0; i < 2 && gaps[i] < REACH; i++) {
        double along = column_of(spot, rows[i]), next = beside(along, &across);
        const double at[] = {height, along};
        cells[count++] = cell_at(group, (const double[]){rows[i], floor(along)}, at);
        if (gaps[i] * gaps[i] + across * across < REACH * REACH)
            cells[count++] = cell_at(group, (const double[]){rows[i], next}, at);
    }
    return count;
}

int64_t likeness_place(const struct likeness_cell *own) {
    return own->number << 2 * UNIT_BITS | (int64_t)own->y << UNIT_BITS | own->x;
}
