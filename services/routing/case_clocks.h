/* The clocks of a case (DOMAIN.md section 5): pure arithmetic on its file.
 *
 * Which clocks count depends on the state: a desk's on a reported case, sign, contact, progress and resolve while a unit has it,
 * `wait` in the states that wait for somebody else. Those that do not count keep their instants: a case that comes back
 * from verification finds its limit where it was. Only a suspension holds them. */
#ifndef ZHITONG_ROUTING_CASE_CLOCKS_H
#define ZHITONG_ROUTING_CASE_CLOCKS_H

#include "services/routing/case_file.h"

/* What a move does to the clocks, then due_at and next_at anew. The file has its new state, unit and tier; step->now is when.
 * `until_at` is the instant that the command names, for HOLD and STRICTER. Refuses (field "calendar") limits past the last
 * year that is loaded, (field "ladder") a tier and severity without a resolve row. */
MUST_CHECK int case_clocks_act(const struct case_step *step, enum move_clock act, int64_t until_at, struct reason *why);

/* due_at and next_at from the clocks that count. */
void case_clocks_settle(const struct case_step *step);

/* Counts every running clock anew, after the calendar was corrected. */
MUST_CHECK int case_clocks_recount(const struct case_step *step, struct reason *why);

enum clock_word { WORD_NONE, WORD_WARN, WORD_ALARM, WORD_UP };
struct clock_call { /* what the clocks have to say */
    enum clock_word word;
    enum running clock; /* RUNNING_COUNT: a called unit has not arrived */
    uint8_t percent;
};
/* The one thing to do at step->now: the gravest of what has come to pass, of equals that of the clock that matters most. Marks
 * everything that has come to pass as told, so that after an outage nothing comes in a burst. */
struct clock_call case_clocks_call(const struct case_step *step);

/* "sign", "resolve", "wait" …; "arrive" for RUNNING_COUNT. */
const char *running_name(enum running clock);

/* A clock's text in case_kept.clocks; parse refuses (field "kept"). */
void running_print(const struct case_file *file, char *text, size_t room);
MUST_CHECK int running_parse(struct case_file *file, const char *text, struct reason *why);

#endif
