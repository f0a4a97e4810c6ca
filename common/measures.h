/* What is measured: names and definitions of measures.def. Pure lookups. */
#ifndef ZHITONG_MEASURES_H
#define ZHITONG_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

enum measure {
#define RATE(name, ...) RATE_##name,
#define SLOT(name, ...) SLOT_##name,
#include "common/measures.def"
#undef RATE
#undef SLOT
    MEASURE_COUNT
};

enum measure_period { PERIOD_OPENED, PERIOD_CLOSED };

struct measure_spec {
    const char *name; /* "signed_in_time"; of a slot "slot_receipt" */
    bool slot;
    enum measure_period period;
    const char *zh, *en;
    const char *numerator, *denominator, *meaning;
};

const struct measure_spec *measure_spec(enum measure measure);
/* The slot whose name is "slot_" and this code; MEASURE_COUNT when there is none. */
enum measure measure_slot_named(const char *code);
const char *measure_period_name(enum measure_period period); /* opened, closed */

/* How often something was asked for, and for how much of it there was; hits in tenths, because half and four fifths of one count. */
struct measured {
    uint64_t tenths, of;
};

/* Tenths over ten times `of`, 0 to 1; NaN when nothing was asked for. */
double measured_rate(const struct measured *measured);

/* Response 10, solved 45, satisfied 45, out of 100 (DOMAIN.md section 8); NaN when one of the three has nothing to count. */
#define COMPOSITE_RESPONSE 10
#define COMPOSITE_SOLVED 45
#define COMPOSITE_SATISFIED 45
double measured_composite(const struct measured measured[MEASURE_COUNT]);

/* Below so many cases nobody is ranked. */
#define RANKED_CASES_MIN 30

#endif
