#include "services/intake/file_row.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/zone.h"

#define NUMBER_BYTES 40

void file_row_of(const struct strip *found, const struct city *city, struct file_row *row) {
    const struct exif *exif = &found->exif;
    *row = (struct file_row){.width = found->width, .height = found->height, .lat = exif->lat, .lon = exif->lon};
    row->taken_at = exif->taken_at;
    if (exif->taken_at != 0 && !exif->taken_in_utc)
        row->taken_at = city != NULL ? zone_instant(city_zone(city), exif->taken_at) : 0;
}

void file_row_step(const struct file_row *row, struct ask *ask) {
    char bytes[NUMBER_BYTES], width[NUMBER_BYTES], height[NUMBER_BYTES], lat[NUMBER_BYTES], lon[NUMBER_BYTES];
    char taken[NUMBER_BYTES];
    bool picture = row->width > 0, placed = !isnan(row->lat);
    snprintf(bytes, sizeof bytes, "%" PRIu64, row->bytes);
    snprintf(width, sizeof width, "%" PRIu32, row->width);
    snprintf(height, sizeof height, "%" PRIu32, row->height);
    snprintf(lat, sizeof lat, "%.7f", row->lat);
    snprintf(lon, sizeof lon, "%.7f", row->lon);
    snprintf(taken, sizeof taken, "%" PRId64, row->taken_at);
    const char *values[] = {row->file,
                            row->type,
                            bytes,
                            picture ? width : NULL,
                            picture ? height : NULL,
                            placed ? lat : NULL,
                            placed ? lon : NULL,
                            row->taken_at != 0 ? taken : NULL};
    ask_step(ask, "intake_file_keep", values, sizeof values / sizeof values[0]);
}
