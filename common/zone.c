#include "common/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ZONEINFO "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX 64
#define ZONE_CHANGES_MAX 1024 /* two a year for a century, and room for months of Ramadan */

struct change { /* this offset holds from `at` on; the first one from the beginning of time */
    int64_t at;
    int64_t offset; /* ms east of UTC */
};

struct zone {
    size_t count;
    struct change changes[ZONE_CHANGES_MAX];
};

/* Days from civil date and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t date_of(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int date_year(int32_t date) {
    int z = date + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    return year_of_era + era * 400 + (day_of_year >= 306); /* the era's years begin on 1 March */
}

int date_weekday(int32_t date) {
    return (int)(((date + 3) % 7 + 7) % 7) + 1; /* 1970-01-01 was a Thursday */
}

bool date_is_valid(int year, int month, int day) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

bool zone_exists(const char *name) {
    char path[sizeof ZONEINFO + ZONE_NAME_MAX];
    struct stat found;
    size_t length = strlen(name);

    if (length == 0 || length > ZONE_NAME_MAX || !isalpha((unsigned char)name[0]))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("/_+-", *at) == NULL)
            return false; /* no dots: nothing outside the folder can be named */
    }
    snprintf(path, sizeof path, ZONEINFO "%s", name);
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

static int64_t offset_at(int64_t second) {
    struct tm local;
    time_t at = (time_t)second;

    return localtime_r(&at, &local) == NULL ? 0 : (int64_t)local.tm_gmtoff * 1000;
}

/* The second in (before, after] from which the offset of `after` holds. */
static int64_t find_change(int64_t before, int64_t after) {
    int64_t offset = offset_at(after);

    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(middle) == offset)
            after = middle;
        else
            before = middle;
    }
    return after;
}

static int read_changes(struct zone *zone, struct reason *why) {
    const int64_t day = 86400;
    int64_t from = ((int64_t)date_of(ZONE_YEAR_FIRST, 1, 1) - 2) * day;
    int64_t to = ((int64_t)date_of(ZONE_YEAR_LAST + 1, 1, 1) + 2) * day;

    zone->changes[0] = (struct change){INT64_MIN, offset_at(from)};
    zone->count = 1;
    for (int64_t at = from; at < to; at += day) {
        int64_t offset = offset_at(at + day);
        if (offset == zone->changes[zone->count - 1].offset)
            continue;
        if (zone->count == ZONE_CHANGES_MAX)
            return refuse(why, "timezone", "its clock changes more than %d times in a century", ZONE_CHANGES_MAX);
        zone->changes[zone->count++] = (struct change){find_change(at, at + day) * 1000, offset};
    }
    return 0;
}

int zone_open(struct zone **out, const char *name, struct reason *why) {
    const char *set = getenv("TZ");
    struct zone *zone;

    if (!zone_exists(name))
        return refuse(why, "timezone",
                      "there is no zone \"%s\" in " ZONEINFO
                      ": write an IANA name such as Asia/Shanghai, or install tzdata",
                      name);
    if ((set == NULL || strcmp(set, name) != 0) && setenv("TZ", name, 1) != 0)
        return refuse(why, "timezone", "TZ cannot be set to \"%s\"", name);
    tzset();
    zone = malloc(sizeof *zone);
    if (zone == NULL)
        return refuse(why, "timezone", "out of memory");
    if (read_changes(zone, why) != 0) {
        zone_close(&zone);
        return -1;
    }
    *out = zone;
    return 0;
}

void zone_close(struct zone **zone) {
    free(*zone);
    *zone = NULL;
}

/* Index of the offset that holds at this instant. */
static size_t change_at(const struct zone *zone, int64_t instant) {
    size_t low = 0, high = zone->count; /* changes[low].at <= instant < changes[high].at */

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at <= instant)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int64_t zone_local(const struct zone *zone, int64_t instant) {
    return instant + zone->changes[change_at(zone, instant)].offset;
}

int64_t zone_instant(const struct zone *zone, int64_t local) {
    /* No offset is a day, so the search may start a day early; at most a few changes lie in two days. */
    for (size_t i = change_at(zone, local - DAY_MS);; i++) {
        int64_t instant = local - zone->changes[i].offset;
        if (instant < zone->changes[i].at)
            return zone->changes[i].at;
        if (i + 1 == zone->count || instant < zone->changes[i + 1].at)
            return instant;
    }
}
