#include "common/policy.h"

#include <string.h>

#include "common/city_private.h"

static const char *const clock_names[LADDER_CLOCKS] = {"accept",  "sign",   "contact", "progress",
                                                       "resolve", "review", "arrive"};

const char *ladder_clock_name(enum ladder_clock clock) {
    return clock_names[clock];
}

enum ladder_clock ladder_clock_named(const char *name) {
    size_t clock = 0;

    while (clock < LADDER_CLOCKS && strcmp(clock_names[clock], name) != 0)
        clock++;
    return (enum ladder_clock)clock;
}

const struct policy *city_policy_at(const struct city *city, int64_t now) {
    size_t newest = 0;

    for (size_t i = 1; i < city->policy_count; i++)
        if (city->policies[i].valid_from <= now)
            newest = i;
    return &city->policies[newest];
}

const struct policy *city_policy(const struct city *city, uint64_t version) {
    const struct policy *oldest = &city->policies[0];

    for (size_t i = 0; i < city->policy_count; i++) {
        const struct policy *policy = &city->policies[i];
        if (policy->version == version)
            return policy;
        if (policy->version < oldest->version)
            oldest = policy;
    }
    return oldest;
}

uint64_t policy_version(const struct policy *policy) {
    return policy->version;
}

const struct policy_rules *policy_rules(const struct policy *policy) {
    return &policy->rules;
}

int policy_rung(const struct policy *policy, const struct rung_asked *asked, struct rung *rung, struct reason *why) {
    int rank = severity_rank(asked->severity);

    if (rank < 0)
        return refuse(why, "severity", "must be blue, yellow, orange or red, not \"%s\"", asked->severity);
    if (asked->tier < 1 || asked->tier > TIER_MAX)
        return refuse(why, "tier", "must be 1 to %d, not %u", TIER_MAX, asked->tier);
    *rung = policy->ladder[asked->tier - 1][rank][asked->clock];
    uint32_t number = asked->clock == LADDER_resolve ? code_index_find(&policy->item_index, asked->item) : CODE_UNKNOWN;
    const struct policy_item *item = number == CODE_UNKNOWN ? NULL : &policy->items[number];
    if (item != NULL && item->tier == asked->tier && item->limit.amount > 0) {
        rung->of_item = true;
        rung->limit = item->limit;
    }
    return 0;
}
