/* Instants as other systems write them. Pure. */
#ifndef ZHITONG_INSTANT_H
#define ZHITONG_INSTANT_H

#include "common/city_sources.h"

/* To unix ms. INSTANT_ISO8601 takes a date and a time with or without a zone (without: the clock of `zone`), apart by T or a
 * blank, parts of the date apart by - or / (as spreadsheets write them: 2026/9/1 8:30), seconds and their fraction optional; a date
 * alone is its first instant. INSTANT_UNIX and _UNIX_MS take whole numbers that are not negative. -1: none of these, or before
 * 1970 or after 9999. */
MUST_CHECK int instant_of_text(const struct zone *zone, enum instant_format format, const char *text, int64_t *at);

/* An instant of RFC 3339 with its zone, such as 2026-09-01T08:30:00+08:00, to unix ms. -1: it is not, or before 1970 or after 9999. */
MUST_CHECK int instant_read(const char *text, int64_t *at);

#endif
