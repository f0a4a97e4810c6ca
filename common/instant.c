#include "common/instant.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/zone.h"

#define INSTANT_MAX INT64_C(253402300799999) /* the end of the year 9999 */

struct wall { /* a time as a clock on the wall shows it */
    int year, month, day, hour, minute;
    int64_t ms; /* of the minute */
};

/* One to `most` digits; -1 when there is none. */
static int digits(const char **at, int most) {
    int number = 0, count = 0;
    for (; count < most && isdigit((unsigned char)**at); count++, (*at)++)
        number = number * 10 + (**at - '0');
    return count > 0 ? number : -1;
}

static bool read_date(const char **at, struct wall *wall) {
    wall->year = digits(at, 4);
    char between = **at;
    if (wall->year < 1000 || (between != '-' && between != '/'))
        return false;
    (*at)++;
    wall->month = digits(at, 2);
    if (*(*at)++ != between)
        return false;
    wall->day = digits(at, 2);
    return wall->month > 0 && wall->day > 0 && date_is_valid(wall->year, wall->month, wall->day);
}

static bool read_seconds(const char **at, struct wall *wall) {
    int second = digits(at, 2);
    if (second < 0 || second > 60)
        return false;
    wall->ms = second * 1000;
    if (**at != '.')
        return true;
    int scale = 100;
    for ((*at)++; isdigit((unsigned char)**at); (*at)++, scale /= 10)
        wall->ms += (**at - '0') * scale;
    return true;
}

static bool read_time(const char **at, struct wall *wall) {
    wall->hour = digits(at, 2);
    if (wall->hour < 0 || wall->hour > 23 || *(*at)++ != ':')
        return false;
    wall->minute = digits(at, 2);
    if (wall->minute < 0 || wall->minute > 59)
        return false;
    if (**at != ':')
        return true;
    (*at)++;
    return read_seconds(at, wall);
}

/* Z, +08:00 or +0800; true with *found false at the end of the text. */
static bool read_offset(const char **at, int *minutes, bool *found) {
    *found = **at != '\0';
    *minutes = 0;
    if (!*found)
        return true;
    if (**at == 'Z') {
        (*at)++;
        return true;
    }
    int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
    (*at)++;
    int hours = sign != 0 ? digits(at, 2) : -1;
    if (hours >= 0 && **at == ':')
        (*at)++;
    int rest = hours >= 0 ? digits(at, 2) : -1;
    *minutes = sign * (hours * 60 + rest);
    return rest >= 0 && rest < 60 && hours < 24;
}

/* Without a zone to ask, the text must name its own. */
static int read_iso(const struct zone *zone, const char *text, int64_t *at) {
    struct wall wall = {0};
    int offset = 0;
    bool has_offset = false;
    if (!read_date(&text, &wall))
        return -1;
    if (*text == 'T' || *text == ' ') {
        text++;
        if (!read_time(&text, &wall) || !read_offset(&text, &offset, &has_offset))
            return -1;
    }
    if (*text != '\0' || (zone == NULL && !has_offset))
        return -1;
    int64_t local = date_of(wall.year, wall.month, wall.day) * DAY_MS +
                    ((int64_t)wall.hour * 60 + wall.minute) * MINUTE_MS + wall.ms;
    int64_t instant = has_offset ? local - offset * MINUTE_MS : zone_instant(zone, local);
    if (instant < 0 || instant > INSTANT_MAX)
        return -1;
    *at = instant;
    return 0;
}

int instant_read(const char *text, int64_t *at) {
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool fits = shape[i] == 'd'   ? isdigit((unsigned char)text[i]) != 0
                    : shape[i] == 'T' ? text[i] == 'T' || text[i] == ' '
                                      : text[i] == shape[i];
        if (!fits)
            return -1;
    }
    return read_iso(NULL, text, at);
}

int instant_of_text(const struct zone *zone, enum instant_format format, const char *text, int64_t *at) {
    if (format == INSTANT_ISO8601)
        return read_iso(zone, text, at);
    size_t length = strlen(text);
    if (length == 0 || length > 15 || strspn(text, "0123456789") != length)
        return -1;
    int64_t instant = strtoll(text, NULL, 10) * (format == INSTANT_UNIX ? 1000 : 1);
    if (instant > INSTANT_MAX)
        return -1;
    *at = instant;
    return 0;
}
