#include "services/intake/raster.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void raster_sides(uint32_t from_width, uint32_t from_height, uint32_t *width, uint32_t *height) {
    uint32_t longer = from_width > from_height ? from_width : from_height;
    uint64_t side = longer < RASTER_SIDE_MAX ? longer : RASTER_SIDE_MAX;
    *width = (uint32_t)(from_width * side / longer);
    *height = (uint32_t)(from_height * side / longer);
    *width += *width == 0;
    *height += *height == 0;
}

void raster_open(struct raster *raster, uint32_t from_width, uint32_t from_height) {
    *raster = (struct raster){.from_width = from_width, .from_height = from_height};
    raster_sides(from_width, from_height, &raster->width, &raster->height);
    raster->rgb = calloc((size_t)raster->width * raster->height, 3);
    raster->sums = calloc((size_t)raster->width * 3, sizeof *raster->sums);
    raster->counts = calloc(raster->width, sizeof *raster->counts);
    assert(raster->rgb != NULL && raster->sums != NULL && raster->counts != NULL);
}

static uint32_t small_row(const struct raster *raster, uint32_t row) {
    return (uint32_t)((uint64_t)row * raster->height / raster->from_height);
}

static void add(struct raster *raster, const uint8_t *rgb) {
    uint32_t at = 0, rest = 0;
    for (uint32_t x = 0; x < raster->from_width; x++, rgb += 3) {
        raster->sums[at * 3] += rgb[0];
        raster->sums[at * 3 + 1] += rgb[1];
        raster->sums[at * 3 + 2] += rgb[2];
        raster->counts[at]++;
        rest += raster->width;
        if (rest >= raster->from_width) {
            rest -= raster->from_width;
            at += at + 1 < raster->width;
        }
    }
}

static void write_row(struct raster *raster, uint32_t row) {
    uint8_t *out = raster->rgb + (size_t)row * raster->width * 3;
    for (uint32_t i = 0; i < raster->width * 3; i++)
        out[i] = (uint8_t)(raster->counts[i / 3] > 0 ? raster->sums[i] / raster->counts[i / 3] : 0);
    memset(raster->sums, 0, raster->width * 3 * sizeof *raster->sums);
    memset(raster->counts, 0, raster->width * sizeof *raster->counts);
}

void raster_row(struct raster *raster, const uint8_t *rgb) {
    if (raster->rows == raster->from_height)
        return;
    uint32_t row = small_row(raster, raster->rows);
    add(raster, rgb);
    raster->rows++;
    if (raster->rows == raster->from_height || small_row(raster, raster->rows) != row)
        write_row(raster, row);
}

void raster_close(struct raster *raster) {
    free(raster->rgb);
    free(raster->sums);
    free(raster->counts);
    *raster = (struct raster){0};
}

void raster_turn(struct raster *raster, uint8_t orientation) {
    uint32_t width = raster->width, height = raster->height;
    bool aside = orientation >= 5;
    uint32_t out_width = aside ? height : width, out_height = aside ? width : height;
    if (orientation <= 1 || orientation > 8)
        return;
    uint8_t *rgb = malloc((size_t)width * height * 3);
    assert(rgb != NULL);
    for (uint32_t y = 0; y < out_height; y++) {
        for (uint32_t x = 0; x < out_width; x++) {
            uint32_t from_x = aside ? y : x, from_y = aside ? x : y;
            if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
                from_x = width - 1 - from_x;
            if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
                from_y = height - 1 - from_y;
            memcpy(rgb + ((size_t)y * out_width + x) * 3, raster->rgb + ((size_t)from_y * width + from_x) * 3, 3);
        }
    }
    free(raster->rgb);
    raster->rgb = rgb;
    raster->width = out_width;
    raster->height = out_height;
}
