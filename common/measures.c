#include "common/measures.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct measure_spec specs[MEASURE_COUNT] = {
#define RATE(name, period, zh, en, numerator, denominator, meaning) \
    {#name, false, PERIOD_##period, zh, en, numerator, denominator, meaning},
#define SLOT(name, period, zh, en, numerator, denominator, meaning) \
    {"slot_" #name, true, PERIOD_##period, zh, en, numerator, denominator, meaning},
#include "common/measures.def"
#undef RATE
#undef SLOT
};

const struct measure_spec *measure_spec(enum measure measure) {
    assert(measure < MEASURE_COUNT);
    return &specs[measure];
}

enum measure measure_slot_named(const char *code) {
    static const char prefix[] = "slot_";

    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++)
        if (specs[measure].slot && strcmp(specs[measure].name + strlen(prefix), code) == 0)
            return measure;
    return MEASURE_COUNT;
}

const char *measure_period_name(enum measure_period period) {
    return period == PERIOD_OPENED ? "opened" : "closed";
}

double measured_rate(const struct measured *measured) {
    return measured->of == 0 ? NAN : (double)measured->tenths / ((double)measured->of * 10);
}

double measured_composite(const struct measured measured[MEASURE_COUNT]) {
    return COMPOSITE_RESPONSE * measured_rate(&measured[RATE_contacted_in_time]) +
           COMPOSITE_SOLVED * measured_rate(&measured[RATE_solved]) +
           COMPOSITE_SATISFIED * measured_rate(&measured[RATE_satisfied]);
}
