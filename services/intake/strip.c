#include "services/intake/strip.h"

static int strip_nothing(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    (void)found;
    (void)why;
    bytes_append(out, in->data, in->size);
    return 0;
}

static strip_step *const steps[FILE_TYPES] = {
    [FILE_JPEG] = strip_jpeg, [FILE_PNG] = strip_png,     [FILE_WEBP] = strip_webp,
    [FILE_MP4] = strip_mp4,   [FILE_PDF] = strip_nothing,
};

int strip_file(enum file_type type, const struct bytes *in, struct bytes *out, struct strip *found,
               struct reason *why) {
    *found = (struct strip){0};
    exif_none(&found->exif);
    if (steps[type](in, out, found, why) != 0)
        return -1;
    if (!file_type_is_picture(type))
        return 0;
    if (found->width == 0 || found->height == 0)
        return refuse(why, "file", "is a picture without pixels");
    uint64_t pixels = (uint64_t)found->width * found->height;
    if (found->width > PICTURE_SIDE_MAX || found->height > PICTURE_SIDE_MAX || pixels > PICTURE_PIXELS_MAX)
        return refuse(why, "file", "has more than %d pixels on a side or %d in all", PICTURE_SIDE_MAX,
                      PICTURE_PIXELS_MAX);
    if (found->whole && pixels > PICTURE_WHOLE_PIXELS_MAX)
        return refuse(why, "file", "has more than %d pixels and is progressive, interlaced or WebP",
                      PICTURE_WHOLE_PIXELS_MAX);
    return 0;
}
