#include "common/datum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define PI 3.14159265358979323846
#define AXIS 6378245.0 /* metres; of the Krasovsky ellipsoid, like the next one */
#define FLAT 0.00669342162296594323
#define BD_TURN (PI * 3000 / 180)
#define TURNS 8 /* of the way back; each takes some three digits off the error */

struct degrees {
    double lat, lon;
};

enum datum datum_named(const char *name) {
    static const char *const names[DATUM_COUNT] = {"wgs84", "gcj02", "bd09"};
    for (int i = 0; i < DATUM_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum datum)i;
    return *name == '\0' ? DATUM_wgs84 : DATUM_COUNT;
}

static bool is_in_china(struct degrees at) {
    return at.lat >= 0.8293 && at.lat <= 55.8271 && at.lon >= 72.004 && at.lon <= 137.8347;
}

/* How far gcj02 lies from wgs84 there. */
static struct degrees shift(struct degrees at) {
    double x = at.lon - 105, y = at.lat - 35, root = sqrt(fabs(x));
    double both = (20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2 / 3;
    double north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both +
                   (20 * sin(y * PI) + 40 * sin(y / 3 * PI)) * 2 / 3 +
                   (160 * sin(y / 12 * PI) + 320 * sin(y * PI / 30)) * 2 / 3;
    double east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both +
                  (20 * sin(x * PI) + 40 * sin(x / 3 * PI)) * 2 / 3 +
                  (150 * sin(x / 12 * PI) + 300 * sin(x / 30 * PI)) * 2 / 3;
    double phi = at.lat / 180 * PI, magic = 1 - FLAT * sin(phi) * sin(phi);
    return (struct degrees){north * 180 / (AXIS * (1 - FLAT) / (magic * sqrt(magic)) * PI),
                            east * 180 / (AXIS / sqrt(magic) * cos(phi) * PI)};
}

static struct degrees to_gcj02(struct degrees at) {
    if (!is_in_china(at))
        return at;
    struct degrees by = shift(at);
    return (struct degrees){at.lat + by.lat, at.lon + by.lon};
}

static struct degrees gcj02_to_bd09(struct degrees at) {
    double far = hypot(at.lon, at.lat) + 0.00002 * sin(at.lat * BD_TURN);
    double angle = atan2(at.lat, at.lon) + 0.000003 * cos(at.lon * BD_TURN);
    return (struct degrees){far * sin(angle) + 0.006, far * cos(angle) + 0.0065};
}

static struct degrees forward(enum datum datum, struct degrees at) {
    if (datum == DATUM_wgs84 || !is_in_china(at))
        return at;
    at = to_gcj02(at);
    return datum == DATUM_bd09 ? gcj02_to_bd09(at) : at;
}

void datum_from_wgs84(enum datum datum, double *lat, double *lon) {
    struct degrees at = forward(datum, (struct degrees){*lat, *lon});
    *lat = at.lat;
    *lon = at.lon;
}

void datum_to_wgs84(enum datum datum, double *lat, double *lon) {
    struct degrees wanted = {*lat, *lon}, guess = wanted;
    for (int i = 0; i < TURNS; i++) {
        struct degrees got = forward(datum, guess);
        guess.lat += wanted.lat - got.lat;
        guess.lon += wanted.lon - got.lon;
    }
    *lat = guess.lat;
    *lon = guess.lon;
}
