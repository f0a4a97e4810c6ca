/* What those who reported hear. Pure. */
#ifndef ZHITONG_NOTIFICATION_NOTICE_REPORTER_H
#define ZHITONG_NOTIFICATION_NOTICE_REPORTER_H

#include "common/city_notices.h"
#include "proto/codec.h"

/* What the reporter of the case hears of this entry; NOTICE_NONE: nothing. One thing is told by one entry: a limit that passed by the
 * move up that follows from it, not by the alarm too. */
enum notice_event notice_of_reporter(const struct case_moved *moved);
/* Whether the entry goes into the stream of reporters: somebody left an address, and there is something to hear. */
bool notice_for_reporters(const struct case_moved *moved);
/* Whether a reporter may read this fact in it: notes among staff are none of it, as on the page of a receipt. */
bool notice_reporter_reads(const struct case_moved *moved, enum notice_fact fact);

#endif
