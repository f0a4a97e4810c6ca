/* Sums over the facts of many cases, by unit, item, channel, source, tier, month or day. Pure. Cases may come in any order. */
#ifndef ZHITONG_MEASURE_SUMS_H
#define ZHITONG_MEASURE_SUMS_H

#include "common/case_facts.h"
#include "common/zone.h"

#define SUM_CHANNELS_MAX 64

enum sums_by {
    SUMS_BY_none,
    SUMS_BY_unit,
    SUMS_BY_item,
    SUMS_BY_channel,
    SUMS_BY_source,
    SUMS_BY_tier,
    SUMS_BY_month,
    SUMS_BY_day
};
/* "unit" …; "" is none. -1 when there is no such word. */
int sums_by_named(const char *name);
const char *sums_by_name(enum sums_by by);

struct sums_channel { /* of the city's folder */
    uint32_t number;  /* in the code book */
    bool callback, proactive;
};

struct exclusion { /* a case that an approved appeal takes out of the measures */
    uint64_t case_id;
    char reason[241], approved_by[65];
    bool met; /* the case was found in the period, and left out */
};

struct sums_ask {
    enum sums_by by;
    int64_t now; /* unix ms: what runs and lies before has passed */
    int64_t from_at,
        to_at; /* unix ms; a case counts when it was opened (or closed) at or after from_at and before to_at */
    const struct zone *zone; /* whose months and days count */
    uint32_t unit_count;     /* only what is charged to units whose number in the book is below; 0: to all */
    struct sums_channel channels[SUM_CHANNELS_MAX];
    size_t channel_count;
    struct exclusion *exclusions; /* by case id, ascending; borrowed, `met` is set */
    size_t exclusion_count;
};

struct sums_cell {
    uint64_t key;   /* number in the book, tier, yyyymm or yyyymmdd */
    uint64_t cases; /* that count in any measure */
    struct measured measured[MEASURE_COUNT];
};

struct sums { /* zero-initialised, with the ask, is empty */
    struct sums_ask ask;
    struct sums_cell total;
    struct sums_cell *cells;
    size_t count, room;
    uint32_t *slots; /* hash of the key → cell + 1 */
    size_t slot_count;
    bool *unit_met; /* NULL, or by the unit's number: something in the log was charged to that unit asked for */
    uint64_t excluded, headless, uncharged; /* cases in the period; the last counts events */
};

void sums_add(struct sums *sums, uint64_t case_id, const struct case_facts *facts);
/* The cell with this key, NULL when nothing was counted there. */
const struct sums_cell *sums_cell(const struct sums *sums, uint64_t key);
void sums_close(struct sums *sums);

#endif
