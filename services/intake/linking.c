#include "services/intake/linking.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/city_door.h"

#define HOUR_MS 3600000LL

void older_of(const struct report_received *report, struct older *older) {
    *older = (struct older){.case_id = report->case_id};
    memcpy(older->item, report->item, sizeof older->item);
    memcpy(older->channel, report->channel, sizeof older->channel);
    older->like.item = older->item;
    older->like.lat = report->lat;
    older->like.lon = report->lon;
    older->like.at = report->at;
    older->like.reporter = report->reporter;
    older->like.address = likeness_address(report->address);
    older->title = report->title;
    older->description = report->description;
}

void older_read_texts(struct older *older) {
    if (older->title != NULL)
        likeness_sketch(older->title, older->description, &older->like.text);
    older->title = older->description = NULL;
}

static const struct item *group_of(const struct item *item) {
    return item->parent != NULL ? item->parent : item;
}

static uint32_t hours_of(const struct city *city, const struct older *report) {
    const struct door *door = city_door(city, report->item);
    const struct channel *channel = city_channel(city, report->channel);
    if (door == NULL || channel == NULL)
        return 0;
    return door->duplicate_hours > 0 ? door->duplicate_hours : channel->duplicate_hours;
}

void look_of(const struct city *city, const struct older *report, const char *area, struct look *look) {
    const struct item *item = city_item(city, report->item);
    bool is_question = report->channel[0] == '\0';
    *look = (struct look){.hours = is_question ? QUESTION_HOURS : hours_of(city, report)};
    bool nowhere = fabs(report->like.lat) > 90 || fabs(report->like.lon) > 180; /* refused later on */
    if (item == NULL || look->hours == 0 || nowhere)
        return;
    const struct likeness_spot spot = {.group = group_of(item)->code,
                                       .area = area,
                                       .lat = report->like.lat,
                                       .lon = report->like.lon,
                                       .address = report->like.address,
                                       .metres = city_door(city, group_of(item)->code)->duplicate_metres};
    look->cell_count = likeness_cells(&spot, look->cells);
}

/* ---- comparing ---------------------------------------------------------------------------------------------------------- */

/* A case is named only to those who may see it, so reports of one privacy stay among themselves. */
static bool are_comparable(const struct city *city, const struct older *report, const struct older *older) {
    const struct item *one = city_item(city, report->item), *other = city_item(city, older->item);
    const struct channel *channel = city_channel(city, report->channel), *of_older = city_channel(city, older->channel);
    if (one == NULL || other == NULL || channel == NULL || of_older == NULL)
        return false;
    return group_of(one) == group_of(other) && strcmp(channel->privacy, of_older->privacy) == 0 &&
           report->case_id != older->case_id;
}

static bool is_before(const struct found *a, const struct found *b) {
    if (a->likeness.percent != b->likeness.percent)
        return a->likeness.percent > b->likeness.percent;
    return a->older->like.at < b->older->like.at;
}

void finds_add(struct finds *finds, const struct city *city, struct older *report, struct older *older) {
    const struct door *door = city_door(city, report->item);
    struct found found = {.older = older};
    if (!are_comparable(city, report, older))
        return;
    if (report->like.at - older->like.at > hours_of(city, report) * HOUR_MS)
        return;
    if (likeness_metres(&report->like, &older->like) > door->duplicate_metres)
        return;
    older_read_texts(report);
    older_read_texts(older);
    likeness_of(&report->like, &older->like, &found.likeness);
    if (found.likeness.percent < door->suggest_percent)
        return;
    if (finds->count == CANDIDATES_MAX && !is_before(&found, &finds->best[CANDIDATES_MAX - 1]))
        return;
    size_t at = finds->count < CANDIDATES_MAX ? finds->count++ : CANDIDATES_MAX - 1;
    for (; at > 0 && is_before(&found, &finds->best[at - 1]); at--)
        finds->best[at] = finds->best[at - 1];
    finds->best[at] = found;
}

/* ---- deciding ----------------------------------------------------------------------------------------------------------- */

static bool is_sure(const struct found *found, const struct door *door) {
    return found->likeness.same_item && door->link_percent > 0 && found->likeness.percent >= door->link_percent;
}

static const struct found *parent_of(const struct finds *finds, const struct door *door, const struct link_wish *wish) {
    for (size_t i = 0; i < finds->count; i++) {
        const struct found *found = &finds->best[i];
        if (wish->same_as != 0 ? wish->same_as == found->older->case_id && found->likeness.same_item
                               : !wish->distinct && is_sure(found, door))
            return found;
    }
    return NULL;
}

/* One that the reporter named and that does not look like it is named with 0 percent. */
static void name_likely(const struct finds *finds, uint64_t same_as, char *likely, size_t room) {
    size_t size = 0;
    for (size_t i = 0; i < finds->count && i < LIKELY_MAX; i++) {
        const struct found *found = &finds->best[i];
        if (found->older->case_id == same_as)
            same_as = 0;
        size += (size_t)snprintf(likely + size, room - size, "%s%llu:%u", i == 0 ? "" : " ",
                                 (unsigned long long)found->older->case_id, found->likeness.percent);
    }
    if (same_as != 0)
        snprintf(likely + size, room - size, "%s%llu:0", size == 0 ? "" : " ", (unsigned long long)same_as);
}

bool finds_decide(const struct finds *finds, const struct city *city, const struct link_wish *wish,
                  struct report_received *received) {
    const struct found *parent = parent_of(finds, city_door(city, received->item), wish);
    received->parent = received->likeness = 0;
    received->because[0] = received->likely[0] = '\0';
    if (parent == NULL) {
        name_likely(finds, wish->same_as, received->likely, sizeof received->likely);
        return false;
    }
    received->parent = parent->older->case_id;
    received->likeness = parent->likeness.percent;
    likeness_words(&parent->likeness, received->because);
    return true;
}

const struct found *finds_oldest(const struct finds *finds, const struct city *city, const struct older *report) {
    const struct door *door = city_door(city, report->item);
    const struct found *oldest = NULL;
    for (size_t i = 0; i < finds->count; i++)
        if (is_sure(&finds->best[i], door) &&
            (oldest == NULL || finds->best[i].older->like.at < oldest->older->like.at))
            oldest = &finds->best[i];
    return oldest;
}
