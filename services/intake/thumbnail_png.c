#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "services/intake/thumbnail.h"

struct reading {
    const struct bytes *file;
    size_t at;
    png_structp png;
    png_infop info;
    uint8_t *pixels; /* a row; all of them where it is interlaced */
};

static void on_error(png_structp png, png_const_charp text) {
    (void)text;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t size) {
    struct reading *reading = png_get_io_ptr(png);
    if (size > reading->file->size - reading->at)
        png_error(png, "ends early");
    memcpy(out, reading->file->data + reading->at, size);
    reading->at += size;
}

/* Whatever it is: red, green and blue, a byte each; what is transparent lies on white. Returns the passes. */
static int set_form(struct reading *reading) {
    static const png_color_16 white = {.red = 255, .green = 255, .blue = 255, .gray = 255};
    png_set_expand(reading->png);
    png_set_scale_16(reading->png);
    png_set_gray_to_rgb(reading->png);
    png_set_background(reading->png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
    int passes = png_set_interlace_handling(reading->png);
    png_read_update_info(reading->png, reading->info);
    return passes;
}

static void read_rows(struct reading *reading, struct raster *raster) {
    png_read_info(reading->png, reading->info);
    uint32_t width = png_get_image_width(reading->png, reading->info);
    uint32_t height = png_get_image_height(reading->png, reading->info);
    int passes = set_form(reading);
    size_t row_bytes = (size_t)width * 3;
    if (png_get_rowbytes(reading->png, reading->info) != row_bytes)
        png_error(reading->png, "of a form that is not known");
    reading->pixels = calloc(passes > 1 ? height : 1, row_bytes);
    if (reading->pixels == NULL)
        png_error(reading->png, "no memory");
    raster_open(raster, width, height);
    for (int pass = 1; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_read_row(reading->png, reading->pixels + y * row_bytes, NULL);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = reading->pixels + (passes > 1 ? y * row_bytes : 0);
        png_read_row(reading->png, row, NULL);
        raster_row(raster, row);
    }
}

int thumbnail_read_png(const struct bytes *file, struct raster *raster, struct reason *why) {
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        return refuse(why, "file", "cannot be read now: no memory");
    int status = -1;
    reading->file = file;
    reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    reading->info = reading->png != NULL ? png_create_info_struct(reading->png) : NULL;
    if (reading->info != NULL && setjmp(png_jmpbuf(reading->png)) == 0) {
        png_set_user_limits(reading->png, PICTURE_SIDE_MAX, PICTURE_SIDE_MAX);
        png_set_read_fn(reading->png, reading, on_read);
        read_rows(reading, raster);
        status = 0;
    } else {
        (void)refuse(why, "file", "is no readable PNG");
    }
    png_destroy_read_struct(&reading->png, &reading->info, NULL);
    free(reading->pixels);
    free(reading);
    return status;
}
