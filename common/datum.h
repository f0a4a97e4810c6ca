/* Coordinates as Chinese map services give them, and as the rest of the world does. Pure.
 *
 *   wgs84  what satellites tell; everything that is kept here
 *   gcj02  of the maps that are published in China (GB 20263): shifted by some hundred metres, by formulas that are public
 *   bd09   of Baidu's maps: gcj02, turned once more
 *
 * Outside China (a box, as the maps have it) gcj02 is wgs84, and both ways do nothing. */
#ifndef ZHITONG_DATUM_H
#define ZHITONG_DATUM_H

enum datum { DATUM_wgs84, DATUM_gcj02, DATUM_bd09, DATUM_COUNT };

/* "" is wgs84; DATUM_COUNT: there is none of that name. */
enum datum datum_named(const char *name);

/* Degrees in, degrees out. The way back is found by approximation, to less than 1e-7 degrees (a centimetre). */
void datum_to_wgs84(enum datum datum, double *lat, double *lon);
void datum_from_wgs84(enum datum datum, double *lat, double *lon);

#endif
