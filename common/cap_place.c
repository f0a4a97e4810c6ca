#include "common/cap_place.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
#define NO_AREA 1e-12 /* square degrees */

/* A plain decimal number; moves *at behind it. */
static bool read_degrees(const char **at, double most, double *out) {
    char *end;
    if (strspn(*at, "+-.0123456789") == 0)
        return false;
    double value = strtod(*at, &end);
    if (end == *at || (size_t)(end - *at) > strspn(*at, "+-.0123456789") || !(fabs(value) <= most))
        return false;
    *at = end;
    *out = value;
    return true;
}

static bool read_point(const char **at, double *lat, double *lon) {
    if (!read_degrees(at, 90, lat) || **at != ',')
        return false;
    (*at)++;
    return read_degrees(at, 180, lon);
}

int cap_circle(const char *text, double *lat, double *lon) {
    double radius, middle_lat, middle_lon;
    if (!read_point(&text, &middle_lat, &middle_lon) || strspn(text, BLANKS) == 0)
        return -1;
    text += strspn(text, BLANKS);
    if (!read_degrees(&text, 40000, &radius) || radius < 0 || *text != '\0')
        return -1;
    *lat = middle_lat;
    *lon = middle_lon;
    return 0;
}

struct sums {
    double lat, lon;                 /* of points */
    double area, area_lat, area_lon; /* twice the area, and its moments, about the first point */
    double first_lat, first_lon, last_lat, last_lon;
    double south, north, west, east; /* of all points */
    size_t count;
};

static void add_point(struct sums *sums, double lat, double lon) {
    if (sums->count == 0) {
        sums->first_lat = sums->south = sums->north = lat;
        sums->first_lon = sums->west = sums->east = lon;
    } else {
        double ay = sums->last_lat - sums->first_lat, ax = sums->last_lon - sums->first_lon;
        double by = lat - sums->first_lat, bx = lon - sums->first_lon, cross = ax * by - bx * ay;
        sums->area += cross;
        sums->area_lat += (ay + by) * cross;
        sums->area_lon += (ax + bx) * cross;
        sums->lat += lat;
        sums->lon += lon;
    }
    sums->south = fmin(sums->south, lat);
    sums->north = fmax(sums->north, lat);
    sums->west = fmin(sums->west, lon);
    sums->east = fmax(sums->east, lon);
    sums->last_lat = lat;
    sums->last_lon = lon;
    sums->count++;
}

/* A ring that crosses itself takes parts of its area away again: what is left over can have its middle anywhere. */
static bool among_its_points(const struct sums *sums, double lat, double lon) {
    return lat >= sums->south && lat <= sums->north && lon >= sums->west && lon <= sums->east;
}

int cap_polygon(const char *text, double *lat, double *lon) {
    struct sums sums = {0};
    while (*text != '\0') {
        double point_lat, point_lon;
        if (sums.count == CAP_POINTS_MAX || !read_point(&text, &point_lat, &point_lon) ||
            (*text != '\0' && strspn(text, BLANKS) == 0))
            return -1;
        text += strspn(text, BLANKS);
        add_point(&sums, point_lat, point_lon);
    }
    if (sums.count < 4 || fabs(sums.first_lat - sums.last_lat) > 0 || fabs(sums.first_lon - sums.last_lon) > 0)
        return -1;
    double middle_lat = sums.first_lat + sums.area_lat / (3 * sums.area);
    double middle_lon = sums.first_lon + sums.area_lon / (3 * sums.area);
    bool good = fabs(sums.area) >= NO_AREA && among_its_points(&sums, middle_lat, middle_lon);
    double points = (double)(sums.count - 1);
    *lat = good ? middle_lat : sums.lat / points;
    *lon = good ? middle_lon : sums.lon / points;
    return 0;
}
