/* Who may move a case, and what must hold before it is moved (case_life.def). Pure. */
#ifndef ZHITONG_ROUTING_CASE_GUARD_H
#define ZHITONG_ROUTING_CASE_GUARD_H

#include "services/routing/case_file.h"

/* Whether the actor wears one of the line's hats towards this case: his role brings it, and his unit stands as it demands.
 * Refuses with field "role" or "actor_unit". */
MUST_CHECK int case_may(const struct case_step *step, const struct move_spec *line, const struct command *command,
                        struct reason *why);

/* Whether the command brings what the line needs; refuses with the field. */
MUST_CHECK int case_brings(const struct case_step *step, const struct move_spec *line, const struct command *command,
                           struct reason *why);

/* Whether the line's guard holds; refuses with what it is about. */
MUST_CHECK int case_guard(const struct case_step *step, const struct move_spec *line, const struct command *command,
                          struct reason *why);

#endif
