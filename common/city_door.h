/* What a report of an item must bring, and when it is the same matter as another one: rows of door.csv. */
#ifndef ZHITONG_CITY_DOOR_H
#define ZHITONG_CITY_DOOR_H

#include "common/city.h"

enum want { WANT_no, WANT_wanted, WANT_needed };

struct door {
    uint32_t text_least; /* characters of title and description together */
    enum want photo, place;
    uint32_t happened_days;    /* how long ago it may have happened */
    uint32_t duplicate_metres; /* how far apart two reports of the same matter can lie, at least 1 */
    uint32_t duplicate_hours;  /* how long after the first one; 0: the channel's */
    uint32_t link_percent;     /* from this likeness on it is linked by itself; 0: never */
    uint32_t suggest_percent;  /* from this likeness on it is suggested */
};

/* The row of the item, else the row without an item, else what empty fields stand for. NULL when there is no such item. */
const struct door *city_door(const struct city *city, const char *item);

struct city_draft;
void city_build_doors(struct city *city, const struct city_draft *draft); /* after the items */
void city_close_doors(struct city *city);

#endif
