/* A time zone as a table of its offsets, so that local time is arithmetic: no lock, no environment, any thread.
 * Read once from the C library's zone data; covers ZONE_YEAR_FIRST to ZONE_YEAR_LAST. Instants are unix ms; local times are ms
 * since 1970-01-01 00:00 on the zone's own clock. Dates are days since 1970-01-01. */
#ifndef ZHITONG_ZONE_H
#define ZHITONG_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/reason.h"

#define ZONE_YEAR_FIRST 2000
#define ZONE_YEAR_LAST 2099
#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)

struct zone;

/* True when the name is an IANA zone whose data is installed (/usr/share/zoneinfo). */
bool zone_exists(const char *name);

/* Sets TZ for the whole process (where it differs) and reads the offsets. Refuses (field "timezone") an unknown zone. */
MUST_CHECK int zone_open(struct zone **out, const char *name, struct reason *why);
void zone_close(struct zone **zone);

/* Within the years covered; outside, the nearest known offset is used. */
int64_t zone_local(const struct zone *zone, int64_t instant);
/* A local time that the clock skips is the instant of the change; of one that comes twice, the first. */
int64_t zone_instant(const struct zone *zone, int64_t local);

int32_t date_of(int year, int month, int day); /* proleptic Gregorian; no check */
bool date_is_valid(int year, int month, int day);
int date_year(int32_t date);
int date_weekday(int32_t date); /* 1 Monday … 7 Sunday (ISO 8601) */

#endif
