#include "common/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/case_life.h"

struct filter_field {
    const char *name;
    bool (*known)(const struct city *city, const char *code); /* the city may be NULL */
    bool (*holds)(const struct city *city, const struct moved_facts *facts, const char *code);
};

/* ---- fields ------------------------------------------------------------------------------------------------------- */

static bool area_known(const struct city *city, const char *code) {
    return city == NULL || city_area(city, code) != NULL;
}
static bool area_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    if (strcmp(facts->area, code) == 0)
        return true;
    const struct area *area = city == NULL ? NULL : city_area(city, facts->area);
    while (area != NULL && strcmp(area->code, code) != 0)
        area = area->parent;
    return area != NULL;
}

static bool item_known(const struct city *city, const char *code) {
    return city == NULL || city_item(city, code) != NULL;
}
static bool item_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    if (strcmp(facts->item, code) == 0)
        return true;
    const struct item *item = city == NULL ? NULL : city_item(city, facts->item);
    while (item != NULL && strcmp(item->code, code) != 0)
        item = item->parent;
    return item != NULL;
}

static bool channel_known(const struct city *city, const char *code) {
    return city == NULL || city_channel(city, code) != NULL;
}
static bool channel_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    (void)city;
    return strcmp(facts->channel, code) == 0;
}

static bool severity_known(const struct city *city, const char *code) {
    (void)city;
    return severity_rank(code) >= 0;
}
static bool severity_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    (void)city;
    return strcmp(facts->severity, code) == 0;
}

static bool kind_known(const struct city *city, const char *code) {
    (void)city;
    return case_move_exists(code);
}
static bool kind_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    (void)city;
    return strcmp(facts->move, code) == 0;
}

static bool tier_known(const struct city *city, const char *code) {
    (void)city;
    return code[0] >= '1' && code[0] <= '0' + TIER_MAX && code[1] == '\0';
}
static bool tier_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    (void)city;
    return facts->tier == (uint64_t)(code[0] - '0');
}

static bool state_known(const struct city *city, const char *code) {
    (void)city;
    enum case_state state = case_state_named(code);
    return state != CASE_STATE_COUNT && state != CASE_none;
}
static bool state_holds(const struct city *city, const struct moved_facts *facts, const char *code) {
    (void)city;
    return strcmp(facts->state, code) == 0;
}

static const struct filter_field fields[] = {
    {"area", area_known, area_holds},          {"item", item_known, item_holds},
    {"channel", channel_known, channel_holds}, {"severity", severity_known, severity_holds},
    {"kind", kind_known, kind_holds},          {"tier", tier_known, tier_holds},
    {"state", state_known, state_holds}};

#define FIELD_COUNT (sizeof fields / sizeof fields[0])
#define FIELD_NAMES "area, item, channel, severity, kind, tier or state"

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct filter_text { /* one term being read */
    const char *at, *end;
    const struct city *city;
    size_t used; /* of filter.codes */
};

/* The field's number; *at moves to its sign. -1: refused. */
static int read_field(struct filter_text *text, struct reason *why) {
    size_t size = strcspn(text->at, "!= ");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strlen(fields[i].name) != size || memcmp(fields[i].name, text->at, size) != 0)
            continue;
        text->at += size;
        return (int)i;
    }
    return refuse(why, "filter", "\"%.*s\" is no field: %s", (int)(size > 40 ? 40 : size), text->at, FIELD_NAMES);
}

static int read_code(struct filter *filter, struct filter_text *text, size_t field, struct reason *why) {
    size_t size = strcspn(text->at, ", ");
    char *code = filter->codes + text->used;
    if (size == 0 || size > CODE_MAX)
        return refuse(why, "filter", "a code of %s must have 1 to %d bytes", fields[field].name, CODE_MAX);
    memcpy(code, text->at, size);
    code[size] = '\0';
    if (!fields[field].known(text->city, code))
        return refuse(why, "filter", "there is no %s \"%s\"", fields[field].name, code);
    text->used += size + 1;
    text->at += size;
    return 0;
}

static int read_term(struct filter *filter, struct filter_text *text, struct reason *why) {
    if (filter->count == FILTER_TERMS_MAX)
        return refuse(why, "filter", "has more than %d terms", FILTER_TERMS_MAX);
    struct filter_term *term = &filter->terms[filter->count];
    int field = read_field(text, why);
    if (field < 0)
        return -1;
    *term = (struct filter_term){.field = (uint8_t)field, .codes = (uint16_t)text->used, .none = *text->at == '!'};
    text->at += term->none;
    if (*text->at != '=')
        return refuse(why, "filter", "%s needs = or != and a code behind it", fields[field].name);
    do {
        text->at++;
        if (read_code(filter, text, (size_t)field, why) != 0)
            return -1;
        term->count++;
    } while (*text->at == ',');
    filter->count++;
    return 0;
}

int filter_parse(struct filter *filter, const char *text, const struct city *city, struct reason *why) {
    size_t size = strnlen(text, FILTER_TEXT_MAX + 1);
    struct filter_text reading = {.at = text, .end = text + size, .city = city};
    *filter = (struct filter){.count = 0};
    if (size > FILTER_TEXT_MAX)
        return refuse(why, "filter", "is longer than %d bytes", FILTER_TEXT_MAX);
    while (reading.at < reading.end) {
        if (*reading.at == ' ')
            reading.at++;
        else if (read_term(filter, &reading, why) != 0)
            return -1;
    }
    return 0;
}

/* ---- matching ------------------------------------------------------------------------------------------------------ */

static bool term_holds(const struct filter *filter, const struct filter_term *term, const struct city *city,
                       const struct moved_facts *facts) {
    const char *code = filter->codes + term->codes;
    for (uint16_t i = 0; i < term->count; i++, code += strlen(code) + 1)
        if (fields[term->field].holds(city, facts, code))
            return !term->none;
    return term->none;
}

bool filter_match_facts(const struct filter *filter, const struct city *city, const struct moved_facts *facts) {
    for (int i = 0; i < filter->count; i++)
        if (!term_holds(filter, &filter->terms[i], city, facts))
            return false;
    return true;
}

bool filter_match(const struct filter *filter, const struct city *city, const struct case_moved *moved) {
    struct moved_facts facts;
    moved_facts_of(moved, &facts);
    return filter_match_facts(filter, city, &facts);
}
