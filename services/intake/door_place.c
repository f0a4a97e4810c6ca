#include <math.h>
#include <string.h>

#include "common/city_place.h"
#include "common/datum.h"
#include "services/intake/door.h"

#define DIRECTIONS 8
#define METRES_PER_DEGREE 111195.0

static void step_away(int direction, double *lat, double *lon) {
    double turn = direction * (2 * 3.14159265358979323846 / DIRECTIONS),
           shrink = cos(*lat * 3.14159265358979323846 / 180);
    *lat += DOOR_COARSE_METRES / METRES_PER_DEGREE * cos(turn);
    *lon += DOOR_COARSE_METRES / METRES_PER_DEGREE * sin(turn) / (shrink > 0.01 ? shrink : 0.01);
}

static bool is_in_city(const struct city *city, double lat, double lon) {
    bool is_in = city_holds(city, lat, lon);
    for (int i = 0; i < DIRECTIONS && !is_in; i++) {
        double north = lat, east = lon;
        step_away(i, &north, &east);
        is_in = city_holds(city, north, east);
    }
    return is_in;
}

/* Whether a border says that one lies in the other, or that nothing is known. */
static bool agrees(const struct city *city, const struct area *area, double lat, double lon) {
    const struct area *fence = city_fence_at(city, lat, lon);
    return fence == NULL || area_within(area, fence) || area_within(fence, area);
}

/* An area without a border around it below the whole city may lie anywhere: functional zones cross the borders of counties. */
static bool contradicts(const struct city *city, const struct area *area, double lat, double lon) {
    const struct area *fence = city_fence_of(area);
    if (fence == NULL || fence->parent == NULL || agrees(city, area, lat, lon))
        return false;
    for (int i = 0; i < DIRECTIONS; i++) {
        double north = lat, east = lon;
        step_away(i, &north, &east);
        if (city_fence_at(city, north, east) != NULL && agrees(city, area, north, east))
            return false;
    }
    return true;
}

/* A name in the address tells better than the nearest middle, if it lies within the border around the point. */
static const struct area *area_found(const struct city *city, const struct submit *submit) {
    bool has_point = !isnan(submit->lat);
    const struct area *fence = has_point ? city_fence_at(city, submit->lat, submit->lon) : NULL;
    const struct area *named = submit->address[0] != '\0' ? city_area_named(city, submit->address, fence) : NULL;
    if (named != NULL && named->parent != NULL && named != fence)
        return named;
    return has_point ? city_area_at(city, submit->lat, submit->lon) : named;
}

int door_place(const struct door_ask *ask, struct submit *submit, bool *contradicted, struct reason *why) {
    const struct area *area = city_area(ask->city, submit->area);
    enum datum datum = datum_named(submit->datum);
    bool has_point = !isnan(submit->lat), is_wrong = false;
    if (datum == DATUM_COUNT)
        return refuse(why, "datum", "must be wgs84, gcj02 or bd09, not \"%s\"", submit->datum);
    if (has_point) {
        datum_to_wgs84(datum, &submit->lat, &submit->lon);
        submit->datum[0] = '\0';
        if (!is_in_city(ask->city, submit->lat, submit->lon))
            return refuse(why, "lat", "lies outside the city; check lat and long, and their datum");
        is_wrong = area->parent != NULL && contradicts(ask->city, area, submit->lat, submit->lon);
    }
    if (is_wrong && ask->asks)
        return refuse(why, "area", "the position lies in %s, not in %s; correct one of them",
                      city_fence_at(ask->city, submit->lat, submit->lon)->code, area->code);
    if (area->parent == NULL && (has_point || submit->address[0] != '\0')) {
        const struct area *found = area_found(ask->city, submit);
        strcpy(submit->area, found != NULL ? found->code : area->code);
    }
    if (area->parent != NULL && area->tier > 1 && !ask->asks && !is_wrong && submit->address[0] != '\0') {
        const struct area *named = city_area_named(ask->city, submit->address, area);
        strcpy(submit->area, named != NULL ? named->code : area->code);
    }
    *contradicted = is_wrong;
    return 0;
}
