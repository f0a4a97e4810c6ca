#include "services/routing/case_units.h"

#include <stdio.h>
#include <string.h>

/* Of this severity, and above, all tiers hear at once (DOMAIN.md section 5). */
#define TOLD_AT_ONCE "red"

void case_give(const struct case_step *step, const struct unit *unit) {
    struct case_file *file = step->file;
    /* What was asked, and decided, of the unit before is not the new one's. */
    if (strcmp(file->unit, unit->code) != 0) {
        file->kept.designated = false;
        if (!file->kept.extended)
            file->kept.extension = 0;
    }
    memcpy(file->unit, unit->code, sizeof file->unit);
    if (unit->tier > file->tier)
        file->tier = unit->tier; /* the tier of a case never falls, even when a lower unit gets it */
}

int case_above(const struct case_step *step, const struct unit **above, struct reason *why) {
    const struct case_file *file = step->file;
    const struct unit *unit = city_unit(step->city, file->unit);
    const struct area *area = city_area(step->city, file->area);
    if (unit == NULL)
        return refuse(why, "unit", "the city no longer has the unit %s", file->unit);
    if (area == NULL)
        return refuse(why, "area", "the city no longer has the area %s", file->area);
    do {
        if (city_unit_above(step->city, unit, area, &unit, why) != 0)
            return -1;
    } while (unit != NULL && unit->tier <= file->tier);
    *above = unit;
    return 0;
}

/* Bytes that the units on the way up need, should each of them let it pass and stay on the case. */
static size_t way_up_size(const struct case_step *step) {
    const struct unit *unit = city_unit(step->city, step->file->unit);
    const struct area *area = city_area(step->city, step->file->area);
    size_t size = 0;
    for (int tier = 0; tier < TIER_MAX && unit != NULL && area != NULL; tier++) {
        size += strlen(unit->code) + 1;
        if (city_unit_above(step->city, unit, area, &unit, NULL) != 0)
            break;
    }
    return size;
}

bool case_add_support(const struct case_step *step, const char *code) {
    char *support = step->file->support;
    return codes_hold(support, code) ||
           (units_add(support, code) && strlen(support) + way_up_size(step) <= UNITS_TEXT_MAX);
}

int case_climb(const struct case_step *step, struct reason *why) {
    const struct unit *above = NULL;
    if (case_above(step, &above, why) != 0)
        return -1;
    if (above == NULL)
        return refuse(why, "unit", "nobody is above %s", step->file->unit);
    (void)units_add(step->file->support, step->file->unit); /* case_add_support left room for it */
    case_give(step, above);
    return 0;
}

int case_first_unit(const struct case_step *step, struct reason *why) {
    struct case_file *file = step->file;
    const struct item *item = city_item(step->city, file->item);
    const struct area *area = city_area(step->city, file->area);
    if (item == NULL)
        return refuse(why, "item", "the city no longer has the item %s", file->item);
    if (area == NULL)
        return refuse(why, "area", "the city no longer has the area %s", file->area);
    uint8_t tier = file->tier > item->tier ? file->tier : item->tier;
    const struct unit *unit = city_unit_for(step->city, item, area, tier, why);
    if (unit == NULL)
        return -1;
    memcpy(file->unit, unit->code, sizeof file->unit);
    file->tier = unit->tier > file->tier ? unit->tier : file->tier;
    return 0;
}

static void units_remove(char units[UNITS_TEXT_MAX + 1], const char *codes) {
    char kept[UNITS_TEXT_MAX + 1] = "", code[CODE_MAX + 1];
    int size;
    for (const char *at = units; sscanf(at, " %48s%n", code, &size) == 1; at += size)
        if (!codes_hold(codes, code))
            (void)units_add(kept, code);
    memcpy(units, kept, sizeof kept);
}

void case_remember_unit(const struct case_file *before, struct case_file *after) {
    if (before->unit[0] != '\0')
        (void)units_add(after->kept.former, before->unit);
    if (after->kept.former[0] == '\0')
        return;
    units_remove(after->kept.former, after->unit);
    units_remove(after->kept.former, after->support);
}

void case_tell_tiers(const struct case_step *step) {
    struct case_file *file = step->file;
    const struct unit *unit = city_unit(step->city, file->unit);
    const struct area *area = city_area(step->city, file->area);
    if (severity_rank(file->severity) < severity_rank(TOLD_AT_ONCE) || area == NULL)
        return;
    /* Each unit is of a higher tier than the one below: at most TIER_MAX of them. */
    while (unit != NULL && city_unit_above(step->city, unit, area, &unit, NULL) == 0)
        if (unit != NULL)
            (void)units_add(file->kept.overseers, unit->code);
}
