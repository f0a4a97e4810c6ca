#include "common/city_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/zone.h"

struct words {
    const char *fault;
    const char *all[13]; /* ended by NULL */
};

/* Severities in their order. */
static const struct words severities = {"must be blue, yellow, orange or red", {"blue", "yellow", "orange", "red"}};
static const struct words flags = {"must be yes or no", {"no", "yes"}};
static const struct words privacies = {"must be public, internal or restricted", {"public", "internal", "restricted"}};
static const struct words matters = {"must be organisation, risk, service or development",
                                     {"organisation", "risk", "service", "development"}};
static const struct words clocks = {"must be accept, sign, contact, progress, resolve, review or arrive",
                                    {"accept", "sign", "contact", "progress", "resolve", "review", "arrive"}};
static const struct words reasoned = {"must be return, decline, suspend or ask_extension",
                                      {"return", "decline", "suspend", "ask_extension"}};
static const struct words day_kinds = {"must be off (a holiday) or work (a make-up day)", {"off", "work"}};
static const struct words adapters = {"must be http, webhook, cap, mail, file, submit or staff",
                                      {"http", "webhook", "cap", "mail", "file", "submit", "staff"}};
static const struct words datums = {"must be wgs84, gcj02 or bd09", {"wgs84", "gcj02", "bd09"}};
static const struct words datatypes = {"must be string, number, datetime, text, singlevaluelist or multivaluelist",
                                       {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}};
static const struct words wants = {"must be no, wanted or needed", {"no", "wanted", "needed"}};
/* Words of CAP 1.2 (OASIS), 3.2.2. */
static const struct words cap_categories = {
    "must be a category of CAP 1.2: Geo, Met, Safety, Security, Rescue, Fire, "
    "Health, Env, Transport, Infra, CBRNE or Other",
    {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}};
static const struct words cap_urgencies = {"must be Immediate, Expected, Future, Past or Unknown",
                                           {"Immediate", "Expected", "Future", "Past", "Unknown"}};
static const struct words cap_certainties = {"must be Observed, Likely, Possible, Unlikely or Unknown",
                                             {"Observed", "Likely", "Possible", "Unlikely", "Unknown"}};
static const struct words limit_units = {
    "must be continuous_minutes, continuous_hours, working_minutes, working_hours, working_days, calendar_days or "
    "office_days",
    {"continuous_minutes", "continuous_hours", "working_minutes", "working_hours", "working_days", "calendar_days",
     "office_days"}};

/* In the order of limit_units. */
static const struct {
    enum time_unit unit;
    uint32_t times;
} limit_values[] = {
    {CONTINUOUS_MINUTES, 1}, {CONTINUOUS_MINUTES, 60}, {WORKING_MINUTES, 1}, {WORKING_MINUTES, 60},
    {WORKING_DAYS, 1},       {CALENDAR_DAYS, 1},       {OFFICE_DAYS, 1},
};

static int word_number(const struct words *words, const char *text) {
    for (int i = 0; words->all[i] != NULL; i++) {
        if (strcmp(words->all[i], text) == 0)
            return i;
    }
    return -1;
}

int severity_rank(const char *severity) {
    return word_number(&severities, severity);
}

/* Digits only, so that 1e3, +1, 0x1 and blanks are no numbers. -1 when it is none or past 9 digits. */
static long whole_number(const char *text) {
    size_t length = strlen(text);

    if (length == 0 || length > 9 || strspn(text, "0123456789") != length)
        return -1;
    return strtol(text, NULL, 10);
}

static bool is_whole_between(const char *text, long least, long most) {
    long number = whole_number(text);

    return number >= least && number <= most;
}

/* Plain decimal degrees: digits, one point, a minus. */
static bool is_degrees(const char *text, double most) {
    char *end;
    size_t length = strlen(text);

    if (length > 24 || strspn(text, "0123456789.-") != length || strpbrk(text, "0123456789") == NULL)
        return false;
    double value = strtod(text, &end);
    return *end == '\0' && value >= -most && value <= most;
}

static bool is_code(const char *text) {
    size_t length = strlen(text);

    return length <= CODE_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static bool is_blank_at_an_end(const char *text) {
    return *text == ' ' || text[strlen(text) - 1] == ' ';
}

/* Digits where the shape has d, else the same character. */
static bool has_shape(const char *text, const char *shape) {
    for (; *shape != '\0'; shape++, text++) {
        if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    }
    return *text == '\0';
}

static int digits(const char *text, int count) {
    int value = 0;

    while (count-- > 0)
        value = value * 10 + (*text++ - '0');
    return value;
}

static bool is_date(const char *text) {
    if (!has_shape(text, "dddd-dd-dd"))
        return false;
    int year = digits(text, 4);
    return year >= ZONE_YEAR_FIRST && year <= ZONE_YEAR_LAST &&
           date_is_valid(year, digits(text + 5, 2), digits(text + 8, 2));
}

#define YEARS_TEXT(year) #year
#define YEARS(first, last) YEARS_TEXT(first) " to " YEARS_TEXT(last)

const char *field_fault(enum column_kind kind, const char *text) {
    if (is_blank_at_an_end(text))
        return "must not begin or end with a blank";
    switch (kind) {
    case KIND_CODE:
        return is_code(text) ? NULL : "must be at most 48 letters a-z, digits and . _ -";
    case KIND_NAME:
        return strlen(text) <= NAME_BYTES_MAX && strpbrk(text, "\n\t") == NULL
                   ? NULL
                   : "must be one line of at most 240 bytes";
    case KIND_TEXT:
        return strlen(text) <= 4 * NAME_BYTES_MAX ? NULL : "must be at most 960 bytes";
    case KIND_FLAG:
        return word_number(&flags, text) >= 0 ? NULL : flags.fault;
    case KIND_SEVERITY:
        return severity_rank(text) >= 0 ? NULL : severities.fault;
    case KIND_PRIVACY:
        return word_number(&privacies, text) >= 0 ? NULL : privacies.fault;
    case KIND_HOURS:
        return is_whole_between(text, 0, 8784) ? NULL : "must be 0 to 8784 hours (a year)";
    case KIND_DAYS:
        return is_whole_between(text, 1, 3660) ? NULL : "must be 1 to 3660 days (ten years)";
    case KIND_TIER:
        return is_whole_between(text, 1, TIER_MAX) ? NULL : "must be 1 to 4";
    case KIND_YEAR:
        return is_whole_between(text, 1950, ZONE_YEAR_LAST) ? NULL : "must be a year, " YEARS(1950, ZONE_YEAR_LAST);
    case KIND_LATITUDE:
        return is_degrees(text, 90) ? NULL : "must be degrees, -90 to 90";
    case KIND_LONGITUDE:
        return is_degrees(text, 180) ? NULL : "must be degrees, -180 to 180";
    case KIND_MATTER:
        return word_number(&matters, text) >= 0 ? NULL : matters.fault;
    case KIND_AMOUNT:
        return is_whole_between(text, 0, LIMIT_AMOUNT_MAX) ? NULL : "must be a whole number, at most 100000";
    case KIND_LIMIT_UNIT:
        return word_number(&limit_units, text) >= 0 ? NULL : limit_units.fault;
    case KIND_CLOCK:
        return word_number(&clocks, text) >= 0 ? NULL : clocks.fault;
    case KIND_REASONED:
        return word_number(&reasoned, text) >= 0 ? NULL : reasoned.fault;
    case KIND_DATE:
        return is_date(text) ? NULL
                             : "must be a date that exists, YYYY-MM-DD, in " YEARS(ZONE_YEAR_FIRST, ZONE_YEAR_LAST);
    case KIND_DAY_KIND:
        return word_number(&day_kinds, text) >= 0 ? NULL : day_kinds.fault;
    case KIND_WEEKDAY:
        return is_whole_between(text, 1, 7) ? NULL : "must be 1 (Monday) to 7 (Sunday)";
    case KIND_TIME:
        return field_minute(text) >= 0 ? NULL : "must be HH:MM, 00:00 to 24:00";
    case KIND_ADAPTER:
        return word_number(&adapters, text) >= 0 ? NULL : adapters.fault;
    case KIND_DATUM:
        return word_number(&datums, text) >= 0 ? NULL : datums.fault;
    case KIND_DATATYPE:
        return word_number(&datatypes, text) >= 0 ? NULL : datatypes.fault;
    case KIND_WANT:
        return word_number(&wants, text) >= 0 ? NULL : wants.fault;
    case KIND_CAP_CATEGORY:
        return word_number(&cap_categories, text) >= 0 ? NULL : cap_categories.fault;
    case KIND_CAP_URGENCY:
        return word_number(&cap_urgencies, text) >= 0 ? NULL : cap_urgencies.fault;
    case KIND_CAP_CERTAINTY:
        return word_number(&cap_certainties, text) >= 0 ? NULL : cap_certainties.fault;
    case KIND_RING: /* its numbers are looked at where it is built */
        return strlen(text) <= RING_BYTES_MAX ? NULL : "must be at most 1 MB";
    }
    return "is of no known kind";
}

bool field_flag(const char *text) {
    return word_number(&flags, text) == 1;
}

uint8_t field_number(const char *text) {
    return is_whole_between(text, 1, UINT8_MAX) ? (uint8_t)whole_number(text) : 0;
}

int32_t field_date(const char *text) {
    return is_date(text) ? date_of(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)) : 0;
}

int field_minute(const char *text) {
    if (!has_shape(text, "dd:dd"))
        return -1;
    int hour = digits(text, 2), minute = digits(text + 3, 2);
    return minute < 60 && hour * 60 + minute <= 1440 ? hour * 60 + minute : -1;
}

struct limit field_limit(const char *amount, const char *limit_unit) {
    int unit = word_number(&limit_units, limit_unit);

    if (unit < 0 || !is_whole_between(amount, 1, LIMIT_AMOUNT_MAX))
        return (struct limit){0};
    return (struct limit){(uint32_t)whole_number(amount) * limit_values[unit].times, limit_values[unit].unit};
}
