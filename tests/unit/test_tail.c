#include "common/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY_BYTES 1000

static struct chunk *chunk_of(uint64_t first, uint32_t count) {
    static const uint8_t entry[ENTRY_BYTES];
    struct chunk *chunk = chunk_open("s", first);
    for (uint32_t i = 0; i < count; i++)
        chunk_append(chunk, entry, sizeof entry);
    return chunk;
}

static void keep(struct tail *tail, struct stream *stream, uint64_t first, uint32_t count) {
    tail_keep(tail, stream, chunk_of(first, count));
}

static bool holds(const struct stream *stream, uint64_t from, uint64_t to) {
    for (uint64_t seq = from; seq <= to; seq++) {
        const struct chunk *chunk = tail_find(stream, seq);
        if (chunk == NULL || seq < chunk->first || seq >= chunk->first + chunk->count)
            return false;
    }
    return true;
}

static void forget_all(struct tail *tail, struct stream *streams, size_t count) {
    for (size_t i = 0; i < count; i++)
        tail_forget(tail, &streams[i]);
    assert_int_equal(tail->bytes, 0);
    assert_null(tail->first);
    assert_null(tail->last);
}

static void every_seq_is_found_in_its_chunk_up_to_the_borders(void **state) {
    struct tail tail = {.bytes_max = 1 << 20};
    struct stream stream = {.name = "s"};
    (void)state;
    assert_null(tail_find(&stream, 1));
    keep(&tail, &stream, 10, 5);
    keep(&tail, &stream, 15, 1);
    keep(&tail, &stream, 16, 3);
    static const struct {
        uint64_t seq, first; /* first 0: not there */
    } cases[] = {{0, 0},   {9, 0},  {10, 10}, {14, 10}, {15, 15},       {16, 16},
                 {18, 16}, {19, 0}, {20, 0},  {1, 0},   {UINT64_MAX, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct chunk *chunk = tail_find(&stream, cases[i].seq);
        assert_int_equal(chunk != NULL ? chunk->first : 0, cases[i].first);
    }
    forget_all(&tail, &stream, 1);
}

static void the_oldest_of_all_streams_goes_first(void **state) {
    struct tail tail = {.bytes_max = 100 * ENTRY_BYTES};
    struct stream streams[2] = {{.name = "quiet"}, {.name = "busy"}};
    (void)state;
    keep(&tail, &streams[0], 1, 5);
    for (uint64_t i = 0; i < 5; i++)
        keep(&tail, &streams[1], 1 + i * 5, 5);
    assert_true(holds(&streams[0], 1, 5));
    assert_true(holds(&streams[1], 1, 25));
    for (uint64_t i = 5; i < 100; i++) {
        keep(&tail, &streams[1], 1 + i * 5, 5);
        assert_true(tail.bytes <= tail.bytes_max);
        assert_true(holds(&streams[1], 1 + i * 5, 5 + i * 5)); /* the newest is always there */
    }
    assert_null(streams[0].oldest); /* however little the quiet one had */
    assert_null(tail_find(&streams[0], 5));
    assert_null(tail_find(&streams[1], 1));
    assert_true(holds(&streams[1], streams[1].oldest->chunk->first, 500));
    keep(&tail, &streams[0], 6, 1); /* and it goes on from nothing */
    assert_true(holds(&streams[0], 6, 6));
    forget_all(&tail, streams, 2);
}

static void a_chunk_larger_than_the_ring_is_kept_alone(void **state) {
    struct tail tail = {.bytes_max = 10 * ENTRY_BYTES};
    struct stream streams[2] = {{.name = "a"}, {.name = "b"}};
    (void)state;
    keep(&tail, &streams[0], 1, 1);
    keep(&tail, &streams[1], 1, 50);
    assert_null(streams[0].oldest);
    assert_true(holds(&streams[1], 1, 50));
    keep(&tail, &streams[0], 2, 1);
    assert_null(streams[1].oldest);
    assert_true(holds(&streams[0], 2, 2));
    forget_all(&tail, streams, 2);
}

static void a_gap_empties_the_stream_and_no_other(void **state) {
    struct tail tail = {.bytes_max = 1 << 20};
    struct stream streams[2] = {{.name = "a"}, {.name = "b"}};
    (void)state;
    for (uint64_t first = 1; first <= 7; first += 3) {
        keep(&tail, &streams[0], first, 3);
        keep(&tail, &streams[1], first, 3);
    }
    keep(&tail, &streams[0], 11, 3); /* 10 is missing */
    assert_null(tail_find(&streams[0], 9));
    assert_null(tail_find(&streams[0], 10));
    assert_true(holds(&streams[0], 11, 13));
    assert_true(holds(&streams[1], 1, 9));
    keep(&tail, &streams[0], 12, 3); /* a step back is a gap as well */
    assert_null(tail_find(&streams[0], 11));
    assert_true(holds(&streams[0], 12, 14));
    forget_all(&tail, streams, 2);
}

static void forgetting_one_stream_leaves_the_others_in_order(void **state) {
    struct tail tail = {.bytes_max = 30 * ENTRY_BYTES};
    struct stream streams[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++)
        for (int i = 0; i < 3; i++)
            keep(&tail, &streams[i], seq, 1);
    tail_forget(&tail, &streams[1]);
    tail_forget(&tail, &streams[1]);
    assert_null(tail_find(&streams[1], 2));
    assert_true(holds(&streams[0], 1, 3) && holds(&streams[2], 1, 3));
    for (uint64_t seq = 4; seq <= 60; seq++)
        keep(&tail, &streams[2], seq, 1);
    assert_null(streams[0].oldest);
    assert_true(holds(&streams[2], streams[2].oldest->chunk->first, 60));
    assert_true(tail.bytes <= tail.bytes_max);
    forget_all(&tail, streams, 3);
}

static size_t nodes(const struct tail *tail) {
    size_t count = 0;
    for (const struct tail_chunk *node = tail->first; node != NULL; node = node->next_in_tail)
        count++;
    return count;
}

/* A quiet stream holds the front while a department connects, follows and leaves a million times. */
static void what_is_forgotten_behind_a_quiet_stream_counts_too(void **state) {
    struct tail tail = {.bytes_max = 20 * ENTRY_BYTES};
    struct stream streams[2] = {{.name = "quiet"}, {.name = "flapping"}};
    (void)state;
    keep(&tail, &streams[0], 1, 1);
    for (uint64_t seq = 1; seq <= 10000; seq++) {
        keep(&tail, &streams[1], seq, 1);
        tail_forget(&tail, &streams[1]);
    }
    assert_true(nodes(&tail) * sizeof(struct tail_chunk) <= tail.bytes_max);
    forget_all(&tail, streams, 2);
}

/* Random keeping, forgetting and gaps: the ring never has holes, never more than its bound, and loses no byte. */
static void the_ring_holds_its_promises_under_random_use(void **state) {
    enum { STREAMS = 5 };
    struct tail tail = {.bytes_max = 40 * ENTRY_BYTES};
    struct stream streams[STREAMS] = {{.name = "0"}};
    uint64_t next[STREAMS] = {1, 1, 1, 1, 1};
    (void)state;
    srandom(7);
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)random() % STREAMS;
        long what = random() % 20;
        if (what == 0)
            tail_forget(&tail, &streams[i]);
        if (what == 1)
            next[i] += 2;
        uint32_t count = 1 + (uint32_t)random() % 4;
        keep(&tail, &streams[i], next[i], count);
        next[i] += count;
        assert_true(tail.bytes <= tail.bytes_max);
        for (size_t s = 0; s < STREAMS; s++)
            if (streams[s].oldest != NULL && !holds(&streams[s], streams[s].oldest->chunk->first, next[s] - 1))
                fail_msg("step %d: stream %zu has a hole", step, s);
    }
    forget_all(&tail, streams, STREAMS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seq_is_found_in_its_chunk_up_to_the_borders),
        cmocka_unit_test(the_oldest_of_all_streams_goes_first),
        cmocka_unit_test(a_chunk_larger_than_the_ring_is_kept_alone),
        cmocka_unit_test(a_gap_empties_the_stream_and_no_other),
        cmocka_unit_test(forgetting_one_stream_leaves_the_others_in_order),
        cmocka_unit_test(what_is_forgotten_behind_a_quiet_stream_counts_too),
        cmocka_unit_test(the_ring_holds_its_promises_under_random_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
