/* What somebody may do with a case, by the same table as routing decides (case_life.def): for buttons. Routing has the last word,
 * and it alone looks at the guards. Pure. */
#ifndef ZHITONG_DESK_SCOPE_H
#define ZHITONG_DESK_SCOPE_H

#include "services/desk/session.h"

struct scope_case { /* borrowed texts */
    enum case_state state;
    uint8_t tier;
    const char *unit, *support, *area;
    const char *claimed_by; /* who said that it is done; "" while nobody did */
};

/* Whether the area is that of the person's unit or lies below it. */
bool scope_covers(const struct city *city, const struct person *person, const char *area);
/* The hats (enum case_hat) that the person's role has and that fit him towards this case. */
uint32_t scope_hats(const struct city *city, const struct person *person, const struct scope_case *of);
/* The next line of case_life.def, after `line` (NULL: from the first), that somebody with these hats may follow from the case's
 * state; of lines of one move only the first. NULL: no more. */
const struct move_spec *scope_move(const struct move_spec *line, uint32_t hats, enum case_state state);
/* Notes on the side, which may be made whatever the case's version: urge, note, attach, instruct. */
bool scope_is_note(const char *move);
/* Whether the role may read the measures of its units: centres, leaders, supervisors, analysts and auditors. */
bool scope_may_report(const char *role);

#endif
