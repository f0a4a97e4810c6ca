/* A city's policy in memory: channels, areas, units, items, ladder and calendar as `zhitong city load` stored them.
 * Immutable once read and safe to share between threads; every pointer handed out lives as long as the city. */
#ifndef ZHITONG_CITY_H
#define ZHITONG_CITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define CODE_MAX 48 /* bytes of any code */
#define TIER_MAX 4  /* 1 village/community, 2 township/street, 3 county/district, 4 city (DOMAIN.md section 3) */

enum time_unit { CONTINUOUS_MINUTES, WORKING_MINUTES, WORKING_DAYS, CALENDAR_DAYS, OFFICE_DAYS };

struct limit { /* how long; amount 0: no limit is set */
    uint32_t amount;
    enum time_unit unit;
};

struct channel {
    char code[CODE_MAX + 1];
    bool enabled;
    bool auto_accept;         /* true: dispatched on arrival; false: the desk accepts first */
    char severity[17];        /* severity that its reports have at least; "" keeps the item's */
    char privacy[17];         /* public, internal or restricted */
    uint32_t duplicate_hours; /* window in which a like report is a duplicate; 0: none is set */
    bool callback;            /* the reporter is called back before a case closes */
    uint32_t keep_days;       /* how long personal data of its reporters is kept */
};

struct unit;
struct area {
    char code[CODE_MAX + 1];
    const struct area *parent; /* NULL for the city itself */
    uint8_t tier;              /* tier of its governance centre; a grid has tier 1 like its village */
    double lat, lon;           /* of its middle, WGS-84 degrees; NaN: not known */
    bool fenced;               /* it has a border, see common/city_place.h */
    const struct unit *centre; /* its governance centre; NULL: it has none */
};

struct unit {
    char code[CODE_MAX + 1];
    char kind[CODE_MAX + 1]; /* "centre", or what kind of department it is */
    uint8_t tier;
    const struct area *area;
    const struct unit *above; /* who answers when it lets a deadline pass; NULL at the top */
};

struct item {
    char code[CODE_MAX + 1];
    char severity[17];            /* blue, yellow, orange, red */
    uint8_t tier;                 /* where it starts */
    char unit_kind[CODE_MAX + 1]; /* kind of unit that answers; "centre": the area's governance centre */
    const struct unit *unit;      /* one fixed unit instead; NULL: found by area and kind */
    struct limit limit;           /* overrides the ladder's limit at the starting tier; amount 0: the ladder's */
    const struct item *parent;    /* the wider item it belongs to; NULL: none */
};

struct city;
struct db;

/* Reads what is loaded. Refuses when no city is loaded (field "city"), or the database fails. */
MUST_CHECK int city_read(struct city **out, struct db *db, struct reason *why);
void city_close(struct city **city);

const char *city_code(const struct city *city);
const char *city_name(const struct city *city);
const char *city_timezone(const struct city *city); /* IANA name */
uint64_t city_version(const struct city *city);     /* grows with each load */

/* The last year whose holidays are known on the city's own calendar; working time beyond it is refused. */
int city_last_year(const struct city *city);
/* The calendars that units have instead, from 0 on: their codes, and the last year that each knows. */
size_t city_calendar_count(const struct city *city);
const char *city_calendar_code(const struct city *city, size_t number);
int city_calendar_last_year(const struct city *city, size_t number);

/* Lookups by code, NULL when there is none. Constant time. */
const struct channel *city_channel(const struct city *city, const char *code);
const struct area *city_area(const struct city *city, const char *code);
const struct unit *city_unit(const struct city *city, const char *code);
const struct item *city_item(const struct city *city, const char *code);
/* All units, in no particular order. */
const struct unit *city_units(const struct city *city, size_t *count);

/* Who answers for this item in this area at this tier (DOMAIN.md sections 3 and 4):
 * 1. the item's fixed unit, at the item's own tier; 2. the unit of the item's kind in the area's ancestor (or itself) of that
 * tier; 3. the centre of that ancestor; 4. where the area has no ancestor of that tier, or it has no centre: the same
 * one tier up. NULL when even the top tier has nobody: refused with field "unit". */
MUST_CHECK const struct unit *city_unit_for(const struct city *city, const struct item *item, const struct area *area,
                                            uint8_t tier, struct reason *why);

/* Who answers when `unit` lets it pass: its `above`, else city_unit_for(item "centre", area, unit tier + 1).
 * *out is NULL when the unit is at the top: nobody is above. Never returns a unit of the same or a lower tier. */
MUST_CHECK int city_unit_above(const struct city *city, const struct unit *unit, const struct area *area,
                               const struct unit **out, struct reason *why);

/* blue < yellow < orange < red; -1 for another word. */
int severity_rank(const char *severity);

/* Whether `unit`'s area is the area or lies around it. */
bool unit_covers(const struct unit *unit, const struct area *area);

/* The calendar by which a unit works (NULL: the city's): count on it with common/calendar.h. Never NULL. */
struct calendar;
const struct calendar *city_calendar(const struct city *city, const struct unit *unit);
/* The city's clock; see common/zone.h. */
struct zone;
const struct zone *city_zone(const struct city *city);
/* The date on it, in days since 1970-01-01. */
int64_t city_date(const struct city *city, int64_t at);
/* Grows when hours or holidays change: instants counted before may be wrong since. */
uint64_t city_calendar_version(const struct city *city);

/* Whether the city's reasons have this code for this move; a city without reasons.csv takes any code. */
bool city_has_reason(const struct city *city, const char *move, const char *code);

/* The reasons for this move as "a, b, c", cut to what fits; how many there are. */
size_t city_list_reasons(const struct city *city, const char *move, char *text, size_t room);

/* The units that a template for joint handling calls to a case in this area: their codes, separated by a space, into `parties`.
 * Refuses (field "parties") an unknown template and one whose parties are nowhere to be found. */
MUST_CHECK int city_template_parties(const struct city *city, const char *code, const struct area *area,
                                     char parties[241], struct reason *why);

#endif
