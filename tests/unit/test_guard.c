#include "proto/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/codec.h"

/* The guard's answer for a copy that ends where an allocation ends, so that ASan sees a read past it. */
static size_t guarded(const void *data, size_t size) {
    uint8_t *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, data, size);
    size_t answer = guard_object_size(exact, size);
    free(exact);
    return answer;
}

#define GUARDED(bytes) guarded(bytes, sizeof(bytes) - 1)

static void every_form_of_the_specification_but_ext_has_its_size(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } whole[] = {
        {"\x00", 1},
        {"\x7f", 1},
        {"\x80", 1},
        {"\x81\x01\x02", 3},
        {"\x90", 1},
        {"\x92\x01\x02", 3},
        {"\xa0", 1},
        {"\xa2hi", 3},
        {"\xc0", 1},
        {"\xc2", 1},
        {"\xc3", 1},
        {"\xc4\x01x", 3},
        {"\xc5\x00\x01x", 4},
        {"\xc6\x00\x00\x00\x01x", 6},
        {"\xca\x00\x00\x00\x00", 5},
        {"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", 9},
        {"\xcc\xff", 2},
        {"\xcd\xff\xff", 3},
        {"\xce\xff\xff\xff\xff", 5},
        {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\xd0\x80", 2},
        {"\xd1\x80\x00", 3},
        {"\xd2\x80\x00\x00\x00", 5},
        {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9},
        {"\xd9\x01x", 3},
        {"\xda\x00\x01x", 4},
        {"\xdb\x00\x00\x00\x01x", 6},
        {"\xdc\x00\x01\x05", 4},
        {"\xdd\x00\x00\x00\x01\x05", 6},
        {"\xde\x00\x01\x05\x06", 5},
        {"\xdf\x00\x00\x00\x01\x05\x06", 7},
        {"\xff", 1},
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        assert_int_equal(guarded(whole[i].bytes, whole[i].size), whole[i].size);
        for (size_t cut = 0; cut < whole[i].size; cut++)
            assert_int_equal(guarded(whole[i].bytes, cut), 0);
    }
}

static void only_the_first_object_is_measured(void **state) {
    (void)state;
    assert_int_equal(GUARDED("\x91\x01\xc1"), 2);
}

static void lengths_that_lie_are_refused(void **state) {
    (void)state;
    assert_int_equal(GUARDED("\xdd\xff\xff\xff\xff"), 0);
    assert_int_equal(GUARDED("\xdd\xdd\xdd\xdd\xddz"), 0);
    assert_int_equal(GUARDED("\xdf\xff\xff\xff\xff"), 0);
    assert_int_equal(GUARDED("\xdf\x80\x00\x00\x00\x01\x01"), 0); /* twice the pairs wrap around 32 bits */
    assert_int_equal(GUARDED("\xdb\xff\xff\xff\xffx"), 0);
    assert_int_equal(GUARDED("\xc6\xff\xff\xff\xffx"), 0);
    assert_int_equal(GUARDED("\xdc\xff\xff\x01"), 0);
    assert_int_equal(GUARDED("\x82\x01\x02\x03"), 0);
    assert_int_equal(GUARDED("\x91\xdd\x00\x00\x00\x02\x01"), 0);
}

static void ext_types_and_the_never_used_byte_are_refused(void **state) {
    (void)state;
    static const uint8_t firsts[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};
    for (size_t i = 0; i < sizeof firsts; i++) {
        uint8_t data[32] = {firsts[i]};
        assert_int_equal(guarded(data, sizeof data), 0);
        uint8_t inside[32] = {0x91, firsts[i]};
        assert_int_equal(guarded(inside, sizeof inside), 0);
    }
}

static void nesting_ends_at_the_named_depth(void **state) {
    (void)state;
    uint8_t data[GUARD_DEPTH_MAX + 2];
    memset(data, 0x91, sizeof data);
    data[GUARD_DEPTH_MAX] = 0x05;
    assert_int_equal(guarded(data, GUARD_DEPTH_MAX + 1), GUARD_DEPTH_MAX + 1);

    data[GUARD_DEPTH_MAX] = 0x90;
    assert_int_equal(guarded(data, GUARD_DEPTH_MAX + 1), 0);
    data[GUARD_DEPTH_MAX] = 0x91;
    data[GUARD_DEPTH_MAX + 1] = 0x05;
    assert_int_equal(guarded(data, GUARD_DEPTH_MAX + 2), 0);

    size_t deep = 1000000;
    uint8_t *maps = malloc(deep);
    assert_non_null(maps);
    memset(maps, 0x81, deep);
    assert_int_equal(guard_object_size(maps, deep), 0);
    free(maps);
}

static void objects_end_at_the_named_number(void **state) {
    (void)state;
    static uint8_t data[5 + GUARD_OBJECTS_MAX] = {0xdd};
    uint32_t fits = GUARD_OBJECTS_MAX - 1; /* the array itself is one */
    for (uint32_t more = 0; more < 2; more++) {
        for (int i = 0; i < 4; i++)
            data[1 + i] = (uint8_t)((fits + more) >> (24 - 8 * i));
        assert_int_equal(guarded(data, 5 + fits + more), more ? 0 : 5 + fits);
    }
}

static void an_array_header_tells_count_and_size(void **state) {
    (void)state;
    size_t header = 77;
    assert_int_equal(guard_array_count((const uint8_t *)"\x90", 1, &header), 0);
    assert_int_equal(header, 1);
    assert_int_equal(guard_array_count((const uint8_t *)"\x92\x01\x02", 3, &header), 2);
    assert_int_equal(header, 1);
    assert_int_equal(guard_array_count((const uint8_t *)"\xdc\x00\x01\x05", 4, &header), 1);
    assert_int_equal(header, 3);
    assert_int_equal(guard_array_count((const uint8_t *)"\xdd\x00\x00\x00\x01\x05", 6, &header), 1);
    assert_int_equal(header, 5);
}

static void what_is_no_array_or_claims_too_much_has_no_count(void **state) {
    (void)state;
    size_t header = 77;
    assert_int_equal(guard_array_count((const uint8_t *)"", 0, &header), -1);
    assert_int_equal(guard_array_count((const uint8_t *)"\x81\x01\x02", 3, &header), -1);
    assert_int_equal(guard_array_count((const uint8_t *)"\xa1x", 2, &header), -1);
    assert_int_equal(guard_array_count((const uint8_t *)"\xdc\x00", 2, &header), -1);
    assert_int_equal(guard_array_count((const uint8_t *)"\x92\x01", 2, &header), -1);
    assert_int_equal(guard_array_count((const uint8_t *)"\xdd\xff\xff\xff\xff\x01", 6, &header), -1);
    assert_int_equal(header, 77);
}

static void a_message_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    struct case_moved moved = {.case_id = 1,
                               .version = 200,
                               .at = 1700000000000,
                               .move = "open",
                               .from = "none",
                               .state = "dispatched",
                               .tier = 1,
                               .unit = "u",
                               .severity = "red",
                               .actor = "a",
                               .channel = "c",
                               .item = "i",
                               .area = "a",
                               .lat = 33.5,
                               .lon = 114.25,
                               .description = "longer than thirty-one bytes, so that it has a head of two"};
    struct bytes bytes = {0};
    message_encode(MESSAGE_case_moved, &moved, &bytes);
    assert_int_equal(guarded(bytes.data, bytes.size), bytes.size);
    for (size_t cut = 0; cut < bytes.size; cut++) {
        assert_int_equal(guarded(bytes.data, cut), 0);
        struct case_moved again;
        struct reason why;
        assert_int_equal(message_decode(MESSAGE_case_moved, bytes.data, cut, &again, &why), -1);
    }
    bytes_close(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_the_specification_but_ext_has_its_size),
        cmocka_unit_test(only_the_first_object_is_measured),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(ext_types_and_the_never_used_byte_are_refused),
        cmocka_unit_test(nesting_ends_at_the_named_depth),
        cmocka_unit_test(objects_end_at_the_named_number),
        cmocka_unit_test(an_array_header_tells_count_and_size),
        cmocka_unit_test(what_is_no_array_or_claims_too_much_has_no_count),
        cmocka_unit_test(a_message_cut_at_any_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
