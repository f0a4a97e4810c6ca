#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "services/intake/thumbnail.h"
#include "tests/unit/picture_examples.h"

static void read_small(const struct bytes *small, struct raster *raster) {
    struct reason why;
    assert_int_equal(thumbnail_read_jpeg(small, raster, &why), 0);
}

/* "g": greener than red and blue, and so on. */
static char colour_at(const struct raster *raster, uint32_t x, uint32_t y) {
    const uint8_t *pixel = raster->rgb + ((size_t)y * raster->width + x) * 3;
    int most = 0;
    for (int c = 1; c < 3; c++)
        if (pixel[c] > pixel[most])
            most = c;
    return "rgb"[most];
}

static void a_small_picture_shows_the_large_one_upright(void **state) {
    static const struct {
        enum file_type type;
        uint32_t width, height;
        uint8_t orientation;
        uint32_t small_width, small_height;
        const char *corners; /* top left, top right, bottom left, bottom right */
    } examples[] = {
        {FILE_JPEG, 1600, 1200, 1, 320, 240, "gbrb"}, {FILE_JPEG, 1600, 1200, 6, 240, 320, "rgbb"},
        {FILE_JPEG, 1600, 1200, 3, 320, 240, "brbg"}, {FILE_JPEG, 1600, 1200, 8, 240, 320, "bbgr"},
        {FILE_JPEG, 1600, 1200, 2, 320, 240, "bgbr"}, {FILE_JPEG, 1600, 1200, 4, 320, 240, "rbgb"},
        {FILE_JPEG, 1600, 1200, 5, 240, 320, "grbb"}, {FILE_JPEG, 1600, 1200, 7, 240, 320, "bbrg"},
        {FILE_JPEG, 60, 40, 1, 60, 40, "gbrb"},       {FILE_JPEG, 333, 1999, 1, 53, 320, "gbrb"},
        {FILE_PNG, 1000, 500, 1, 320, 160, "gbrb"},   {FILE_PNG, 64, 64, 8, 64, 64, "bbgr"},
        {FILE_WEBP, 900, 600, 1, 320, 213, "gbrb"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct bytes file = {0}, small = {0};
        struct picture_size size = {examples[i].width, examples[i].height};
        struct strip found = {.exif = {.orientation = examples[i].orientation}};
        struct raster raster = {0};
        struct reason why;
        if (examples[i].type == FILE_JPEG)
            example_jpeg(&file, size, false);
        else if (examples[i].type == FILE_PNG)
            example_png(&file, size);
        else
            example_webp(&file, size);
        if (thumbnail_make(examples[i].type, &file, &found, &small, &why) != 0)
            fail_msg("%zu: %s", i, why.text);
        read_small(&small, &raster);
        assert_int_equal(raster.width, examples[i].small_width);
        assert_int_equal(raster.height, examples[i].small_height);
        uint32_t x = raster.width - 3, y = raster.height - 3;
        char corners[5] = {colour_at(&raster, 2, 2), colour_at(&raster, x, 2), colour_at(&raster, 2, y),
                           colour_at(&raster, x, y)};
        if (strcmp(corners, examples[i].corners) != 0)
            fail_msg("%zu: corners %s", i, corners);
        raster_close(&raster);
        bytes_close(&file);
        bytes_close(&small);
    }
}

static void what_only_looks_like_a_picture_is_refused(void **state) {
    static const struct {
        enum file_type type;
        const char *content;
    } examples[] = {
        {FILE_JPEG, "\xff\xd8\xff\xe0 and nothing"},
        {FILE_PNG, "\x89PNG\r\n\x1a\n and nothing"},
        {FILE_WEBP, "RIFF\x20\x20\x20\x20WEBPVP8 and nothing"},
        {FILE_PDF, "%PDF-1.7"},
        {FILE_JPEG, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct bytes file = {0}, small = {0};
        struct strip found = {.exif = {.orientation = 1}};
        struct reason why;
        bytes_append(&file, examples[i].content, strlen(examples[i].content));
        assert_int_equal(thumbnail_make(examples[i].type, &file, &found, &small, &why), -1);
        assert_string_equal(why.field, "file");
        assert_int_equal(small.size, 0);
        bytes_close(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_picture_shows_the_large_one_upright),
        cmocka_unit_test(what_only_looks_like_a_picture_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
