#include "common/arena.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const size_t sizes[] = {1, 7, 16, 17, 100, 4096, 262143, 262144, 262145, 1000000, 5000000, 0, 3};

static void pieces_are_aligned_and_keep_apart(void **state) {
    struct arena *arena = arena_open();
    unsigned char *pieces[LENGTH(sizes)];
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            pieces[i] = arena_take(arena, sizes[i]);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < LENGTH(sizes); i++)
            for (size_t at = 0; at < sizes[i]; at++)
                if (pieces[i][at] != i + 1)
                    fail_msg("piece %zu was written over at %zu", i, at);
        arena_reset(arena);
    }
    arena_close(&arena);
    assert_null(arena);
}

static void many_small_pieces_keep_apart_across_blocks(void **state) {
    enum { PIECES = 40000 };
    static uint64_t *pieces[PIECES];
    struct arena *arena = arena_open();
    (void)state;
    for (uint64_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_take(arena, 24);
        pieces[i][0] = pieces[i][1] = pieces[i][2] = i;
    }
    for (uint64_t i = 0; i < PIECES; i++)
        assert_true(pieces[i][0] == i && pieces[i][1] == i && pieces[i][2] == i);
    arena_close(&arena);
}

static void what_is_given_back_is_used_again(void **state) {
    struct arena *arena = arena_open();
    void *first = arena_take(arena, 100);
    (void)state;
    for (int round = 0; round < 1000; round++) {
        arena_reset(arena);
        assert_ptr_equal(arena_take(arena, 100), first);
    }
    arena_close(&arena);
}

/* What malloc has handed out, of which a batch's memory is the most by far. The sanitizers' malloc does not tell. */
static void a_large_batch_does_not_stay_in_memory(void **state) {
    struct arena *arena = arena_open();
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    (void)state;
    for (int i = 0; i < 400; i++)
        (void)arena_take(arena, 100000);
    size_t full = mallinfo2().uordblks + mallinfo2().hblkhd;
    arena_reset(arena);
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    arena_close(&arena);
    if (full == before)
        skip();
    assert_true(full - before >= 40000000);
    assert_true(after - before <= ARENA_KEEP_MAX + 65536);
    assert_true(after - before >= ARENA_KEEP_MAX / 2); /* but most of a usual batch's memory does */
}

static void closing_nothing_is_fine(void **state) {
    struct arena *none = NULL;
    (void)state;
    arena_close(&none);
    assert_null(none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_keep_apart),
        cmocka_unit_test(many_small_pieces_keep_apart_across_blocks),
        cmocka_unit_test(what_is_given_back_is_used_again),
        cmocka_unit_test(a_large_batch_does_not_stay_in_memory),
        cmocka_unit_test(closing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
