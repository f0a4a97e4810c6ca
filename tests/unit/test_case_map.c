#include "common/case_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/ids.h"

enum { CASES = 1000 };

static uint64_t one_shard(uint64_t i) {
    return case_id_of(0, 5, i + 1);
}
static uint64_t side_by_side(uint64_t i) {
    return i + 1;
}
static uint64_t all_shards(uint64_t i) {
    return case_id_of(0, (uint16_t)(i % SHARD_COUNT), 7812500 + i / SHARD_COUNT);
}
static uint64_t high_bits_only(uint64_t i) {
    return (i + 1) << 52;
}
static uint64_t from_the_end(uint64_t i) {
    return UINT64_MAX - i;
}
static uint64_t from_nought(uint64_t i) {
    return i; /* no case has the number 0, but a client may ask for it */
}

static void every_key_keeps_its_own_value(void **state) {
    static uint64_t (*const keys[])(uint64_t) = {one_shard,      side_by_side, all_shards,
                                                 high_bits_only, from_the_end, from_nought};
    static int values[CASES];
    struct arena *arena = arena_open();
    (void)state;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        struct case_map map = case_map_open(arena, CASES);
        for (uint64_t i = 0; i < CASES; i++) {
            void **at = case_map_at(&map, keys[k](i));
            assert_null(*at);
            *at = &values[i];
        }
        for (uint64_t i = 0; i < CASES; i++)
            assert_ptr_equal(*case_map_at(&map, keys[k](i)), &values[i]);
        arena_reset(arena);
    }
    arena_close(&arena);
}

static void there_is_twice_the_room_that_was_asked_for(void **state) {
    static const size_t most[] = {0, 1, 8, 9, 500, 512, 513, 100000};
    struct arena *arena = arena_open();
    (void)state;
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct case_map map = case_map_open(arena, most[i]);
        assert_true(map.room >= most[i] * 2 && map.room >= 1);
        assert_int_equal(map.room & (map.room - 1), 0);
    }
    arena_close(&arena);
}

static void a_map_in_used_memory_starts_empty(void **state) {
    struct arena *arena = arena_open();
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct case_map map = case_map_open(arena, 100);
        for (uint64_t key = 1; key <= 100; key++) {
            void **at = case_map_at(&map, key);
            assert_null(*at);
            *at = arena;
        }
        arena_reset(arena);
    }
    arena_close(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_keeps_its_own_value),
        cmocka_unit_test(there_is_twice_the_room_that_was_asked_for),
        cmocka_unit_test(a_map_in_used_memory_starts_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
