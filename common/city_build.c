#include "common/city_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_door.h"
#include "common/city_fields.h"
#include "common/city_notices.h"
#include "common/city_questions.h"

#define KEEP_DAYS 365 /* of personal data, where a channel does not say */

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count + 1, size);

    assert(room != NULL);
    return room;
}

/* Copies a text that the check found short enough. */
static void put(char *to, size_t room, const char *text) {
    size_t length = strlen(text);

    assert(length < room);
    memcpy(to, text, length + 1);
}
#define PUT(array, text) put((array), sizeof(array), (text))

static void build_channels(struct city *city, const struct city_draft *draft) {
    city->channel_count = COUNT(draft, channels);
    city->channels = room_for(city->channel_count, sizeof *city->channels);
    code_index_open(&city->channel_index, city->channel_count);
    for (size_t row = 0; row < city->channel_count; row++) {
        struct channel *channel = &city->channels[row];
        PUT(channel->code, FIELD(draft, channels, row, code));
        PUT(channel->severity, FIELD(draft, channels, row, severity));
        PUT(channel->privacy, FIELD(draft, channels, row, privacy));
        channel->enabled = field_flag(FIELD(draft, channels, row, enabled));
        channel->auto_accept = field_flag(FIELD(draft, channels, row, auto_accept));
        channel->callback = field_flag(FIELD(draft, channels, row, callback));
        channel->duplicate_hours = (uint32_t)strtoul(FIELD(draft, channels, row, duplicate_hours), NULL, 10);
        channel->keep_days = (uint32_t)strtoul(FIELD(draft, channels, row, keep_days), NULL, 10);
        if (channel->keep_days == 0)
            channel->keep_days = KEEP_DAYS;
        (void)code_index_add(&city->channel_index, channel->code, (uint32_t)row);
    }
}

static double degrees(const char *text) {
    return *text == '\0' ? NAN : strtod(text, NULL);
}

static void build_areas(struct city *city, const struct city_draft *draft) {
    city->area_count = COUNT(draft, areas);
    city->areas = room_for(city->area_count, sizeof *city->areas);
    code_index_open(&city->area_index, city->area_count);
    for (size_t row = 0; row < city->area_count; row++) {
        struct area *area = &city->areas[row];
        PUT(area->code, FIELD(draft, areas, row, code));
        area->tier = field_number(FIELD(draft, areas, row, tier));
        area->lat = degrees(FIELD(draft, areas, row, lat));
        area->lon = degrees(FIELD(draft, areas, row, long));
        (void)code_index_add(&city->area_index, area->code, (uint32_t)row);
    }
    for (size_t row = 0; row < city->area_count; row++)
        city->areas[row].parent = city_area(city, FIELD(draft, areas, row, parent));
}

static void build_units(struct city *city, const struct city_draft *draft) {
    city->unit_count = COUNT(draft, units);
    city->units = room_for(city->unit_count, sizeof *city->units);
    code_index_open(&city->unit_index, city->unit_count);
    code_index_open(&city->kinds, city->unit_count + 1);
    city->centre = 0;
    (void)code_index_add(&city->kinds, "centre", city->centre);
    for (size_t row = 0; row < city->unit_count; row++) {
        struct unit *unit = &city->units[row];
        PUT(unit->code, FIELD(draft, units, row, code));
        PUT(unit->kind, FIELD(draft, units, row, kind));
        unit->tier = field_number(FIELD(draft, units, row, tier));
        unit->area = city_area(city, FIELD(draft, units, row, area));
        (void)code_index_add(&city->unit_index, unit->code, (uint32_t)row);
        (void)code_index_add(&city->kinds, unit->kind, (uint32_t)city->kinds.count);
    }
    for (size_t row = 0; row < city->unit_count; row++)
        city->units[row].above = city_unit(city, FIELD(draft, units, row, above));
}

/* The check lets an area have one. */
static void build_centres(struct city *city) {
    for (size_t row = 0; row < city->unit_count; row++) {
        const struct unit *unit = &city->units[row];
        if (code_index_find(&city->kinds, unit->kind) == city->centre)
            city->areas[unit->area - city->areas].centre = unit;
    }
}

/* A unit of a lower tier than its area's is found by nobody but the items that name it. */
static void build_posts(struct city *city) {
    size_t slots = 8;

    while (slots < city->unit_count * 2 + 1)
        slots *= 2;
    city->posts = room_for(slots, sizeof *city->posts);
    city->post_mask = slots - 1;
    for (size_t i = 0; i < city->unit_count; i++) {
        const struct unit *unit = &city->units[i];
        if (unit->tier != unit->area->tier)
            continue;
        uint32_t area = (uint32_t)(unit->area - city->areas), kind = code_index_find(&city->kinds, unit->kind);
        size_t slot = post_slot(city, area, kind);
        while (city->posts[slot].unit != NULL && (city->posts[slot].area != area || city->posts[slot].kind != kind))
            slot = (slot + 1) & city->post_mask;
        struct post *post = &city->posts[slot];
        /* Of several, which items name one by one, the lowest code, whatever the order of rows. */
        if (post->unit == NULL || strcmp(unit->code, post->unit->code) < 0)
            *post = (struct post){area, kind, unit};
    }
}

static void build_items(struct city *city, const struct city_draft *draft) {
    city->item_count = COUNT(draft, items);
    city->items = room_for(city->item_count, sizeof *city->items);
    city->item_kinds = room_for(city->item_count, sizeof *city->item_kinds);
    code_index_open(&city->item_index, city->item_count);
    for (size_t row = 0; row < city->item_count; row++) {
        struct item *item = &city->items[row];
        const char *kind = FIELD(draft, items, row, unit_kind);
        PUT(item->code, FIELD(draft, items, row, code));
        PUT(item->severity, FIELD(draft, items, row, severity));
        item->tier = field_number(FIELD(draft, items, row, tier));
        item->unit = city_unit(city, FIELD(draft, items, row, unit));
        PUT(item->unit_kind, *kind == '\0' ? item->unit->kind : kind);
        item->limit = field_limit(FIELD(draft, items, row, limit), FIELD(draft, items, row, limit_unit));
        city->item_kinds[row] = code_index_find(&city->kinds, item->unit_kind);
        (void)code_index_add(&city->item_index, item->code, (uint32_t)row);
    }
    for (size_t row = 0; row < city->item_count; row++)
        city->items[row].parent = city_item(city, FIELD(draft, items, row, parent));
}

static void build_reasons(struct city *city, const struct city_draft *draft) {
    city->reason_count = COUNT(draft, reasons);
    city->reasons = room_for(city->reason_count, sizeof *city->reasons);
    for (size_t row = 0; row < city->reason_count; row++) {
        PUT(city->reasons[row].move, FIELD(draft, reasons, row, move));
        PUT(city->reasons[row].code, FIELD(draft, reasons, row, code));
    }
}

static void build_templates(struct city *city, const struct city_draft *draft) {
    city->party_count = COUNT(draft, templates);
    city->parties = room_for(city->party_count, sizeof *city->parties);
    for (size_t row = 0; row < city->party_count; row++) {
        PUT(city->parties[row].code, FIELD(draft, templates, row, code));
        PUT(city->parties[row].party, FIELD(draft, templates, row, party));
    }
}

static void build_policy(struct city *city, const struct city_draft *draft) {
    city->policies = room_for(1, sizeof *city->policies);
    city->policy_count = 1;
    struct policy *policy = &city->policies[0];
    policy_open(policy, city->item_count);
    policy->version = city->version;
    for (size_t row = 0; row < COUNT(draft, ladder); row++)
        policy_add_rung(policy, draft->tables[CITY_ladder].rows[row].fields);
    for (size_t row = 0; row < COUNT(draft, rules); row++)
        policy_add_rule(policy, draft->tables[CITY_rules].rows[row].fields);
    for (size_t row = 0; row < city->item_count; row++) {
        struct policy_item item = {.tier = city->items[row].tier, .limit = city->items[row].limit};
        PUT(item.code, city->items[row].code);
        policy_add_item(policy, &item);
    }
    policy_finish(policy);
}

int city_build(struct city **out, const struct city_draft *draft, struct reason *why) {
    struct city *city = calloc(1, sizeof *city);

    assert(city != NULL && draft->complaint_count == 0);
    PUT(city->code, draft_city_value(draft, "code"));
    PUT(city->timezone, draft_city_value(draft, "timezone"));
    strncpy(city->name, draft_city_value(draft, "name_en"), sizeof city->name - 1);
    city->version = draft->version;
    city->calendar_version = draft->calendar_version;
    build_channels(city, draft);
    build_areas(city, draft);
    city_build_places(city, draft);
    build_units(city, draft);
    build_centres(city);
    build_posts(city);
    build_items(city, draft);
    build_reasons(city, draft);
    build_templates(city, draft);
    build_policy(city, draft);
    city_build_doors(city, draft);
    city_build_questions(city, draft);
    city_build_sources(city, draft);
    city_build_notices(city, draft);
    if (city_build_calendars(city, draft, why) != 0) {
        city_close(&city);
        return -1;
    }
    *out = city;
    return 0;
}

void city_close(struct city **city) {
    if (*city == NULL)
        return;
    code_index_close(&(*city)->channel_index);
    code_index_close(&(*city)->area_index);
    code_index_close(&(*city)->unit_index);
    code_index_close(&(*city)->item_index);
    code_index_close(&(*city)->kinds);
    city_close_sources(*city);
    city_close_calendars(*city);
    city_close_doors(*city);
    city_close_questions(*city);
    city_close_notices(*city);
    city_close_places(*city);
    for (size_t i = 0; i < (*city)->policy_count; i++)
        policy_close(&(*city)->policies[i]);
    free((*city)->policies);
    free((*city)->reasons);
    free((*city)->parties);
    free((*city)->channels);
    free((*city)->areas);
    free((*city)->units);
    free((*city)->items);
    free((*city)->item_kinds);
    free((*city)->posts);
    free(*city);
    *city = NULL;
}
