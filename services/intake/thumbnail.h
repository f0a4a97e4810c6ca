/* A JPEG of at most RASTER_SIDE_MAX pixels a side, upright, of a picture that strip_file() let pass. Takes up to half a second and
 * 150 MB: for a worker thread, one at a time. */
#ifndef ZHITONG_INTAKE_THUMBNAIL_H
#define ZHITONG_INTAKE_THUMBNAIL_H

#include "services/intake/raster.h"
#include "services/intake/strip.h"

/* Appends to `out`. Refuses (field "file") a picture that cannot be read; out is untouched then. */
MUST_CHECK int thumbnail_make(enum file_type type, const struct bytes *file, const struct strip *found,
                              struct bytes *out, struct reason *why);

/* thumbnail_jpeg.c, thumbnail_png.c, thumbnail_webp.c: open the raster and fill it, or refuse; the caller closes it in both cases. */
typedef int thumbnail_reader(const struct bytes *file, struct raster *raster, struct reason *why);
thumbnail_reader thumbnail_read_jpeg, thumbnail_read_png, thumbnail_read_webp;
/* thumbnail_jpeg.c */
MUST_CHECK int thumbnail_write(const struct raster *raster, struct bytes *out, struct reason *why);

#endif
