#include <string.h>

#include "services/intake/strip.h"

/* PNG, third edition. */
#define SIGNATURE_BYTES 8
#define FRAME_BYTES 12 /* length, type and CRC of a chunk */
#define HEADER_BYTES 13

static uint32_t read_4(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_4(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t crc_of(const uint8_t *data, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put_orientation(struct bytes *out, const struct exif *exif) {
    uint8_t chunk[FRAME_BYTES + EXIF_MINIMAL_BYTES];
    if (exif->orientation <= 1)
        return;
    write_4(chunk, EXIF_MINIMAL_BYTES);
    memcpy(chunk + 4, "eXIf", 4);
    exif_minimal(exif->orientation, chunk + 8);
    write_4(chunk + 8 + EXIF_MINIMAL_BYTES, crc_of(chunk + 4, 4 + EXIF_MINIMAL_BYTES));
    bytes_append(out, chunk, sizeof chunk);
}

static bool is_needed(const uint8_t *type) {
    static const char needed[][5] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (memcmp(type, needed[i], 4) == 0)
            return true;
    return false;
}

static void take_header(const uint8_t *header, struct strip *found) {
    found->width = read_4(header);
    found->height = read_4(header + 4);
    found->whole = header[12] != 0;
}

int strip_png(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    bytes_append(out, in->data, SIGNATURE_BYTES < in->size ? SIGNATURE_BYTES : in->size);
    size_t at = SIGNATURE_BYTES;
    bool pixels = false;
    for (size_t parts = 0; parts < STRIP_PARTS_MAX; parts++) {
        size_t left = in->size > at ? in->size - at : 0;
        uint32_t size = left < FRAME_BYTES ? 0 : read_4(in->data + at);
        if (left < FRAME_BYTES || size > left - FRAME_BYTES)
            return refuse(why, "file", "is a broken PNG, or ends before its end");
        const uint8_t *chunk = in->data + at, *type = chunk + 4;
        bool header = memcmp(type, "IHDR", 4) == 0;
        if (header != (parts == 0) || (header && size != HEADER_BYTES))
            return refuse(why, "file", "is a PNG whose header is broken");
        if (header)
            take_header(chunk + 8, found);
        if (memcmp(type, "eXIf", 4) == 0)
            exif_read(chunk + 8, size, &found->exif);
        bool end = memcmp(type, "IEND", 4) == 0;
        if (end && !pixels)
            return refuse(why, "file", "is a PNG without a picture");
        pixels = pixels || memcmp(type, "IDAT", 4) == 0;
        if (end)
            put_orientation(out, &found->exif);
        if (is_needed(type))
            bytes_append(out, chunk, size + FRAME_BYTES);
        if (end)
            return 0;
        at += size + FRAME_BYTES;
    }
    return refuse(why, "file", "is a PNG of more than %d chunks", STRIP_PARTS_MAX);
}
