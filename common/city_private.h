/* Inside of a struct city, for those who build it and those who read it. */
#ifndef ZHITONG_CITY_PRIVATE_H
#define ZHITONG_CITY_PRIVATE_H

#include "common/calendar.h"
#include "common/city.h"
#include "common/city_draft.h"
#include "common/city_sources.h"
#include "common/code_index.h"
#include "common/policy.h"

#define SEVERITY_COUNT 4
#define NAME_ROOM 241

struct policy_item { /* of an item, what a case keeps */
    char code[CODE_MAX + 1];
    uint8_t tier;
    struct limit limit;
};

struct policy {
    uint64_t version;
    int64_t valid_from; /* unix ms; 0: from the beginning */
    struct rung ladder[TIER_MAX][SEVERITY_COUNT][LADDER_CLOCKS];
    struct policy_rules rules;
    struct policy_item *items;
    size_t item_count, item_room;
    struct code_index item_index;
};

struct post { /* the unit of a kind that answers for an area at that area's tier */
    uint32_t area, kind;
    const struct unit *unit; /* NULL: a free slot */
};

struct listed_reason {
    char move[CODE_MAX + 1], code[CODE_MAX + 1];
};

struct template_party {
    char code[CODE_MAX + 1];  /* of the template */
    char party[CODE_MAX + 1]; /* a kind, or the code of a unit */
};

#define CALENDARS_MAX 64 /* beside the city's own */

struct named_calendar {
    char code[CODE_MAX + 1];
    struct calendar *calendar;
};

struct city {
    char code[CODE_MAX + 1];
    char name[NAME_ROOM];
    char timezone[65];
    uint64_t version, calendar_version;

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

    struct listed_reason *reasons;
    struct template_party *parties; /* in the order of templates.csv */
    size_t reason_count, party_count;

    struct fences *fences; /* borders; numbers of areas */
    struct area_names *area_names;
    uint32_t *middles; /* numbers of the areas whose middle is known */
    size_t middle_count;
    struct source *sources; /* city_sources.c */
    size_t source_count;
    struct code_index source_index;

    struct policy *policies; /* at least one; by valid-from, then version */
    size_t policy_count;

    struct door *doors; /* of each item, in the order of items */
    struct city_words *words;
    struct city_notices *notices;

    struct calendar *calendar;        /* of the city */
    struct named_calendar *calendars; /* that units have instead */
    size_t calendar_count;
    const struct calendar **unit_calendars; /* of each unit, in the order of units; NULL: the city's */
};

/* First slot to look into for this area and kind; the next ones follow, round the end. */
static inline size_t post_slot(const struct city *city, uint32_t area, uint32_t kind) {
    uint64_t mixed = ((uint64_t)area << 32 | kind) * UINT64_C(0x9E3779B97F4A7C15);
    return (mixed >> 32) & city->post_mask;
}

/* The unit of the kind that answers for exactly this area, NULL when there is none. */
const struct unit *city_unit_of_kind(const struct city *city, const struct area *area, uint32_t kind);

/* Who answers at this tier or, where nobody does, at the next one up; NULL when nobody does. */
const struct unit *city_answering(const struct city *city, uint32_t kind, const struct area *area, uint8_t tier);

/* One row of common/policy_rules.def. */
struct rule_spec {
    const char *name;
    bool is_limit;
    size_t offset; /* in struct policy_rules: of a struct limit, or of a uint32_t */
    uint32_t value, least, most;
    enum time_unit unit;
};
const struct rule_spec *rule_spec_of(const char *name); /* NULL when there is none */

/* A policy with the amounts of policy_rules.def, no rungs and room for so many items. Then rows go in: of ladder.csv and rules.csv
 * all fields in the order of city_tables.def. policy_finish comes last. */
void policy_open(struct policy *policy, size_t item_room);
void policy_add_rung(struct policy *policy, const char *const *fields);
void policy_add_rule(struct policy *policy, const char *const *fields);
void policy_add_item(struct policy *policy, const struct policy_item *item);
void policy_finish(struct policy *policy);
void policy_close(struct policy *policy);

struct db;
/* Puts the policies that the database keeps, the newest POLICIES_KEPT_MAX, in the place of the one that was built from the tables.
 * -1: the database failed, see db_reason; the city stays. */
MUST_CHECK int city_read_policies(struct city *city, struct db *db);

/* The city's calendar and those of its units. Refuses what calendar_open refuses, and more than CALENDARS_MAX. */
MUST_CHECK int city_build_calendars(struct city *city, const struct city_draft *draft, struct reason *why);
void city_close_calendars(struct city *city);

/* Borders and names of areas (city_place.c). The check complains of rings that are none. */
void city_build_places(struct city *city, const struct city_draft *draft);
void city_close_places(struct city *city);
void city_check_places(struct city_draft *draft);

/* Builds the city of a draft that city_check_tables found without fault. Refuses what calendar_open refuses. */
MUST_CHECK int city_build(struct city **out, const struct city_draft *draft, struct reason *why);

#endif
