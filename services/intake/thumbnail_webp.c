#include <webp/decode.h>

#include "services/intake/thumbnail.h"

int thumbnail_read_webp(const struct bytes *file, struct raster *raster, struct reason *why) {
    int width = 0, height = 0;
    uint8_t *rgb = WebPDecodeRGB(file->data, file->size, &width, &height);
    if (rgb == NULL)
        return refuse(why, "file", "is no readable WebP");
    raster_open(raster, (uint32_t)width, (uint32_t)height);
    for (int y = 0; y < height; y++)
        raster_row(raster, rgb + (size_t)y * (size_t)width * 3);
    WebPFree(rgb);
    return 0;
}
