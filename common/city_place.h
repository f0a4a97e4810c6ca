/* Where in the city something is: by its point, by an address, or both. Immutable like the city, safe for any thread. */
#ifndef ZHITONG_CITY_PLACE_H
#define ZHITONG_CITY_PLACE_H

#include "common/city.h"

#define PLACE_NEAR_METRES 5000    /* how far from its middle an area without a border can still be the one */
#define PLACE_MARGIN_METRES 20000 /* a city without any border ends so far from the middles of its areas */

/* Metres between two points, on a sphere; right to 0.5 % over a city. */
double metres_between(double lat1, double lon1, double lat2, double lon2);

/* Whether the point lies in the city: in one of its areas' borders; where no area has one, near the middle of one; where none has a
 * middle either, anywhere. */
bool city_holds(const struct city *city, double lat, double lon);

/* The area of the point: the one of the lowest tier whose border holds it, then down to the area below it, without a border, whose
 * middle is the nearest within PLACE_NEAR_METRES. NULL: the point is outside, or nothing is known about borders and middles there. */
const struct area *city_area_at(const struct city *city, double lat, double lon);

/* The area whose name stands in the text, the one of the lowest tier, where it is no part of a longer name. Of several the one around
 * which another area of the text lies, else the smallest area around all of them. NULL: no name stands there. `within`: only areas
 * in it; NULL: any. */
const struct area *city_area_named(const struct city *city, const char *text, const struct area *within);

/* Whether `area` is `around` or lies in it. */
bool area_within(const struct area *area, const struct area *around);

/* The area that lies around all others. NULL for a city that has none. */
const struct area *city_top(const struct city *city);

#endif
