#include "services/zhitong/local_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "services/zhitong/records.h"

void local_print(const struct zone *zone, int64_t at, char text[LOCAL_TEXT_MAX]) {
    int64_t local = zone_local(zone, at), offset = (local - at) / MINUTE_MS;
    time_t seconds = (time_t)(local / 1000);
    struct tm tm;
    char sign = offset < 0 ? '-' : '+';

    gmtime_r(&seconds, &tm);
    size_t size = strftime(text, LOCAL_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    offset = offset < 0 ? -offset : offset;
    snprintf(text + size, LOCAL_TEXT_MAX - size, "%c%02d:%02d", sign, (int)(offset / 60) % 100, (int)(offset % 60));
}

int local_read(const struct zone *zone, const char *text, int64_t *at) {
    int year, month, day, hour, minute, second = 0, read = 0;
    char between;

    if (instant_read(text, at) == 0)
        return 0;
    if (strlen(text) == 10 && sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &read) == 3 && read == 10 &&
        date_is_valid(year, month, day)) {
        *at = zone_instant(zone, date_of(year, month, day) * DAY_MS);
        return 0;
    }
    int count = sscanf(text, "%4d-%2d-%2d%c%2d:%2d%n", &year, &month, &day, &between, &hour, &minute, &read);
    if (count != 6 || (between != 'T' && between != ' ') || !date_is_valid(year, month, day) || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59)
        return -1;
    int more = 0;
    if (text[read] != '\0' &&
        (sscanf(text + read, ":%2d%n", &second, &more) != 1 || text[read + more] != '\0' || second < 0 || second > 59))
        return -1;
    *at = zone_instant(zone, date_of(year, month, day) * DAY_MS + (hour * 60 + minute) * MINUTE_MS + second * 1000);
    return 0;
}
