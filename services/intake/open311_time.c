#include "services/intake/open311_time.h"

#include <stdio.h>
#include <string.h>

#define SECOND_MS 1000
#define HOUR_MINUTES 60
#define OFFSET_MINUTES_MAX (14 * HOUR_MINUTES)

void open311_time_write(const struct zone *zone, int64_t at, char text[OPEN311_TIME_SIZE]) {
    text[0] = '\0';
    if (at == 0)
        return;
    int64_t local = zone_local(zone, at), offset = (local - at) / MINUTE_MS;
    int64_t day = local / DAY_MS - (local % DAY_MS < 0), second = (local - day * DAY_MS) / SECOND_MS;
    /* Days since 1970-01-01 to year, month and day: years begin in March, so that the leap day is the last. */
    int64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int date = (int)(of_year - (153 * month + 2) / 5 + 1);
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    int64_t away = offset < 0 ? -offset : offset;
    snprintf(text, OPEN311_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)date % 100, (unsigned)(second / 3600) % 100, (unsigned)(second / 60 % 60),
             (unsigned)(second % 60), offset < 0 ? '-' : '+', (unsigned)(away / HOUR_MINUTES) % 100,
             (unsigned)(away % HOUR_MINUTES));
}

/* Exactly so many digits; moves on past them. */
static bool digits(const char **at, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool sign(const char **at, char wanted) {
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static bool read_date(const char **at, int64_t *ms) {
    int year, month, day;
    if (!digits(at, 4, &year) || !sign(at, '-') || !digits(at, 2, &month) || !sign(at, '-') || !digits(at, 2, &day))
        return false;
    if (year < ZONE_YEAR_FIRST || year > ZONE_YEAR_LAST || !date_is_valid(year, month, day))
        return false;
    *ms = date_of(year, month, day) * DAY_MS;
    return true;
}

static bool read_clock(const char **at, int64_t *ms) {
    int hour, minute, second = 0;
    if (!digits(at, 2, &hour) || !sign(at, ':') || !digits(at, 2, &minute))
        return false;
    if (sign(at, ':') && !digits(at, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60) /* a leap second is the next one's beginning */
        return false;
    *ms += (hour * INT64_C(3600) + minute * INT64_C(60) + second) * SECOND_MS;
    if (sign(at, '.') || sign(at, ',')) {
        int tenth = SECOND_MS / 10;
        if (**at < '0' || **at > '9')
            return false;
        for (; **at >= '0' && **at <= '9'; (*at)++, tenth /= 10)
            *ms += (**at - '0') * tenth;
    }
    return true;
}

/* Minutes east of UTC; *given: whether there was a zone at all. */
static bool read_offset(const char **at, int *minutes, bool *given) {
    int hour, minute = 0;
    char c = **at;
    *minutes = 0;
    *given = c != '\0';
    if (!*given)
        return true;
    (*at)++;
    if (c == 'Z' || c == 'z')
        return true;
    if ((c != '+' && c != '-' && c != ' ') || !digits(at, 2, &hour))
        return false;
    if ((sign(at, ':') || **at != '\0') && !digits(at, 2, &minute))
        return false;
    *minutes = hour * HOUR_MINUTES + minute;
    if (minute > 59 || *minutes > OFFSET_MINUTES_MAX)
        return false;
    *minutes = c == '-' ? -*minutes : *minutes;
    return true;
}

int open311_time_read(const struct zone *zone, const char *field, const char *text, int64_t *at, struct reason *why) {
    const char *rest = text;
    int64_t ms;
    int minutes;
    bool given = false, sound = read_date(&rest, &ms);
    if (sound && *rest != '\0') {
        sound = (sign(&rest, 'T') || sign(&rest, 't') || sign(&rest, ' ')) && read_clock(&rest, &ms) &&
                read_offset(&rest, &minutes, &given) && *rest == '\0';
    }
    if (!sound)
        return refuse(why, field, "must be an instant of the years %d to %d such as 2026-09-01T08:30:00+08:00",
                      ZONE_YEAR_FIRST, ZONE_YEAR_LAST);
    *at = given ? ms - minutes * MINUTE_MS : zone_instant(zone, ms);
    return 0;
}
