#include "common/city.h"

#include <assert.h>

#include "common/city_private.h"

const char *city_code(const struct city *city) {
    return city->code;
}

const char *city_name(const struct city *city) {
    return city->name;
}

const char *city_timezone(const struct city *city) {
    return city->timezone;
}

uint64_t city_version(const struct city *city) {
    return city->version;
}

const struct channel *city_channel(const struct city *city, const char *code) {
    uint32_t number = code_index_find(&city->channel_index, code);
    return number == CODE_UNKNOWN ? NULL : &city->channels[number];
}

const struct area *city_area(const struct city *city, const char *code) {
    uint32_t number = code_index_find(&city->area_index, code);
    return number == CODE_UNKNOWN ? NULL : &city->areas[number];
}

const struct unit *city_unit(const struct city *city, const char *code) {
    uint32_t number = code_index_find(&city->unit_index, code);
    return number == CODE_UNKNOWN ? NULL : &city->units[number];
}

const struct unit *city_units(const struct city *city, size_t *count) {
    *count = city->unit_count;
    return city->units;
}

const struct item *city_item(const struct city *city, const char *code) {
    uint32_t number = code_index_find(&city->item_index, code);
    return number == CODE_UNKNOWN ? NULL : &city->items[number];
}

const struct unit *city_unit_of_kind(const struct city *city, const struct area *area, uint32_t kind) {
    uint32_t number = (uint32_t)(area - city->areas);
    size_t slot = post_slot(city, number, kind);

    while (city->posts[slot].unit != NULL && (city->posts[slot].area != number || city->posts[slot].kind != kind))
        slot = (slot + 1) & city->post_mask;
    return city->posts[slot].unit;
}

/* The nearest unit of the kind around the area, of exactly this tier: a grid has none, its village has. */
static const struct unit *unit_around(const struct city *city, uint32_t kind, const struct area *area, uint8_t tier) {
    for (; area != NULL && area->tier <= tier; area = area->parent) {
        const struct unit *unit = area->tier == tier ? city_unit_of_kind(city, area, kind) : NULL;
        if (unit != NULL)
            return unit;
    }
    return NULL;
}

const struct unit *city_answering(const struct city *city, uint32_t kind, const struct area *area, uint8_t tier) {
    for (; tier <= TIER_MAX; tier++) {
        const struct unit *unit = unit_around(city, kind, area, tier);
        if (unit == NULL && kind != city->centre)
            unit = unit_around(city, city->centre, area, tier);
        if (unit != NULL)
            return unit;
    }
    return NULL;
}

const struct unit *city_unit_for(const struct city *city, const struct item *item, const struct area *area,
                                 uint8_t tier, struct reason *why) {
    assert(item >= city->items && item < city->items + city->item_count);
    if (item->unit != NULL && tier == item->tier)
        return item->unit;
    const struct unit *unit = city_answering(city, city->item_kinds[item - city->items], area, tier);
    if (unit == NULL)
        refuse(why, "unit", "nobody answers for %s in %s from tier %u up: %s has no governance centre", item->code,
               area->code, tier, city->name);
    return unit;
}

int city_unit_above(const struct city *city, const struct unit *unit, const struct area *area, const struct unit **out,
                    struct reason *why) {
    const struct unit *above = unit->above;

    if (above == NULL && unit->tier < TIER_MAX)
        above = city_answering(city, city->centre, area, unit->tier + 1);
    if (above == NULL && unit->tier < TIER_MAX)
        return refuse(why, "unit", "nobody is above %s: no governance centre of %s has a higher tier than %u",
                      unit->code, area->code, unit->tier);
    *out = above;
    return 0;
}

bool unit_covers(const struct unit *unit, const struct area *area) {
    for (; area != NULL; area = area->parent)
        if (area == unit->area)
            return true;
    return false;
}
