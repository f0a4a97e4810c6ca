/* Whether the tables of a city fit together. Every fault is kept as a complaint of the draft. Pure. */
#ifndef ZHITONG_CITY_RULES_H
#define ZHITONG_CITY_RULES_H

#include "common/city.h"
#include "common/city_draft.h"

#define NESTED_MAX 16 /* areas above a grid, items above an item */

/* Every field, every reference, every table. A draft without complaints afterwards can be built. */
void city_check_tables(struct city_draft *draft);

/* Of it, what concerns time: zone, calendar, hours. */
void city_check_time(struct city_draft *draft);

/* Of it, what a case is promised and what may be said to it: ladder, rules, reasons, templates. */
void city_check_policy(struct city_draft *draft);

/* For the city built from this draft: every item finds a unit in every area, and from there the way up ends at the top
 * tier, with a ladder row for every tier and severity on it. */
void city_check_reach(struct city_draft *draft, const struct city *city);

#endif
