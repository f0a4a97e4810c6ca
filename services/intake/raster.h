/* A small picture made from the rows of a large one, each small pixel the mean of those that it covers. Pure. */
#ifndef ZHITONG_INTAKE_RASTER_H
#define ZHITONG_INTAKE_RASTER_H

#include <stdint.h>

#define RASTER_SIDE_MAX 320 /* pixels: no small picture is wider or higher */

struct raster {
    uint32_t from_width, from_height; /* of the large picture */
    uint32_t width, height;
    uint8_t *rgb; /* width × height × 3 */
    uint64_t *sums;
    uint32_t *counts;
    uint32_t rows; /* taken so far */
};

/* The sides of the small picture; it is never larger than the large one. */
void raster_sides(uint32_t from_width, uint32_t from_height, uint32_t *width, uint32_t *height);
void raster_open(struct raster *raster, uint32_t from_width, uint32_t from_height);
void raster_row(struct raster *raster, const uint8_t *rgb); /* from_width × 3 bytes; rows past the last are left out */
void raster_close(struct raster *raster);
/* Turns it upright, from the orientation that EXIF 2.32 numbers 1 to 8. */
void raster_turn(struct raster *raster, uint8_t orientation);

#endif
