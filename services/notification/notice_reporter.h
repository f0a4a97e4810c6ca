/* Which entries those who reported a case hear of. Pure. */
#ifndef ZHITONG_NOTIFICATION_NOTICE_REPORTER_H
#define ZHITONG_NOTIFICATION_NOTICE_REPORTER_H

#include <stdbool.h>

#include "proto/codec.h"

/* Receipt, assigned, delay, done, call-back question or closed; never where nobody left an address or a number. */
bool notice_for_reporters(const struct case_moved *moved);

#endif
