/* Which entry of a unit's stream gives which notice. Pure. */
#ifndef ZHITONG_NOTIFICATION_NOTICE_H
#define ZHITONG_NOTIFICATION_NOTICE_H

#include "services/notification/concerned.h"
#include "services/notification/notice_reporter.h"

enum stands { /* how a unit stands to a case; bits */
              STANDS_LEAD = 1,
              STANDS_SUPPORT = 2,
              STANDS_OVERSEER = 4,
              STANDS_FORMER = 8,
              STANDS_AROUND = 16, /* none of these: a governance centre around its area */
              STANDS_ANY = 31
};
enum stands notice_stands(const char *unit, const struct case_moved *moved);

/* What this unit is told of the entry; NOTICE_NONE: nothing. A unit is not told what it did itself. */
enum notice_event notice_of_unit(const char *unit, const struct case_moved *moved);

/* Either of them: by the stream. */
enum notice_event notice_of_stream(const char *stream, const struct case_moved *moved);
enum notice_audience notice_audience_of(const char *stream);

/* Whether the endpoint's list of events ("" is all of them) has it. */
bool notice_is_listed(const char *events, enum notice_event event);
/* Refuses (field "events") a code that is no event of this audience. */
MUST_CHECK int notice_list_check(const char *events, enum notice_audience audience, struct reason *why);

#endif
