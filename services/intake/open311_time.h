/* Instants as Open311 writes them: the common part of RFC 3339 and of the W3C note on ISO 8601. Pure. */
#ifndef ZHITONG_INTAKE_OPEN311_TIME_H
#define ZHITONG_INTAKE_OPEN311_TIME_H

#include "common/zone.h"

#define OPEN311_TIME_SIZE 32

/* "2026-09-01T08:30:00+08:00": the instant on the zone's clock with its offset then, to the second; "" for 0. */
void open311_time_write(const struct zone *zone, int64_t at, char text[OPEN311_TIME_SIZE]);

/* Reads YYYY-MM-DDThh:mm:ss with an optional fraction and Z, +hh:mm, +hhmm or -hh:mm; what a form made of the plus sign, a blank, is
 * taken for it; without a zone, or a date alone, it is on the zone's clock. Refuses with `field`: another form, no such day or time,
 * a year before 2000 or after 2099. */
MUST_CHECK int open311_time_read(const struct zone *zone, const char *field, const char *text, int64_t *at,
                                 struct reason *why);

#endif
