/* Takes out of a file what its owner may not know is in it: where and when it was taken, by which device, the picture before it was
 * cut, comments. The pixels are copied, not encoded again. Pure; any bytes may come.
 *
 * JPEG: APPn except JFIF, ICC profile and Adobe's colour transform, comments, whatever follows the end. PNG: every chunk that is not
 * needed to show one picture. WebP: EXIF, XMP and unknown chunks. MP4: user data, metadata and vendor boxes are overwritten with
 * zeros. An orientation stays, alone in an EXIF block. A PDF stays as it is. */
#ifndef ZHITONG_INTAKE_STRIP_H
#define ZHITONG_INTAKE_STRIP_H

#include "proto/codec.h"
#include "services/intake/exif.h"
#include "services/intake/file_type.h"

#define STRIP_PARTS_MAX 100000 /* segments, chunks or boxes of one file */
#define STRIP_SCANS_MAX 64     /* of a progressive JPEG: each costs a reader a whole pass */
#define PICTURE_PIXELS_MAX 50000000
#define PICTURE_SIDE_MAX 20000 /* pixels */
#define PICTURE_WHOLE_PIXELS_MAX \
    24000000 /* where a reader must hold all of it: progressive JPEG, interlaced PNG, WebP */

struct strip {
    struct exif exif;
    uint32_t width, height; /* pixels; 0: no picture */
    bool whole;             /* a reader must hold all of it */
};

/* Appends what is left to `out`. Refuses (field "file") what is broken, ends early or has too many pixels; then `out` holds rubbish. */
MUST_CHECK int strip_file(enum file_type type, const struct bytes *in, struct bytes *out, struct strip *found,
                          struct reason *why);

/* strip_jpeg.c, strip_png.c, strip_webp.c, strip_mp4.c */
typedef int strip_step(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why);
strip_step strip_jpeg, strip_png, strip_webp, strip_mp4;

#endif
