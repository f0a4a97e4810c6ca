#include "common/city_door.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_private.h"

static const struct door plain = {
    .place = WANT_wanted, .happened_days = 366, .duplicate_metres = 100, .suggest_percent = 50};

static enum want want_of(const char *text, enum want empty) {
    return *text == '\0'                 ? empty
           : strcmp(text, "needed") == 0 ? WANT_needed
           : strcmp(text, "wanted") == 0 ? WANT_wanted
                                         : WANT_no;
}

static uint32_t amount_of(const char *text, uint32_t empty) {
    return *text == '\0' ? empty : (uint32_t)strtoul(text, NULL, 10);
}

#define DOOR(column) FIELD(draft, door, row, column)

static struct door door_of(const struct city_draft *draft, size_t row) {
    struct door door = {.text_least = amount_of(DOOR(text_least), plain.text_least),
                        .photo = want_of(DOOR(photo), plain.photo),
                        .place = want_of(DOOR(place), plain.place),
                        .happened_days = amount_of(DOOR(happened_days), plain.happened_days),
                        .duplicate_metres = amount_of(DOOR(duplicate_metres), plain.duplicate_metres),
                        .duplicate_hours = amount_of(DOOR(duplicate_hours), plain.duplicate_hours),
                        .link_percent = amount_of(DOOR(link_percent), plain.link_percent),
                        .suggest_percent = amount_of(DOOR(suggest_percent), plain.suggest_percent)};
    if (door.duplicate_metres == 0)
        door.duplicate_metres = 1;
    return door;
}

void city_build_doors(struct city *city, const struct city_draft *draft) {
    size_t rows = draft->tables[CITY_door].count;
    struct door rest = plain;
    city->doors = calloc(city->item_count + 1, sizeof *city->doors);
    assert(city->doors != NULL);
    for (size_t row = 0; row < rows; row++)
        if (*DOOR(item) == '\0')
            rest = door_of(draft, row);
    for (size_t i = 0; i < city->item_count; i++)
        city->doors[i] = rest;
    for (size_t row = 0; row < rows; row++)
        if (*DOOR(item) != '\0')
            city->doors[city_item(city, DOOR(item)) - city->items] = door_of(draft, row);
}

void city_close_doors(struct city *city) {
    free(city->doors);
}

const struct door *city_door(const struct city *city, const char *item) {
    const struct item *found = city_item(city, item);
    return found == NULL ? NULL : &city->doors[found - city->items];
}
