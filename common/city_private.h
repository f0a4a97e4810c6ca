/* Inside of a struct city, for those who build it and those who read it. */
#ifndef ZHITONG_CITY_PRIVATE_H
#define ZHITONG_CITY_PRIVATE_H

#include "common/calendar.h"
#include "common/city.h"
#include "common/city_draft.h"
#include "common/code_index.h"
#include "common/policy.h"

#define SEVERITY_COUNT 4
#define NAME_ROOM 241

struct policy {
    uint64_t version;
    int64_t valid_from; /* unix ms */
    struct rung ladder[TIER_MAX][SEVERITY_COUNT][LADDER_CLOCKS];
    struct policy_rules rules;
    const struct city *city; /* of the items */
};

struct post { /* the unit of a kind that answers for an area at that area's tier */
    uint32_t area, kind;
    const struct unit *unit; /* NULL: a free slot */
};

struct city {
    char code[CODE_MAX + 1];
    char name[NAME_ROOM];
    char timezone[65];
    uint64_t version;

    struct channel *channels;
    struct area *areas;
    struct unit *units;
    struct item *items;
    size_t channel_count, area_count, unit_count, item_count;
    struct code_index channel_index, area_index, unit_index, item_index;

    struct code_index kinds; /* of units; their codes are borrowed from units */
    uint32_t centre;         /* number of the kind "centre" */
    uint32_t *item_kinds;    /* kind of each item's units */
    struct post *posts;      /* a hash table */
    size_t post_mask;

    struct policy policy;
    struct calendar *calendar;
};

/* First slot to look into for this area and kind; the next ones follow, round the end. */
static inline size_t post_slot(const struct city *city, uint32_t area, uint32_t kind) {
    uint64_t mixed = ((uint64_t)area << 32 | kind) * UINT64_C(0x9E3779B97F4A7C15);
    return (mixed >> 32) & city->post_mask;
}

/* Who answers at this tier or, where nobody does, at the next one up; NULL when nobody does. */
const struct unit *city_answering(const struct city *city, uint32_t kind, const struct area *area, uint8_t tier);

/* The values of common/policy_rules.def. */
void policy_rules_default(struct policy_rules *rules);

/* Builds the city of a draft that city_check_tables found without fault. Refuses what calendar_open refuses. */
MUST_CHECK int city_build(struct city **out, const struct city_draft *draft, struct reason *why);

#endif
