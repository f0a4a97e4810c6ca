#include "services/intake/thumbnail.h"

static thumbnail_reader *const readers[FILE_TYPES] = {
    [FILE_JPEG] = thumbnail_read_jpeg,
    [FILE_PNG] = thumbnail_read_png,
    [FILE_WEBP] = thumbnail_read_webp,
};

int thumbnail_make(enum file_type type, const struct bytes *file, const struct strip *found, struct bytes *out,
                   struct reason *why) {
    struct raster raster = {0};
    if (readers[type] == NULL)
        return refuse(why, "file", "is no picture");
    int status = readers[type](file, &raster, why);
    if (status == 0) {
        raster_turn(&raster, found->exif.orientation);
        status = thumbnail_write(&raster, out, why);
    }
    raster_close(&raster);
    return status;
}
