/* What a move adds to what is kept of a case's report, so that a unit that becomes responsible later hears of it. Pure. */
#ifndef ZHITONG_ROUTING_CASE_SUPPLEMENT_H
#define ZHITONG_ROUTING_CASE_SUPPLEMENT_H

#include "proto/codec.h"

/* Answers that came with a move, and a file that a reporter attached. Of a question that was answered before, the new answer counts,
 * except when it comes from the reporter of another case that was merged into this one. True: something was added. What does not fit
 * stays in the case's history only. */
bool case_supplement(const struct command *command, struct report_kept *kept);

#endif
