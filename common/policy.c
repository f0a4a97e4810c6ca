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

void policy_rules_default(struct policy_rules *rules) {
#define RULE_LIMIT(name, amount, unit, meaning) rules->name = (struct limit){amount, unit};
#define RULE_NUMBER(name, value, least, most, meaning) rules->name = value;
#include "common/policy_rules.def"
#undef RULE_LIMIT
#undef RULE_NUMBER
}

const struct policy *city_policy_at(const struct city *city, int64_t now) {
    (void)now;
    return &city->policy;
}

const struct policy *city_policy(const struct city *city, uint64_t version) {
    (void)version;
    return &city->policy;
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
    const struct item *item = city_item(policy->city, asked->item);
    rung->of_item = asked->clock == LADDER_resolve && item != NULL && asked->tier == item->tier &&
                    item->limit.amount > 0;
    if (rung->of_item)
        rung->limit = item->limit;
    return 0;
}
