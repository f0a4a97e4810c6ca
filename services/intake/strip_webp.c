#include <string.h>

#include "services/intake/strip.h"

/* RFC 9649. */
#define RIFF_BYTES 12
#define HEAD_BYTES 8 /* of a chunk */
#define EXTENDED_BYTES 10
#define FLAG_EXIF 0x08
#define FLAG_XMP 0x04

static uint32_t read_3(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static void write_4(uint8_t *at, size_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static bool is(const uint8_t *type, const char *name) {
    return memcmp(type, name, 4) == 0;
}

static void take_size(const uint8_t *type, const uint8_t *data, size_t size, struct strip *found) {
    uint32_t width = 0, height = 0;
    if (is(type, "VP8X") && size >= EXTENDED_BYTES) {
        width = read_3(data + 4) + 1;
        height = read_3(data + 7) + 1;
    } else if (is(type, "VP8 ") && size >= 10) {
        width = (uint32_t)(data[6] | data[7] << 8) & 0x3fff;
        height = (uint32_t)(data[8] | data[9] << 8) & 0x3fff;
    } else if (is(type, "VP8L") && size >= 5) {
        uint32_t bits = read_3(data + 1) | (uint32_t)data[4] << 24;
        width = (bits & 0x3fff) + 1;
        height = (bits >> 14 & 0x3fff) + 1;
    }
    found->width = width > found->width ? width : found->width;
    found->height = height > found->height ? height : found->height;
}

static void put_chunk(struct bytes *out, const uint8_t *type, const uint8_t *data, size_t size) {
    uint8_t head[HEAD_BYTES];
    memcpy(head, type, 4);
    write_4(head + 4, size);
    bytes_append(out, head, sizeof head);
    bytes_append(out, data, size);
    if (size % 2 != 0)
        bytes_append(out, "", 1);
}

static bool is_needed(const uint8_t *type) {
    static const char needed[][5] = {"VP8X", "VP8 ", "VP8L", "ALPH", "ICCP"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (is(type, needed[i]))
            return true;
    return false;
}

static int read_chunks(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    bool pixels = false;
    size_t end = RIFF_BYTES - 4 + (read_3(in->data + 4) | (size_t)in->data[7] << 24);
    if (end > in->size || end < RIFF_BYTES)
        return refuse(why, "file", "is a WebP that ends before its end");
    for (size_t at = RIFF_BYTES, parts = 0; at < end; parts++) {
        size_t left = end - at;
        size_t size = left < HEAD_BYTES ? 0 : read_3(in->data + at + 4) | (size_t)in->data[at + 7] << 24;
        if (left < HEAD_BYTES || size > left - HEAD_BYTES || parts == STRIP_PARTS_MAX)
            return refuse(why, "file", "is a broken WebP");
        const uint8_t *type = in->data + at, *data = type + HEAD_BYTES;
        if (is(type, "ANMF"))
            return refuse(why, "file", "is a moving WebP; send a picture or MP4");
        if (is(type, "EXIF")) {
            bool named = size >= 6 && memcmp(data, "Exif\0", 6) == 0; /* some writers keep JPEG's name of the block */
            exif_read(data + (named ? 6 : 0), size - (named ? 6 : 0), &found->exif);
        }
        take_size(type, data, size, found);
        pixels = pixels || is(type, "VP8 ") || is(type, "VP8L");
        if (is_needed(type))
            put_chunk(out, type, data, size);
        at += HEAD_BYTES + size + size % 2;
    }
    return pixels ? 0 : refuse(why, "file", "is a WebP without a picture");
}

int strip_webp(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    size_t start = out->size;
    if (in->size < RIFF_BYTES + HEAD_BYTES)
        return refuse(why, "file", "is a WebP that ends before its end");
    bytes_append(out, in->data, RIFF_BYTES);
    if (read_chunks(in, out, found, why) != 0)
        return -1;
    uint8_t *first = out->data + start + RIFF_BYTES;
    bool extended = out->size - start > RIFF_BYTES + HEAD_BYTES && is(first, "VP8X"),
         turned = found->exif.orientation > 1;
    if (extended) {
        first[HEAD_BYTES] &= (uint8_t) ~(FLAG_EXIF | FLAG_XMP | 0x02);
        first[HEAD_BYTES] |= turned ? FLAG_EXIF : 0;
    }
    if (extended && turned) {
        uint8_t block[EXIF_MINIMAL_BYTES];
        exif_minimal(found->exif.orientation, block);
        put_chunk(out, (const uint8_t *)"EXIF", block, sizeof block);
    }
    write_4(out->data + start + 4, out->size - start - 8);
    found->whole = true;
    return 0;
}
