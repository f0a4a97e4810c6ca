/* What a case is promised: limits of the ladder and of items, and the amounts of rules.csv. Versioned: a case keeps the version
 * under which it was opened, while areas, units and calendars are always those of today. Immutable, lives as long as its city. */
#ifndef ZHITONG_POLICY_H
#define ZHITONG_POLICY_H

#include "common/city.h"

#define POLICIES_KEPT_MAX 64 /* versions in memory: the newest; `zhitong city versions` tells which */

enum ladder_clock {                  /* ladder.csv, column clock */
                    LADDER_accept,   /* the desk takes it on */
                    LADDER_sign,     /* the unit signs for it */
                    LADDER_contact,  /* the reporter is spoken with, or the unit is on site */
                    LADDER_progress, /* something is heard of a case that was signed for; starts anew with every word */
                    LADDER_resolve,  /* it is done */
                    LADDER_review,   /* a case on the supervision list is looked at again */
                    LADDER_arrive,   /* a called unit is there */
                    LADDER_CLOCKS
};
const char *ladder_clock_name(enum ladder_clock clock);
/* LADDER_CLOCKS when there is none. */
enum ladder_clock ladder_clock_named(const char *name);

struct rung {
    struct limit limit, grace; /* limit.amount 0: this clock does not run */
    bool moves_up;             /* past limit and grace the case moves up; else it is only told */
    bool of_item;              /* the limit is the item's own */
};

struct policy_rules {
#define RULE_LIMIT(name, amount, unit, meaning) struct limit name;
#define RULE_NUMBER(name, value, least, most, meaning) uint32_t name;
#include "common/policy_rules.def"
#undef RULE_LIMIT
#undef RULE_NUMBER
};

struct policy;

/* The policy for a case that opens at `now` (unix ms): the newest whose valid-from has come. Never NULL. */
const struct policy *city_policy_at(const struct city *city, int64_t now);
/* The policy of that version; where it is no longer kept, the oldest that is. 0: the oldest. Never NULL. */
const struct policy *city_policy(const struct city *city, uint64_t version);

uint64_t policy_version(const struct policy *policy);
const struct policy_rules *policy_rules(const struct policy *policy);

/* The limit of a clock: of resolve at the item's own tier the item's limit where it has one, else the ladder's. An item that the policy
 * does not know has none of its own. Refuses a severity that is none and a tier outside 1 … TIER_MAX. */
struct rung_asked {
    const char *item; /* code */
    const char *severity;
    uint8_t tier;
    enum ladder_clock clock;
};
MUST_CHECK int policy_rung(const struct policy *policy, const struct rung_asked *asked, struct rung *rung,
                           struct reason *why);

#endif
