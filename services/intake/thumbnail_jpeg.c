#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "services/intake/thumbnail.h"

#define QUALITY 80
#define COMPONENTS_MAX 4

struct trouble { /* libjpeg's way to fail */
    struct jpeg_error_mgr errors;
    jmp_buf back;
};

static void on_error(j_common_ptr info) {
    longjmp(((struct trouble *)info->err)->back, 1);
}

static void on_message(j_common_ptr info, int level) { /* a warning: the picture is damaged and goes on */
    (void)info;
    (void)level;
}

static void set_errors(struct trouble *trouble) {
    jpeg_std_error(&trouble->errors);
    trouble->errors.error_exit = on_error;
    trouble->errors.emit_message = on_message;
}

struct reading {
    struct trouble trouble;
    struct jpeg_decompress_struct info;
    uint8_t *row;
};

/* Half, a quarter or an eighth is much faster; what is read must still not be smaller than what is made. */
static void choose_scale(struct jpeg_decompress_struct *info) {
    uint32_t width, height;
    raster_sides(info->image_width, info->image_height, &width, &height);
    info->scale_num = 1;
    info->scale_denom = 8;
    while (info->scale_denom > 1 &&
           (info->image_width / info->scale_denom < width || info->image_height / info->scale_denom < height))
        info->scale_denom /= 2;
}

/* Four inks as Adobe writes them, inverted. */
static void join_inks(uint8_t *row, uint32_t width) {
    for (uint32_t i = 0; i < width; i++)
        for (int c = 0; c < 3; c++)
            row[i * 3 + (uint32_t)c] = (uint8_t)(row[i * 4 + (uint32_t)c] * row[i * 4 + 3] / 255);
}

static void read_rows(struct reading *reading, struct raster *raster) {
    struct jpeg_decompress_struct *info = &reading->info;
    raster_open(raster, info->output_width, info->output_height);
    while (info->output_scanline < info->output_height) {
        JSAMPROW rows[1] = {reading->row};
        jpeg_read_scanlines(info, rows, 1);
        if (info->out_color_space == JCS_CMYK)
            join_inks(reading->row, info->output_width);
        raster_row(raster, reading->row);
    }
}

int thumbnail_read_jpeg(const struct bytes *file, struct raster *raster, struct reason *why) {
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        return refuse(why, "file", "cannot be read now: no memory");
    int status = 0;
    reading->info.err = &reading->trouble.errors;
    set_errors(&reading->trouble);
    if (setjmp(reading->trouble.back) == 0) {
        jpeg_create_decompress(&reading->info);
        jpeg_mem_src(&reading->info, file->data, file->size);
        jpeg_read_header(&reading->info, TRUE);
        reading->info.out_color_space = reading->info.num_components == 4 ? JCS_CMYK : JCS_RGB;
        reading->info.dct_method = JDCT_IFAST;
        choose_scale(&reading->info);
        jpeg_start_decompress(&reading->info);
        reading->row = malloc((size_t)reading->info.output_width * COMPONENTS_MAX);
        if (reading->row != NULL)
            read_rows(reading, raster);
        jpeg_abort_decompress(&reading->info);
    } else {
        status = refuse(why, "file", "is no readable JPEG");
    }
    jpeg_destroy_decompress(&reading->info);
    if (status == 0 && reading->row == NULL)
        status = refuse(why, "file", "cannot be read now: no memory");
    free(reading->row);
    free(reading);
    return status;
}

struct writing {
    struct trouble trouble;
    struct jpeg_compress_struct info;
    unsigned char *data;
    unsigned long size;
};

static void write_rows(struct writing *writing, const struct raster *raster) {
    struct jpeg_compress_struct *info = &writing->info;
    jpeg_create_compress(info);
    jpeg_mem_dest(info, &writing->data, &writing->size);
    info->image_width = raster->width;
    info->image_height = raster->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, QUALITY, TRUE);
    jpeg_start_compress(info, TRUE);
    while (info->next_scanline < info->image_height) {
        JSAMPROW rows[1] = {raster->rgb + (size_t)info->next_scanline * raster->width * 3};
        jpeg_write_scanlines(info, rows, 1);
    }
    jpeg_finish_compress(info);
}

int thumbnail_write(const struct raster *raster, struct bytes *out, struct reason *why) {
    struct writing *writing = calloc(1, sizeof *writing);
    if (writing == NULL)
        return refuse(why, "file", "cannot be read now: no memory");
    int status = 0;
    writing->info.err = &writing->trouble.errors;
    set_errors(&writing->trouble);
    if (setjmp(writing->trouble.back) == 0)
        write_rows(writing, raster);
    else
        status = refuse(why, "file", "cannot be made small");
    jpeg_destroy_compress(&writing->info);
    if (status == 0)
        bytes_append(out, writing->data, writing->size);
    free(writing->data);
    free(writing);
    return status;
}
