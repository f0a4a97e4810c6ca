/* In which areas a point lies: borders as polygons with holes, a grid over all of them, and ray casting where a border crosses the
 * point's cell. Immutable once finished. Some 100 ns a point. Degrees are taken as a plane, which over a city is right to well
 * below a metre; no polygon may cross the 180th meridian. */
#ifndef ZHITONG_FENCES_H
#define ZHITONG_FENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define FENCE_POINTS_MAX 2000000 /* of all rings together */

struct fences;

struct fences *fences_open(void);
void fences_close(struct fences **fences);

struct fence_ring {
    uint32_t area; /* any number: what fences_at answers with */
    uint32_t part; /* rings of one area and part are one polygon: one outline, and holes in it */
    bool hole;
    const char
        *points; /* long and lat in degrees, alternating, apart by blanks; the first is not repeated at the end */
};
/* Refuses (field "ring") what is no ring: fewer than three points, an odd number of values, no numbers, out of range; and more than
 * FENCE_POINTS_MAX points. Not after fences_finish. */
MUST_CHECK int fences_add(struct fences *fences, const struct fence_ring *ring, struct reason *why);
void fences_finish(struct fences *fences);

size_t fences_count(const struct fences *fences); /* of polygons */

/* The areas whose polygons hold the point, each once a polygon, into `areas`; how many, at most `room`. A point on a border that two
 * polygons share point by point lies in exactly one of them. */
size_t fences_at(const struct fences *fences, double lat, double lon, uint32_t *areas, size_t room);

#endif
