/* A report with what its reporter has said since: whether that fits the item's questions, and how complete it is now. Pure. */
#ifndef ZHITONG_INTAKE_SUPPLEMENT_H
#define ZHITONG_INTAKE_SUPPLEMENT_H

#include "services/intake/door.h"

#define SUPPLEMENT_NOTE \
    "补充信息 / more facts" /* a move needs words; where only questions are answered they are these */

/* The report as it came, as it would be handed in today. */
void supplement_begin(const struct report_received *received, struct submit *report);

/* Adds what an entry of the case's history says, where the reporter of `own_case` said it. */
void supplement_hear(struct submit *report, const struct case_moved *moved, uint64_t own_case);

/* Adds what the reporter says now; `file` of the command begins with a SHA-256 or is empty. Refuses answers that are none
 * (attribute.CODE) and more than a report can hold (attributes). The city may be NULL, or not know the item any more: then the
 * questions are not known either, and every answer is taken. */
MUST_CHECK int supplement_say(struct submit *report, const struct city *city, const struct command *command,
                              struct reason *why);

/* How complete it is now, judged as of `at`, unix ms. False: that cannot be told, and *found is untouched. */
bool supplement_look(const struct city *city, int64_t at, const struct submit *report, struct door_found *found);

#endif
