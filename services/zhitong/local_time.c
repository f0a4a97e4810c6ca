#include "services/zhitong/local_time.h"

#include <stdio.h>
#include <time.h>

#include "common/instant.h"

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
    return instant_of_text(zone, INSTANT_ISO8601, text, at);
}
