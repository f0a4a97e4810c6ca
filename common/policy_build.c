/* Policies from the rows of ladder.csv, items.csv and rules.csv, which were checked before. */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_fields.h"
#include "common/city_private.h"

static const struct rule_spec rule_specs[] = {
#define RULE_LIMIT(name, amount, unit, meaning) \
    {#name, true, offsetof(struct policy_rules, name), amount, 1, LIMIT_AMOUNT_MAX, unit},
#define RULE_NUMBER(name, value, least, most, meaning) \
    {#name, false, offsetof(struct policy_rules, name), value, least, most, CONTINUOUS_MINUTES},
#include "common/policy_rules.def"
#undef RULE_LIMIT
#undef RULE_NUMBER
};
#define RULE_COUNT (sizeof rule_specs / sizeof *rule_specs)

const struct rule_spec *rule_spec_of(const char *name) {
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(rule_specs[i].name, name) == 0)
            return &rule_specs[i];
    return NULL;
}

static void set_rule(struct policy_rules *rules, const struct rule_spec *spec, struct limit limit) {
    char *place = (char *)rules + spec->offset;

    if (spec->is_limit)
        memcpy(place, &limit, sizeof limit);
    else
        memcpy(place, &limit.amount, sizeof limit.amount);
}

void policy_open(struct policy *policy, size_t item_room) {
    *policy = (struct policy){.item_room = item_room};
    policy->items = calloc(item_room + 1, sizeof *policy->items);
    assert(policy->items != NULL);
    code_index_open(&policy->item_index, item_room);
    for (size_t i = 0; i < RULE_COUNT; i++)
        set_rule(&policy->rules, &rule_specs[i], (struct limit){rule_specs[i].value, rule_specs[i].unit});
}

void policy_add_rung(struct policy *policy, const char *const *fields) {
    uint8_t tier = field_number(fields[COLUMN(ladder, tier)]);
    int rank = severity_rank(fields[COLUMN(ladder, severity)]);
    enum ladder_clock clock = ladder_clock_named(fields[COLUMN(ladder, clock)]);
    const char *moves_up = fields[COLUMN(ladder, moves_up)];

    if (tier < 1 || tier > TIER_MAX || rank < 0 || clock == LADDER_CLOCKS)
        return; /* loaded by a newer program, which knows more clocks */
    policy->ladder[tier - 1][rank][clock] = (struct rung){
        .limit = field_limit(fields[COLUMN(ladder, limit)], fields[COLUMN(ladder, limit_unit)]),
        .grace = field_limit(fields[COLUMN(ladder, grace)], fields[COLUMN(ladder, grace_unit)]),
        .moves_up = *moves_up == '\0' || field_flag(moves_up),
    };
}

void policy_add_rule(struct policy *policy, const char *const *fields) {
    const struct rule_spec *spec = rule_spec_of(fields[COLUMN(rules, key)]);
    const char *value = fields[COLUMN(rules, value)];

    if (spec == NULL) /* loaded by a newer program, which knows more amounts */
        return;
    set_rule(&policy->rules, spec,
             spec->is_limit ? field_limit(value, fields[COLUMN(rules, unit)])
                            : (struct limit){(uint32_t)strtoul(value, NULL, 10), CONTINUOUS_MINUTES});
}

void policy_add_item(struct policy *policy, const struct policy_item *item) {
    assert(policy->item_count < policy->item_room);
    struct policy_item *added = &policy->items[policy->item_count];
    *added = *item;
    if (code_index_add(&policy->item_index, added->code, (uint32_t)policy->item_count))
        policy->item_count++;
}

/* A ladder that says nothing of review, as all did once: at the pace at which mild cases must be done. */
void policy_finish(struct policy *policy) {
    for (int tier = 0; tier < TIER_MAX; tier++) {
        for (int rank = 0; rank < SEVERITY_COUNT; rank++) {
            struct rung *review = &policy->ladder[tier][rank][LADDER_review];
            if (review->limit.amount == 0)
                review->limit = policy->ladder[tier][0][LADDER_resolve].limit;
        }
    }
}

void policy_close(struct policy *policy) {
    code_index_close(&policy->item_index);
    free(policy->items);
    *policy = (struct policy){0};
}
