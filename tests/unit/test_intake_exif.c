#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "services/intake/strip.h"
#include "tests/unit/picture_examples.h"

#define SHANGHAI_AFTERNOON INT64_C(1795595400000) /* 2026-11-25 08:30:00 UTC */

static void a_camera_says_where_and_when(void **state) {
    static const struct {
        struct camera camera;
        double lat, lon;
        int64_t taken_at;
        bool in_utc;
    } examples[] = {
        {{false, "N33 34 48", "E114 2 24", "2026:11:25 16:30:00", "+08:00"}, 33.58, 114.04, SHANGHAI_AFTERNOON, true},
        {{true, "N33 34 48", "E114 2 24", "2026:11:25 16:30:00", "+08:00"}, 33.58, 114.04, SHANGHAI_AFTERNOON, true},
        {{true, "S42 21 36", "W71 3 36", NULL, NULL, "2026:11:25"}, -42.36, -71.06, SHANGHAI_AFTERNOON, true},
        {{true, NULL, NULL, "2026:11:25 08:30:00"}, NAN, NAN, SHANGHAI_AFTERNOON, false},
        {{true, NULL, NULL, "2026:11:25 03:30:00", "-05:00"}, NAN, NAN, SHANGHAI_AFTERNOON, true},
        {{true, NULL, NULL, "2026:11:25 16:30:00", "+99:00"}, NAN, NAN, SHANGHAI_AFTERNOON + 28800000, false},
        {{true, NULL, NULL, "2026:02:30 16:30:00"}, NAN, NAN, 0, false},
        {{true, NULL, NULL, "0000:00:00 00:00:00"}, NAN, NAN, 0, false},
        {{true, NULL, NULL, "nonsense"}, NAN, NAN, 0, false},
        {{true, "N91 0 0", "E114 2 24"}, NAN, NAN, 0, false},
        {{true, "N33 34 48", "E181 0 0"}, NAN, NAN, 0, false},
        {{true, "N0 0 0", "E0 0 0"}, NAN, NAN, 0, false},
        {{true, "X33 34 48", "E114 2 24"}, NAN, NAN, 0, false},
        {{true, "N33 61 48", "E114 2 24"}, NAN, NAN, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct tiff_example tiff;
        struct exif exif;
        example_exif(&tiff, &examples[i].camera);
        exif_read(tiff.data, tiff.used, &exif);
        assert_int_equal(isnan(exif.lat), isnan(examples[i].lat));
        if (!isnan(exif.lat) && (fabs(exif.lat - examples[i].lat) > 1e-6 || fabs(exif.lon - examples[i].lon) > 1e-6))
            fail_msg("%zu: %f %f", i, exif.lat, exif.lon);
        if (exif.taken_at != examples[i].taken_at || (exif.taken_at != 0 && exif.taken_in_utc != examples[i].in_utc))
            fail_msg("%zu: taken at %lld", i, (long long)exif.taken_at);
    }
}

static void a_cut_block_is_read_within_its_bounds(void **state) {
    struct tiff_example tiff;
    const struct camera camera = {true, "N33 34 48", "E114 2 24", "2026:11:25 16:30:00", "+08:00", "2026:11:25", 6};
    (void)state;
    example_exif(&tiff, &camera);
    for (size_t size = 0; size <= tiff.used; size++) {
        uint8_t *cut = malloc(size + 1); /* of its size, so that ASan sees a read past it */
        struct exif exif;
        memcpy(cut, tiff.data, size);
        exif_read(cut, size, &exif);
        assert_true(isnan(exif.lat) || fabs(exif.lat - 33.58) < 1e-6);
        free(cut);
    }
}

static void counts_and_offsets_that_lie_are_not_followed(void **state) {
    struct tiff_example tiff;
    struct exif exif;
    const struct camera camera = {true, "N33 34 48", "E114 2 24", NULL, NULL, NULL, 6};
    (void)state;
    for (size_t at = 4; at < 174; at++) {
        for (int value = 0; value < 3; value++) {
            example_exif(&tiff, &camera);
            tiff.data[at] = (uint8_t)(value == 0 ? 0xff : value == 1 ? 0x80 : 0);
            exif_read(tiff.data, tiff.used, &exif);
            assert_true(isnan(exif.lat) || fabs(exif.lat) <= 90);
        }
    }
    exif_read((const uint8_t *)"II\x2a\0\x08\0\0\0\xff\xff", 10, &exif);
    assert_int_equal(exif.orientation, 1);
}

static bool has(const struct bytes *bytes, const char *text, size_t size) {
    return memmem(bytes->data, bytes->size, text, size) != NULL;
}

static void a_stripped_jpeg_tells_nothing_but_its_orientation(void **state) {
    static const struct camera camera = {true, "N33 34 48", "E114 2 24", "2026:11:25 16:30:00", "+08:00", NULL, 6};
    (void)state;
    for (int progressive = 0; progressive < 2; progressive++) {
        struct bytes jpeg = {0}, clean = {0}, again = {0};
        struct tiff_example tiff;
        struct strip found, second;
        struct reason why;
        example_jpeg(&jpeg, (struct picture_size){64, 48}, progressive);
        example_exif(&tiff, &camera);
        add_jpeg_exif(&jpeg, &tiff);
        insert(&jpeg, 2, "\xff\xe1\0\x1fhttp://ns.adobe.com/xap/1.0/\0", 33);
        insert(&jpeg, 2, "\xff\xed\0\x10Photoshop 3.0", 18);
        bytes_append(&jpeg, "a film behind the end", 21);
        assert_int_equal(strip_file(FILE_JPEG, &jpeg, &clean, &found, &why), 0);
        assert_int_equal(found.width, 64);
        assert_int_equal(found.height, 48);
        assert_int_equal(found.whole, progressive);
        assert_int_equal(found.exif.orientation, 6);
        assert_true(fabs(found.exif.lat - 33.58) < 1e-6);
        assert_false(has(&clean, "Secret", 6) || has(&clean, "adobe", 5) || has(&clean, "Photoshop", 9));
        assert_false(has(&clean, "2026", 4) || has(&clean, "a film", 6) || has(&clean, "II\x2a", 3));
        assert_int_equal(strip_file(FILE_JPEG, &clean, &again, &second, &why), 0);
        assert_int_equal(second.exif.orientation, 6);
        assert_true(isnan(second.exif.lat) && second.exif.taken_at == 0);
        assert_int_equal(again.size, clean.size);
        assert_memory_equal(again.data, clean.data, clean.size);
        bytes_close(&jpeg);
        bytes_close(&clean);
        bytes_close(&again);
    }
}

static void a_jpeg_that_ends_early_is_refused_wherever_it_ends(void **state) {
    struct bytes jpeg = {0};
    (void)state;
    example_jpeg(&jpeg, (struct picture_size){64, 48}, true);
    for (size_t size = 3; size < jpeg.size; size++) {
        uint8_t *copy = malloc(size); /* of its size, so that ASan sees a read past it */
        struct bytes cut = {.data = copy, .size = size}, out = {0};
        struct strip found;
        struct reason why;
        memcpy(copy, jpeg.data, size);
        assert_int_equal(strip_file(FILE_JPEG, &cut, &out, &found, &why), -1);
        assert_string_equal(why.field, "file");
        bytes_close(&out);
        free(copy);
    }
    bytes_close(&jpeg);
}

static void a_stripped_png_and_webp_tell_nothing_but_their_orientation(void **state) {
    static const struct camera camera = {false, "N33 34 48", "E114 2 24", "2026:11:25 16:30:00", "+08:00", NULL, 8};
    struct bytes file = {0};
    struct tiff_example tiff;
    (void)state;
    example_exif(&tiff, &camera);
    for (int png = 0; png < 2; png++) {
        enum file_type type = png ? FILE_PNG : FILE_WEBP, seen;
        struct bytes clean = {0};
        struct strip found;
        struct reason why;
        uint8_t head[8];
        if (png) {
            example_png(&file, (struct picture_size){40, 30});
            insert(&file, 33, "\0\0\0\x0etEXtComment\0Secret....", 26);
            insert(&file, 33, "....", 4);
            insert(&file, 33, tiff.data, tiff.used);
            put(head, (uint32_t)tiff.used, 4, false);
            memcpy(head + 4, "eXIf", 4);
            insert(&file, 33, head, 8);
        } else {
            example_webp(&file, (struct picture_size){40, 30});
            memcpy(head, "EXIF", 4);
            put(head + 4, (uint32_t)tiff.used, 4, true);
            bytes_append(&file, head, 8);
            bytes_append(&file, tiff.data, tiff.used);
            bytes_append(&file, "XMP \6\0\0\0Secret", 14);
            put(file.data + 4, (uint32_t)file.size - 8, 4, true);
        }
        assert_int_equal(file_type_of(file.data, file.size, &seen, &why), 0);
        assert_int_equal(seen, type);
        if (strip_file(type, &file, &clean, &found, &why) != 0)
            fail_msg("%d: %s", png, why.text);
        assert_int_equal(found.width, 40);
        assert_int_equal(found.height, 30);
        assert_int_equal(found.exif.orientation, 8);
        assert_true(fabs(found.exif.lon - 114.04) < 1e-6);
        assert_false(has(&clean, "Secret", 6) || has(&clean, "2026", 4));
        struct bytes again = {0};
        assert_int_equal(strip_file(type, &clean, &again, &found, &why), 0);
        assert_int_equal(found.exif.orientation, 8);
        assert_true(isnan(found.exif.lat));
        assert_int_equal(again.size, clean.size);
        for (size_t size = 12; size < file.size - 40; size += 7) {
            struct bytes cut = {.data = file.data, .size = size};
            again.size = 0;
            assert_int_equal(strip_file(type, &cut, &again, &found, &why), -1);
        }
        bytes_close(&again);
        bytes_close(&clean);
        bytes_close(&file);
    }
}

static void a_film_keeps_its_places_and_loses_what_it_tells(void **state) {
    static const char film[] = "\0\0\0\x18"
                               "ftypisom\0\0\2\0isommp41"
                               "\0\0\0\x34"
                               "moov"
                               "\0\0\0\x14"
                               "udta\0\0\0\x0c\xa9xyz+33."
                               "\0\0\0\x18"
                               "trak"
                               "\0\0\0\x10"
                               "meta12345678"
                               "\0\0\0\x0c"
                               "mdatfilm";
    struct bytes in = {0}, out = {0};
    struct strip found;
    struct reason why;
    enum file_type type;
    (void)state;
    bytes_append(&in, film, sizeof film - 1);
    assert_int_equal(file_type_of(in.data, in.size, &type, &why), 0);
    assert_int_equal(type, FILE_MP4);
    if (strip_file(type, &in, &out, &found, &why) != 0)
        fail_msg("%s", why.text);
    assert_int_equal(out.size, in.size);
    assert_false(has(&out, "xyz", 3) || has(&out, "1234", 4) || has(&out, "udta", 4) || has(&out, "meta", 4));
    assert_true(has(&out, "mdatfilm", 8));
    for (size_t size = 12; size < in.size; size++) {
        struct bytes cut = {.data = in.data, .size = size};
        out.size = 0;
        if (size != 24 && size != 76)
            assert_int_equal(strip_file(type, &cut, &out, &found, &why), -1);
    }
    bytes_close(&in);
    bytes_close(&out);
}

static void what_a_file_is_says_its_content(void **state) {
    static const struct {
        const char *head;
        size_t size;
        int type;
        const char *has;
    } examples[] = {
        {"\xff\xd8\xff\xe0", 4, FILE_JPEG, NULL},
        {"\x89PNG\r\n\x1a\n", 8, FILE_PNG, NULL},
        {"RIFF\1\2\3\4WEBP", 12, FILE_WEBP, NULL},
        {"%PDF-1.7", 8, FILE_PDF, NULL},
        {"\0\0\0\x18"
         "ftypmp42",
         12, FILE_MP4, NULL},
        {"\0\0\0\x18"
         "ftypheic",
         12, -1, "HEIC"},
        {"PK\3\4", 4, -1, "ZIP"},
        {"Rar!\x1a\7", 6, -1, "archive"},
        {"\x1f\x8b\x08", 3, -1, "archive"},
        {"\xd0\xcf\x11\xe0", 4, -1, "office"},
        {"MZ\x90", 3, -1, "program"},
        {"GIF89a", 6, -1, "GIF"},
        {"<svg xmlns", 10, -1, "not taken"},
        {"<!DOCTYPE html>", 15, -1, "not taken"},
        {"", 0, -1, "not taken"},
        {"\xff\xd8", 2, -1, "not taken"},
        {"RIFF\1\2\3\4WAVE", 12, -1, "not taken"},
        {"#!/bin/sh", 9, -1, "not taken"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        enum file_type type;
        struct reason why;
        int status = file_type_of((const uint8_t *)examples[i].head, examples[i].size, &type, &why);
        if (status != (examples[i].type < 0 ? -1 : 0) || (status == 0 && (int)type != examples[i].type))
            fail_msg("%zu is taken for something else", i);
        if (status != 0 && (strcmp(why.field, "file") != 0 || strstr(why.text, examples[i].has) == NULL))
            fail_msg("%zu: %s: %s", i, why.field, why.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_camera_says_where_and_when),
        cmocka_unit_test(a_cut_block_is_read_within_its_bounds),
        cmocka_unit_test(counts_and_offsets_that_lie_are_not_followed),
        cmocka_unit_test(a_stripped_jpeg_tells_nothing_but_its_orientation),
        cmocka_unit_test(a_jpeg_that_ends_early_is_refused_wherever_it_ends),
        cmocka_unit_test(a_stripped_png_and_webp_tell_nothing_but_their_orientation),
        cmocka_unit_test(a_film_keeps_its_places_and_loses_what_it_tells),
        cmocka_unit_test(what_a_file_is_says_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
