#include "common/city_rules.h"

#include "common/city_private.h"

/* Tiers and severities at which some case may stand. */
struct used {
    bool tier[TIER_MAX];
    size_t item; /* row of an item that needs it */
};

/* Follows one case from its first unit to the top; false, with a reason, when the way ends below. */
static bool way_up_ends(const struct city *city, const struct area *area, const struct unit *unit, struct used *used,
                        struct reason *why) {
    uint8_t tier = 0;

    for (int step = 0; step < TIER_MAX && unit != NULL; step++) {
        if (unit->tier <= tier) {
            (void)refuse(why, "unit", "%s is no tier above the unit before it", unit->code);
            return false;
        }
        tier = unit->tier;
        used->tier[tier - 1] = true;
        if (city_unit_above(city, unit, area, &unit, why) != 0)
            return false;
    }
    if (tier == TIER_MAX)
        return true;
    (void)refuse(why, "unit", "the way up ends at tier %u", tier);
    return false;
}

/* One item in every area; complains once. */
static void check_item(struct city_draft *draft, const struct city *city, size_t row, struct used *used) {
    const struct item *item = &city->items[row];
    const struct unit *unit;
    struct reason why;

    used->item = row;
    used->tier[item->tier - 1] = true;
    for (size_t i = 0; i < city->area_count; i++) {
        const struct area *area = &city->areas[i];
        unit = city_unit_for(city, item, area, item->tier, &why);
        if (unit != NULL && way_up_ends(city, area, unit, used, &why))
            continue;
        draft_complain(draft, (struct draft_place){CITY_items, row, COLUMN(items, tier)}, "in area %s: %s", area->code,
                       why.text);
        return;
    }
}

/* Severities that cases of this item have: its own, or a channel's where that is higher. */
static void note_severities(const struct city *city, const struct item *item, bool severities[SEVERITY_COUNT]) {
    int own = severity_rank(item->severity);

    severities[own] = true;
    for (size_t i = 0; i < city->channel_count; i++) {
        int least = severity_rank(city->channels[i].severity);
        if (least > own)
            severities[least] = true;
    }
}

static void check_ladder(struct city_draft *draft, const struct city *city, const struct used *used,
                         bool missing[TIER_MAX][SEVERITY_COUNT]) {
    static const char *const names[SEVERITY_COUNT] = {"blue", "yellow", "orange", "red"};
    const struct item *item = &city->items[used->item];
    bool severities[SEVERITY_COUNT] = {false};

    note_severities(city, item, severities);
    for (int tier = 0; tier < TIER_MAX; tier++) {
        for (int rank = 0; rank < SEVERITY_COUNT; rank++) {
            const struct rung *rungs = city->policies[0].ladder[tier][rank];
            bool lacks_resolve = rungs[LADDER_resolve].limit.amount == 0;
            bool lacks_review = tier + 1 == TIER_MAX && rungs[LADDER_review].limit.amount == 0;
            if (!used->tier[tier] || !severities[rank] || !(lacks_resolve || lacks_review) || missing[tier][rank])
                continue;
            missing[tier][rank] = true;
            draft_complain(draft, (struct draft_place){CITY_ladder, draft->tables[CITY_ladder].count, 0},
                           "add a row for tier %d, %s, %s: cases of %s come there", tier + 1, names[rank],
                           lacks_resolve ? "resolve" : "review", item->code);
        }
    }
}

void city_check_reach(struct city_draft *draft, const struct city *city) {
    bool missing[TIER_MAX][SEVERITY_COUNT] = {{false}};

    for (size_t row = 0; row < city->item_count; row++) {
        struct used used = {{false}, 0};
        check_item(draft, city, row, &used);
        check_ladder(draft, city, &used, missing);
    }
}
