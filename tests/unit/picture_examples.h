/* Pictures made for tests: small ones of any kind, with what a camera writes into them. */
#ifndef ZHITONG_PICTURE_EXAMPLES_H
#define ZHITONG_PICTURE_EXAMPLES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include "proto/codec.h"

struct picture_size {
    uint32_t width, height;
};

/* Left half red, right half blue, a green corner at the top left. */
static inline void example_row(uint8_t *row, uint32_t width, uint32_t height, uint32_t y) {
    for (uint32_t x = 0; x < width; x++) {
        bool corner = x < width / 4 && y < height / 4;
        row[x * 3] = x < width / 2 && !corner ? 255 : 0;
        row[x * 3 + 1] = corner ? 255 : 0;
        row[x * 3 + 2] = x >= width / 2 ? 255 : 0;
    }
}

static inline void example_jpeg(struct bytes *out, struct picture_size size, bool progressive) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long length = 0;
    uint8_t *row = malloc((size_t)size.width * 3);
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &data, &length);
    info.image_width = size.width;
    info.image_height = size.height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    if (progressive)
        jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW rows[1] = {row};
        example_row(row, size.width, size.height, info.next_scanline);
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    out->size = 0;
    bytes_append(out, data, length);
    free(data);
    free(row);
}

static inline void example_png(struct bytes *out, struct picture_size size) {
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = size.width, .height = size.height, .format = PNG_FORMAT_RGB};
    uint8_t *pixels = malloc((size_t)size.width * size.height * 3);
    size_t length = (size_t)size.width * size.height * 4 + 1000;
    uint8_t *data = malloc(length);
    for (uint32_t y = 0; y < size.height; y++)
        example_row(pixels + (size_t)y * size.width * 3, size.width, size.height, y);
    png_image_write_to_memory(&image, data, &length, 0, pixels, 0, NULL);
    out->size = 0;
    bytes_append(out, data, length);
    free(pixels);
    free(data);
}

/* An extended WebP: libwebp writes a simple one, which cannot carry EXIF. */
static inline void example_webp(struct bytes *out, struct picture_size size) {
    uint8_t *pixels = malloc((size_t)size.width * size.height * 3), *data = NULL;
    for (uint32_t y = 0; y < size.height; y++)
        example_row(pixels + (size_t)y * size.width * 3, size.width, size.height, y);
    size_t length = WebPEncodeRGB(pixels, (int)size.width, (int)size.height, (int)size.width * 3, 90, &data);
    uint8_t extended[18] = {'V', 'P', '8', 'X', 10, 0, 0, 0, 0x08 | 0x04};
    uint32_t w = size.width - 1, h = size.height - 1;
    for (int i = 0; i < 3; i++) {
        extended[12 + i] = (uint8_t)(w >> (8 * i));
        extended[15 + i] = (uint8_t)(h >> (8 * i));
    }
    out->size = 0;
    bytes_append(out, data, 12);
    bytes_append(out, extended, sizeof extended);
    bytes_append(out, data + 12, length - 12);
    for (int i = 0; i < 4; i++)
        out->data[4 + i] = (uint8_t)((out->size - 8) >> (8 * i));
    WebPFree(data);
    free(pixels);
}

static inline void insert(struct bytes *into, size_t at, const void *data, size_t size) {
    struct bytes whole = {0};
    bytes_append(&whole, into->data, at);
    bytes_append(&whole, data, size);
    bytes_append(&whole, into->data + at, into->size - at);
    bytes_close(into);
    *into = whole;
}

/* ---- what a camera writes ------------------------------------------------------------------------------------------------ */

struct camera {
    bool little;           /* endian */
    const char *lat, *lon; /* "N33 34 48.00" */
    const char *taken;     /* "2026:11:25 16:30:00"; NULL: not written */
    const char *offset;    /* "+08:00" */
    const char *date;      /* of the satellite's clock, with 08:30:00 */
    uint16_t orientation;
};

static inline void put(uint8_t *at, uint32_t value, int size, bool little) {
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (little ? i : size - 1 - i)));
}

struct tiff_example {
    uint8_t data[600];
    size_t used; /* values lie behind the directories */
    bool little;
};

static inline void put_entry(struct tiff_example *tiff, size_t at, const uint16_t head[2], uint32_t count,
                             uint32_t value) {
    put(tiff->data + at, head[0], 2, tiff->little);
    put(tiff->data + at + 2, head[1], 2, tiff->little);
    put(tiff->data + at + 4, count, 4, tiff->little);
    if (head[1] == 3)
        put(tiff->data + at + 8, value, 2, tiff->little);
    else
        put(tiff->data + at + 8, value, 4, tiff->little);
}

static inline void put_ascii(struct tiff_example *tiff, size_t at, uint16_t tag, const char *text) {
    uint32_t count = (uint32_t)strlen(text) + 1;
    put_entry(tiff, at, (uint16_t[2]){tag, 2}, count, (uint32_t)tiff->used);
    if (count <= 4)
        memcpy(tiff->data + at + 8, text, count);
    memcpy(tiff->data + tiff->used, text, count);
    tiff->used += count + count % 2;
}

static inline void put_three(struct tiff_example *tiff, size_t at, uint16_t tag, const char *text) {
    unsigned parts[3];
    double seconds;
    if (sscanf(text, "%u %u %lf", &parts[0], &parts[1], &seconds) != 3)
        abort();
    parts[2] = (unsigned)(seconds * 100 + 0.5);
    put_entry(tiff, at, (uint16_t[2]){tag, 5}, 3, (uint32_t)tiff->used);
    for (int i = 0; i < 3; i++) {
        put(tiff->data + tiff->used, parts[i], 4, tiff->little);
        put(tiff->data + tiff->used + 4, i == 2 ? 100 : 1, 4, tiff->little);
        tiff->used += 8;
    }
}

static inline void put_count(struct tiff_example *tiff, size_t at, uint32_t count) {
    put(tiff->data + at, count, 2, tiff->little);
}

/* Directories at 8, 60 and 100; values from 200 on. */
static inline void example_exif(struct tiff_example *tiff, const struct camera *camera) {
    *tiff = (struct tiff_example){.used = 200, .little = camera->little};
    memcpy(tiff->data, camera->little ? "II\x2a\0" : "MM\0\x2a", 4);
    put(tiff->data + 4, 8, 4, camera->little);
    put_count(tiff, 8, 3);
    put_entry(tiff, 10, (uint16_t[2]){0x0112, 3}, 1, camera->orientation);
    put_entry(tiff, 22, (uint16_t[2]){0x8769, 4}, 1, 60);
    put_entry(tiff, 34, (uint16_t[2]){0x8825, 4}, 1, 100);
    put_count(tiff, 60, 2);
    if (camera->taken != NULL)
        put_ascii(tiff, 62, 0x9003, camera->taken);
    if (camera->offset != NULL)
        put_ascii(tiff, 74, 0x9011, camera->offset);
    put_count(tiff, 100, 6);
    if (camera->lat != NULL) {
        put_ascii(tiff, 102, 1, (char[]){camera->lat[0], '\0'});
        put_three(tiff, 114, 2, camera->lat + 1);
        put_ascii(tiff, 126, 3, (char[]){camera->lon[0], '\0'});
        put_three(tiff, 138, 4, camera->lon + 1);
    }
    if (camera->date != NULL) {
        put_three(tiff, 150, 7, "8 30 0");
        put_ascii(tiff, 162, 29, camera->date);
    }
}

/* Into a JPEG, behind its first marker; a name, a comment and a thumbnail with it. */
static inline void add_jpeg_exif(struct bytes *jpeg, const struct tiff_example *tiff) {
    uint8_t segment[700] = {0xff, 0xe1, 0, 0, 'E', 'x', 'i', 'f'};
    put(segment + 2, (uint32_t)tiff->used + 8, 2, false);
    memcpy(segment + 10, tiff->data, tiff->used);
    insert(jpeg, 2, segment, tiff->used + 10);
    insert(jpeg, 2, "\xff\xfe\0\x10Secret comment", 18);
}

#endif
