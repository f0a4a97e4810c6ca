/* Instants as people of the city write them. */
#ifndef ZHITONG_LOCAL_TIME_H
#define ZHITONG_LOCAL_TIME_H

#include "common/zone.h"

#define LOCAL_TEXT_MAX 40

/* 2026-03-02T09:30:00+08:00 */
void local_print(const struct zone *zone, int64_t at, char text[LOCAL_TEXT_MAX]);

/* An instant with a zone, or a time on the city's clock: date and time, seconds optional, a T or a space between; or a date, which
 * is its first instant. -1 when the text is none of these. */
MUST_CHECK int local_read(const struct zone *zone, const char *text, int64_t *at);

#endif
