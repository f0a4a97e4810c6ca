/* Where and when a picture was taken, as its camera wrote it: the TIFF block of EXIF 2.32 (JEITA CP-3451), which JPEG, PNG and WebP
 * carry. Pure; any bytes may come. It looks at three directories, each once, of at most EXIF_ENTRIES_MAX entries. */
#ifndef ZHITONG_INTAKE_EXIF_H
#define ZHITONG_INTAKE_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXIF_ENTRIES_MAX 256 /* of a directory; more are not looked at */

struct exif {
    double lat, lon;  /* degrees, WGS-84; both NaN: no position, or none on Earth */
    int64_t taken_at; /* 0: unknown; else unix ms where taken_in_utc, or ms since 1970 on the camera's own clock */
    bool taken_in_utc;
    uint8_t orientation; /* 1 to 8 (1: upright) */
};

/* `data` starts with II or MM. What cannot be read is as if it were not there. */
void exif_read(const uint8_t *data, size_t size, struct exif *out);
void exif_none(struct exif *out);

/* A TIFF block that says nothing but an orientation. */
#define EXIF_MINIMAL_BYTES 26
void exif_minimal(uint8_t orientation, uint8_t out[EXIF_MINIMAL_BYTES]);

#endif
