#include "common/city_place.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_private.h"
#include "common/fences.h"

#define EARTH_METRES 6371008.8
#define FOUND_MAX 16 /* areas that lie over each other at one point */

double metres_between(double lat1, double lon1, double lat2, double lon2) {
    const double radian = 3.14159265358979323846 / 180;
    double north = (lat2 - lat1) * radian, east = (lon2 - lon1) * radian * cos((lat1 + lat2) / 2 * radian);
    return EARTH_METRES * sqrt(north * north + east * east);
}

bool area_within(const struct area *area, const struct area *around) {
    for (; area != NULL; area = area->parent)
        if (area == around)
            return true;
    return false;
}

const struct area *city_top(const struct city *city) {
    for (size_t i = 0; i < city->area_count; i++)
        if (city->areas[i].parent == NULL)
            return &city->areas[i];
    return NULL;
}

/* ---- by point ---------------------------------------------------------------------------------------------------------- */

const struct area *city_fence_at(const struct city *city, double lat, double lon) {
    uint32_t found[FOUND_MAX];
    size_t count = fences_at(city->fences, lat, lon, found, FOUND_MAX);
    const struct area *lowest = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct area *area = &city->areas[found[i]];
        if (lowest == NULL || area->tier < lowest->tier)
            lowest = area;
    }
    return lowest;
}

const struct area *city_fence_of(const struct area *area) {
    while (area != NULL && !area->fenced)
        area = area->parent;
    return area;
}

/* Of all areas below `within` the one whose middle is the nearest; the distance into *metres. */
static const struct area *nearest(const struct city *city, const struct area *within, double lat, double lon,
                                  double *metres) {
    const struct area *best = NULL;
    for (size_t i = 0; i < city->middle_count; i++) {
        const struct area *area = &city->areas[city->middles[i]];
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is an element of an array */
        if (area->parent == NULL || area == within)
            continue;
        double far = metres_between(lat, lon, area->lat, area->lon);
        if ((best != NULL && (far > *metres || (far == *metres && area->tier > best->tier))) ||
            (within != NULL && !area_within(area, within)))
            continue;
        best = area;
        *metres = far;
    }
    return best;
}

bool city_holds(const struct city *city, double lat, double lon) {
    double metres = 0;
    if (fences_count(city->fences) > 0)
        return city_fence_at(city, lat, lon) != NULL;
    return city->middle_count == 0 || (nearest(city, NULL, lat, lon, &metres) != NULL && metres <= PLACE_MARGIN_METRES);
}

const struct area *city_area_at(const struct city *city, double lat, double lon) {
    double metres = 0;
    const struct area *fence = city_fence_at(city, lat, lon);
    if (fence == NULL && fences_count(city->fences) > 0)
        return NULL;
    const struct area *near = nearest(city, fence, lat, lon, &metres);
    return near != NULL && metres <= PLACE_NEAR_METRES ? near : fence;
}

/* ---- by name ----------------------------------------------------------------------------------------------------------- */

/* Names begin with three bytes at least, by which they are found: one character of Chinese. */
#define NAME_HEAD 3
#define NAME_BUCKETS 4096

struct area_name {
    const char *text; /* in the city's own block */
    uint32_t size, area, next;
};

struct area_names {
    char *block;
    struct area_name *names; /* from 1; 0 ends a chain */
    uint32_t heads[NAME_BUCKETS];
};

static uint32_t bucket(const char *text) {
    uint32_t head = (uint32_t)(unsigned char)text[0] << 16 | (uint32_t)(unsigned char)text[1] << 8 |
                    (unsigned char)text[2];
    return (head * UINT32_C(2654435761)) >> 20;
}

static void add_name(struct area_names *names, uint32_t *count, const char *text, size_t size, uint32_t area) {
    if (size < NAME_HEAD)
        return;
    uint32_t number = ++*count, *head = &names->heads[bucket(text)];
    names->names[number] = (struct area_name){text, (uint32_t)size, area, *head};
    *head = number;
}

/* Names of an area, apart by bars: its two names and the others by which people call it. */
static void add_names(struct area_names *names, uint32_t *count, const char *text, uint32_t area) {
    for (;;) {
        size_t size = strcspn(text, "|");
        add_name(names, count, text, size, area);
        if (text[size] == '\0')
            return;
        text += size + 1;
    }
}

void city_build_places(struct city *city, const struct city_draft *draft) {
    struct area_names *names = calloc(1, sizeof *names);
    size_t bytes = 1, most = 1;
    uint32_t count = 0;
    assert(names != NULL);
    const size_t columns[] = {COLUMN(areas, name_en), COLUMN(areas, name_zh), COLUMN(areas, also)};
    for (size_t row = 0; row < city->area_count; row++)
        for (int i = 0; i < 3; i++)
            for (const char *at = draft_field(draft, CITY_areas, row, columns[i]); *at != '\0'; at++, bytes++)
                most += *at == '|';
    names->block = malloc(bytes + 3 * city->area_count);
    names->names = calloc(most + 3 * city->area_count, sizeof *names->names);
    assert(names->block != NULL && names->names != NULL);
    char *end = names->block;
    for (size_t row = 0; row < city->area_count; row++)
        for (int i = 0; i < 3; i++) {
            const char *text = draft_field(draft, CITY_areas, row, columns[i]);
            strcpy(end, text);
            add_names(names, &count, end, (uint32_t)row);
            end += strlen(text) + 1;
        }
    city->area_names = names;
    city->middles = calloc(city->area_count + 1, sizeof *city->middles);
    assert(city->middles != NULL);
    for (size_t i = 0; i < city->area_count; i++)
        if (!isnan(city->areas[i].lat) && !isnan(city->areas[i].lon))
            city->middles[city->middle_count++] = (uint32_t)i;
    city->fences = fences_open();
    for (size_t row = 0; row < COUNT(draft, fences); row++) {
        struct area *area = &city->areas[city_area(city, FIELD(draft, fences, row, area)) - city->areas];
        area->fenced = true;
        struct fence_ring ring = {.area = (uint32_t)(area - city->areas),
                                  .part = (uint32_t)strtoul(FIELD(draft, fences, row, part), NULL, 10),
                                  .hole = strcmp(FIELD(draft, fences, row, hole), "yes") == 0,
                                  .points = FIELD(draft, fences, row, ring)};
        struct reason why;
        int status = fences_add(city->fences, &ring, &why);
        assert(status == 0); /* the check has tried it */
        (void)status;
    }
    fences_finish(city->fences);
}

void city_close_places(struct city *city) {
    fences_close(&city->fences);
    if (city->area_names != NULL) {
        free(city->area_names->block);
        free(city->area_names->names);
    }
    free(city->area_names);
    free(city->middles);
    city->area_names = NULL;
}

void city_check_places(struct city_draft *draft) {
    struct fences *fences = fences_open();
    for (size_t row = 0; row < COUNT(draft, fences); row++) {
        struct fence_ring ring = {.points = FIELD(draft, fences, row, ring)};
        struct reason why;
        if (fences_add(fences, &ring, &why) != 0)
            draft_complain(draft, PLACE(fences, row, ring), "%s", why.text);
    }
    fences_close(&fences);
}

#define HITS_MAX 64

struct hit {
    const struct area *area;
    size_t start, end; /* in the text */
};

struct hits {
    struct hit at[HITS_MAX];
    size_t count;
};

static void find_names(const struct city *city, const char *text, const struct area *within, struct hits *hits) {
    size_t length = strlen(text);
    for (size_t start = 0; start + NAME_HEAD <= length; start++)
        for (uint32_t n = city->area_names->heads[bucket(text + start)]; n != 0; n = city->area_names->names[n].next) {
            const struct area_name *name = &city->area_names->names[n];
            const struct area *area = &city->areas[name->area];
            if (name->size > length - start || memcmp(name->text, text + start, name->size) != 0 ||
                hits->count == HITS_MAX || (within != NULL && !area_within(area, within)))
                continue;
            hits->at[hits->count++] = (struct hit){area, start, start + name->size};
        }
}

/* A name that is only a part of a longer one that stands there: "Mill" in "Mill Lane Village". */
static bool is_part(const struct hits *hits, const struct hit *hit) {
    for (size_t i = 0; i < hits->count; i++)
        if (hits->at[i].start <= hit->start && hits->at[i].end >= hit->end &&
            hits->at[i].end - hits->at[i].start > hit->end - hit->start)
            return true;
    return false;
}

/* Whether another area of the text lies around this one. */
static bool is_confirmed(const struct hits *hits, const struct area *area) {
    for (size_t i = 0; i < hits->count; i++)
        if (hits->at[i].area != area && area_within(area, hits->at[i].area))
            return true;
    return false;
}

static const struct area *around_both(const struct area *a, const struct area *b) {
    while (a != NULL && !area_within(b, a))
        a = a->parent;
    return a;
}

/* The smallest area around all hits of the lowest tier; with `confirmed` around those only around which another one lies. */
static const struct area *around_lowest(const struct hits *hits, bool confirmed) {
    const struct area *found = NULL;
    uint8_t tier = TIER_MAX;
    for (size_t i = 0; i < hits->count; i++)
        if (!is_part(hits, &hits->at[i]) && hits->at[i].area->tier < tier)
            tier = hits->at[i].area->tier;
    for (size_t i = 0; i < hits->count; i++) {
        const struct area *area = hits->at[i].area;
        if (area->tier == tier && !is_part(hits, &hits->at[i]) && (!confirmed || is_confirmed(hits, area)))
            found = found == NULL ? area : around_both(found, area);
    }
    return found;
}

const struct area *city_area_named(const struct city *city, const char *text, const struct area *within) {
    struct hits hits = {.count = 0};
    find_names(city, text, within, &hits);
    const struct area *confirmed = around_lowest(&hits, true);
    return confirmed != NULL ? confirmed : around_lowest(&hits, false);
}
