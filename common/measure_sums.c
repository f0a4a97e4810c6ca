#include "common/measure_sums.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_SLOTS 64

static const char *const by_names[] = {"", "unit", "item", "channel", "source", "tier", "month", "day"};

int sums_by_named(const char *name) {
    for (size_t i = 0; i < sizeof by_names / sizeof by_names[0]; i++)
        if (strcmp(by_names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *sums_by_name(enum sums_by by) {
    return by_names[by];
}

/* ---- cells ---------------------------------------------------------------------------------------------------------- */

static size_t slot_of(const struct sums *sums, uint64_t key) {
    size_t mask = sums->slot_count - 1;
    /* Fibonacci hashing, Knuth, TAOCP 3, 6.4 */
    size_t at = (size_t)((key * 11400714819323198485ull) >> 20) & mask;

    while (sums->slots[at] != 0 && sums->cells[sums->slots[at] - 1].key != key)
        at = (at + 1) & mask;
    return at;
}

static void grow(struct sums *sums) {
    sums->slot_count = sums->slot_count == 0 ? FIRST_SLOTS : sums->slot_count * 2;
    sums->room = sums->slot_count / 2;
    sums->cells = realloc(sums->cells, sums->room * sizeof *sums->cells);
    free(sums->slots);
    sums->slots = calloc(sums->slot_count, sizeof *sums->slots);
    assert(sums->cells != NULL && sums->slots != NULL);
    for (size_t i = 0; i < sums->count; i++)
        sums->slots[slot_of(sums, sums->cells[i].key)] = (uint32_t)i + 1;
}

static size_t cell_at(struct sums *sums, uint64_t key) {
    if (sums->count == sums->room)
        grow(sums);
    size_t slot = slot_of(sums, key);
    if (sums->slots[slot] == 0) {
        sums->cells[sums->count] = (struct sums_cell){.key = key};
        sums->slots[slot] = (uint32_t)++sums->count;
    }
    return sums->slots[slot] - 1;
}

const struct sums_cell *sums_cell(const struct sums *sums, uint64_t key) {
    if (sums->slot_count == 0)
        return NULL;
    size_t slot = slot_of(sums, key);
    return sums->slots[slot] == 0 ? NULL : &sums->cells[sums->slots[slot] - 1];
}

void sums_close(struct sums *sums) {
    free(sums->cells);
    free(sums->slots);
    sums->cells = NULL;
    sums->slots = NULL;
    free(sums->unit_met);
    sums->unit_met = NULL;
}

/* ---- one case --------------------------------------------------------------------------------------------------------- */

struct adding {
    struct sums *sums;
    const struct case_facts *facts;
    int64_t instants[2];                           /* by enum measure_period; 0: not in the period */
    uint64_t dates[2];                             /* yyyymmdd */
    uint64_t touched[PLACES_MAX * 2], touch_count; /* cells in which the case was counted */
};

static int compare_exclusions(const void *key, const void *exclusion) {
    uint64_t case_id = *(const uint64_t *)key, other = ((const struct exclusion *)exclusion)->case_id;
    return (case_id > other) - (case_id < other);
}

static bool is_excluded(struct sums *sums, uint64_t case_id) {
    struct exclusion *found = sums->ask.exclusion_count == 0
                                  ? NULL
                                  : bsearch(&case_id, sums->ask.exclusions, sums->ask.exclusion_count,
                                            sizeof *sums->ask.exclusions, compare_exclusions);
    if (found != NULL)
        found->met = true;
    return found != NULL;
}

static struct score_rules rules_of(const struct sums *sums, uint32_t channel) {
    for (size_t i = 0; i < sums->ask.channel_count; i++)
        if (sums->ask.channels[i].number == channel)
            return (struct score_rules){sums->ask.now, sums->ask.channels[i].callback, sums->ask.channels[i].proactive};
    return (struct score_rules){sums->ask.now, true, false};
}

static uint64_t date_number(const struct zone *zone, int64_t instant) {
    time_t local = (time_t)(zone_local(zone, instant) / 1000);
    struct tm parts;

    gmtime_r(&local, &parts);
    return (uint64_t)(parts.tm_year + 1900) * 10000 + (uint64_t)(parts.tm_mon + 1) * 100 + (uint64_t)parts.tm_mday;
}

static uint64_t key_of(const struct adding *adding, const struct score *score, enum measure_period period) {
    switch (adding->sums->ask.by) {
    case SUMS_BY_none:
        return 0;
    case SUMS_BY_unit:
        return score->unit;
    case SUMS_BY_item:
        return adding->facts->item;
    case SUMS_BY_channel:
        return adding->facts->channel;
    case SUMS_BY_source:
        return adding->facts->source;
    case SUMS_BY_tier:
        return score->tier;
    case SUMS_BY_month:
        return adding->dates[period] / 100;
    case SUMS_BY_day:
        return adding->dates[period];
    }
    return 0;
}

static void touch(struct adding *adding, size_t cell) {
    for (size_t i = 0; i < adding->touch_count; i++)
        if (adding->touched[i] == cell)
            return;
    adding->touched[adding->touch_count++] = cell;
    adding->sums->cells[cell].cases++;
}

static void add_score(struct adding *adding, const struct score *score) {
    struct sums *sums = adding->sums;

    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        enum measure_period period = measure_spec(measure)->period;
        const struct measured *measured = &score->measured[measure];
        if (measured->of == 0 || adding->instants[period] == 0)
            continue;
        size_t cell = cell_at(sums, key_of(adding, score, period));
        touch(adding, cell);
        sums->cells[cell].measured[measure].tenths += measured->tenths;
        sums->cells[cell].measured[measure].of += measured->of;
        sums->total.measured[measure].tenths += measured->tenths;
        sums->total.measured[measure].of += measured->of;
    }
}

void sums_add(struct sums *sums, uint64_t case_id, const struct case_facts *facts) {
    const int64_t instants[2] = {[PERIOD_OPENED] = facts->opened_at, [PERIOD_CLOSED] = facts->closed_at};
    struct adding adding = {.sums = sums, .facts = facts};
    struct score scores[PLACES_MAX];

    for (int i = 0; i < 2; i++)
        if (instants[i] != 0 && instants[i] >= sums->ask.from_at && instants[i] < sums->ask.to_at)
            adding.instants[i] = instants[i];
    if (adding.instants[0] == 0 && adding.instants[1] == 0)
        return;
    if (is_excluded(sums, case_id)) {
        sums->excluded++;
        return;
    }
    if (facts->headless) {
        sums->headless++;
        return;
    }
    if (sums->ask.by == SUMS_BY_month || sums->ask.by == SUMS_BY_day)
        for (int i = 0; i < 2; i++)
            adding.dates[i] = date_number(sums->ask.zone, adding.instants[i]);
    const struct score_rules rules = rules_of(sums, facts->channel);
    size_t count = facts_score(facts, &rules, scores);
    for (size_t i = 0; i < count && sums->unit_met != NULL; i++)
        if (scores[i].unit < sums->ask.unit_count)
            sums->unit_met[scores[i].unit] = true;
    for (size_t i = 0; i < count; i++)
        if (sums->ask.unit_count == 0 || scores[i].unit < sums->ask.unit_count)
            add_score(&adding, &scores[i]);
    sums->uncharged += facts->uncharged;
    sums->total.cases += adding.touch_count > 0;
}
