/* What a command changes in a case beside its state and its clocks: one small function a move. Pure. */
#ifndef ZHITONG_ROUTING_CASE_EFFECTS_H
#define ZHITONG_ROUTING_CASE_EFFECTS_H

#include "services/routing/case_file.h"

/* Applies what the move does to the file; the file still has the state from which it moves. Refuses with the field. */
MUST_CHECK int case_effect(const struct case_step *step, const struct move_spec *line, const struct command *command,
                           struct reason *why);

#endif
