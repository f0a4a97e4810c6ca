/* Which unit has a case, who is above it, and who hears of it besides. Pure. */
#ifndef ZHITONG_ROUTING_CASE_UNITS_H
#define ZHITONG_ROUTING_CASE_UNITS_H

#include "services/routing/case_file.h"

/* Makes it the responsible unit; the tier of the case rises with it. */
void case_give(const struct case_step *step, const struct unit *unit);
/* The unit that the city's tables give the case at its tier, or the item's where that is higher. */
MUST_CHECK int case_first_unit(const struct case_step *step, struct reason *why);
/* The unit above the case's unit, of a higher tier than the case; NULL at the top. */
MUST_CHECK int case_above(const struct case_step *step, const struct unit **above, struct reason *why);
/* Gives the case to the unit above, the lower one stays as support; refuses (field "unit") where nobody is above. */
MUST_CHECK int case_climb(const struct case_step *step, struct reason *why);
/* Adds a unit that is called; false where the case has no room for it and for those who may yet let it pass. */
MUST_CHECK bool case_add_support(const struct case_step *step, const char *code);
/* A unit that held it before this move and has no part in it any more is told of what comes; one that gets a part again leaves
 * that list. Where the list is full the unit is not added. */
void case_remember_unit(const struct case_file *before, struct case_file *after);
/* A red case is told to every tier above at once. */
void case_tell_tiers(const struct case_step *step);

#endif
