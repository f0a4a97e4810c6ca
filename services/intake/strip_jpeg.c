#include <string.h>

#include "services/intake/strip.h"

/* ITU-T T.81 annex B. */
enum {
    SOF0 = 0xc0,
    SOF2 = 0xc2,
    DHT = 0xc4,
    JPG = 0xc8,
    DAC = 0xcc,
    SOF15 = 0xcf,
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    DQT = 0xdb
};
enum { DRI = 0xdd, APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, APP14 = 0xee };

#define JFIF_BYTES 14 /* without the small picture that may follow */
#define EXIF_NAME "Exif\0"
#define EXIF_NAME_BYTES 6

struct segment {
    uint8_t marker;
    const uint8_t *data; /* behind the length */
    size_t size;
};

static bool is_frame(uint8_t marker) {
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static bool starts(const struct segment *segment, const char *name, size_t size) {
    return segment->size >= size && memcmp(segment->data, name, size) == 0;
}

static void put_segment(struct bytes *out, uint8_t marker, const void *data, size_t size) {
    const uint8_t head[4] = {0xff, marker, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2)};
    bytes_append(out, head, sizeof head);
    bytes_append(out, data, size);
}

static void put_jfif(struct bytes *out, const struct segment *segment) {
    uint8_t jfif[JFIF_BYTES];
    if (!starts(segment, "JFIF", 5) || segment->size < JFIF_BYTES)
        return;
    memcpy(jfif, segment->data, JFIF_BYTES);
    jfif[12] = jfif[13] = 0; /* the small picture's sides */
    put_segment(out, APP0, jfif, JFIF_BYTES);
}

static void take_segment(const struct segment *segment, struct bytes *out, struct strip *found) {
    uint8_t marker = segment->marker;
    if (is_frame(marker) && segment->size >= 6 && found->width == 0) {
        found->height = (uint32_t)(segment->data[1] << 8 | segment->data[2]);
        found->width = (uint32_t)(segment->data[3] << 8 | segment->data[4]);
        found->whole = marker != SOF0 && marker != SOF0 + 1;
    }
    if (marker == APP0)
        put_jfif(out, segment);
    else if (marker == APP1 && starts(segment, EXIF_NAME, EXIF_NAME_BYTES) && found->exif.orientation == 0)
        exif_read(segment->data + EXIF_NAME_BYTES, segment->size - EXIF_NAME_BYTES, &found->exif);
    else if (is_frame(marker) || marker == DHT || marker == DQT || marker == DRI || marker == DAC || marker == SOS ||
             (marker == APP2 && starts(segment, "ICC_PROFILE", 12)) || (marker == APP14 && starts(segment, "Adobe", 5)))
        put_segment(out, marker, segment->data, segment->size);
}

/* The end of the coded bytes at `at`: the next marker that is neither a stuffed byte nor a restart. */
static size_t scan_end(const struct bytes *in, size_t at) {
    while (at + 1 < in->size) {
        const uint8_t *found = memchr(in->data + at, 0xff, in->size - 1 - at);
        if (found == NULL)
            return in->size;
        at = (size_t)(found - in->data);
        uint8_t next = in->data[at + 1];
        if (next != 0 && next != 0xff && !(next >= 0xd0 && next <= 0xd7))
            return at;
        at += next == 0xff ? 1 : 2;
    }
    return in->size;
}

/* The marker at *at; 0: there is none. Fill bytes before it are skipped. */
static uint8_t next_marker(const struct bytes *in, size_t *at) {
    if (*at >= in->size || in->data[*at] != 0xff)
        return 0;
    while (*at < in->size && in->data[*at] == 0xff)
        ++*at;
    return *at < in->size ? in->data[(*at)++] : 0;
}

static int next_segment(const struct bytes *in, size_t *at, struct segment *segment, struct reason *why) {
    segment->marker = next_marker(in, at);
    if (segment->marker == EOI)
        return 0;
    size_t left = in->size - *at;
    size_t size = left < 2 ? 0 : (size_t)(in->data[*at] << 8 | in->data[*at + 1]);
    if (segment->marker < SOF0 || segment->marker == SOI || (segment->marker >= 0xd0 && segment->marker <= 0xd7) ||
        size < 2 || size > left)
        return refuse(why, "file", "is a broken JPEG, or ends before its end");
    segment->data = in->data + *at + 2;
    segment->size = size - 2;
    *at += size;
    return 0;
}

/* Behind SOI, where the head of the file is complete, go orientation and nothing else. */
static void put_orientation(struct bytes *out, const struct bytes *rest, const struct strip *found) {
    uint8_t block[EXIF_NAME_BYTES + EXIF_MINIMAL_BYTES] = EXIF_NAME;
    if (found->exif.orientation > 1) {
        exif_minimal(found->exif.orientation, block + EXIF_NAME_BYTES);
        put_segment(out, APP1, block, sizeof block);
    }
    bytes_append(out, rest->data, rest->size);
}

static int read_segments(const struct bytes *in, struct bytes *rest, struct strip *found, struct reason *why) {
    size_t at = 2, scans = 0;
    for (size_t parts = 0; parts < STRIP_PARTS_MAX; parts++) {
        struct segment segment = {0};
        if (next_segment(in, &at, &segment, why) != 0)
            return -1;
        if (segment.marker == EOI)
            return scans > 0 ? 0 : refuse(why, "file", "is a JPEG without a picture");
        if (segment.marker == SOS && (found->width == 0 || ++scans > STRIP_SCANS_MAX))
            return refuse(why, "file", "is a JPEG with more than %d scans, or with none of known size",
                          STRIP_SCANS_MAX);
        take_segment(&segment, rest, found);
        if (segment.marker != SOS)
            continue;
        size_t end = scan_end(in, at);
        bytes_append(rest, in->data + at, end - at);
        at = end;
    }
    return refuse(why, "file", "is a JPEG of more than %d segments", STRIP_PARTS_MAX);
}

int strip_jpeg(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    static const uint8_t first[] = {0xff, SOI}, last[] = {0xff, EOI};
    struct bytes rest = {0};
    found->exif.orientation = 0; /* none read yet */
    int status = read_segments(in, &rest, found, why);
    if (status == 0) {
        bytes_append(out, first, sizeof first);
        put_orientation(out, &rest, found);
        bytes_append(out, last, sizeof last);
    }
    if (found->exif.orientation == 0)
        exif_none(&found->exif);
    bytes_close(&rest);
    return status;
}
