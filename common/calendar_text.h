/* iCalendar (RFC 5545): lines folded at 75 octets, never within a character, and texts escaped. Pure. */
#ifndef ZHITONG_CALENDAR_TEXT_H
#define ZHITONG_CALENDAR_TEXT_H

#include <stdint.h>

#include "proto/codec.h"

#define CALENDAR_TYPE "text/calendar; charset=utf-8"
#define CALENDAR_INSTANT_SIZE 17

/* NAME:VALUE as it is: the value must be one of words, numbers, instants or addresses. Name with its parameters, if any. */
void calendar_put(struct bytes *out, const char *name, const char *value);
/* A value of type TEXT, escaped. The text must be clean (proto/text.h), as all that is kept is. */
void calendar_put_text(struct bytes *out, const char *name, const char *text);
/* A value of type DATE-TIME, in UTC: 20260901T003000Z. Whole seconds, rounded down. */
void calendar_put_instant(struct bytes *out, const char *name, int64_t at);

#endif
