/* What happens to a case: pure decisions without clock, socket or SQL (DOMAIN.md sections 5 and 6). Each changes the file and
 * fills the log entry of the move, or refuses and leaves both as they were. */
#ifndef ZHITONG_ROUTING_CASE_DECIDE_H
#define ZHITONG_ROUTING_CASE_DECIDE_H

#include "services/routing/case_file.h"

/* Opens a case for a report: severity, starting tier, the one unit, the clocks; one that intake linked is merged from the start.
 * Refuses when the city no longer
 * knows channel, item or area, when nobody answers there, or when the calendar ends. */
MUST_CHECK int case_open(const struct case_step *step, const struct report_received *report, struct reason *why);

/* A second look at a report found that it is part of an older case: it is merged while nobody has signed for it; later there is a
 * note. 1: moved; 0: it is finished or merged already; -1: refused (field "parent"). */
MUST_CHECK int case_link(const struct case_step *step, const struct report_linked *linked, struct reason *why);

/* A command of case_life.def. Refuses with the field: move (unknown, not legal from this state, its guard), version (not the
 * expected one), role, actor_unit, actor (may not), or what the move needs and the command does not bring. */
MUST_CHECK int case_decide(const struct case_step *step, const struct command *command, struct reason *why);

/* The instant next_at has come: warns, alarms, moves one tier up, puts on the supervision list, reminds, resumes, lapses or
 * archives: one of them. 1: moved; 0: void, the case has another instant by now; -1: refused. */
MUST_CHECK int case_pass_deadline(const struct case_step *step, const struct deadline_passed *passed,
                                  struct reason *why);

/* The case's parent is finished (step->parent): it gets the same result. 1: moved; 0: not a merged case, or the parent is not
 * finished yet; -1: refused. */
MUST_CHECK int case_conclude(const struct case_step *step, struct reason *why);

/* The calendar was corrected. 1: an instant changed; 0: none did; -1: refused. */
MUST_CHECK int case_recalculate(const struct case_step *step, struct reason *why);

/* Copies or adds the facts of the report: address, position, title, description, attributes, files. A move that makes others hear of the case
 * for the first time wants them. */
void case_copy_facts(const struct report_received *report, struct case_moved *moved);
bool case_is_news(const struct case_moved *moved);
void case_add_facts(const struct report_kept *kept, struct case_moved *moved);

#endif
