#include "common/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_chunk_knows_where_each_entry_ends(void **state) {
    struct chunk *chunk = chunk_open("17", 41);
    (void)state;
    assert_string_equal(chunk->stream, "17");
    assert_int_equal(chunk->first, 41);
    assert_int_equal(chunk->count, 0);
    char letters[] = "abcdefghijklmnopqrstuvwxyz";
    uint32_t end = 0;
    for (uint32_t i = 0; i < 100; i++) { /* entries of 0 to 25 bytes */
        chunk_append(chunk, letters, i % 26);
        end += i % 26;
        assert_int_equal(chunk->count, i + 1);
        assert_int_equal(chunk->ends[i], end);
        assert_int_equal(chunk->data.size, end);
    }
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t begin = i == 0 ? 0 : chunk->ends[i - 1];
        assert_int_equal(chunk->ends[i] - begin, i % 26);
        if (i % 26 > 0)
            assert_memory_equal(chunk->data.data + begin, letters, i % 26);
    }
    chunk_close(&chunk);
    assert_null(chunk);
    chunk_close(&chunk);
}

static void what_is_appended_by_hand_is_marked_afterwards(void **state) {
    struct chunk *chunk = chunk_open("s", 1);
    (void)state;
    bytes_append(&chunk->data, "one", 3);
    chunk_mark(chunk);
    chunk_append(chunk, "four", 4);
    assert_int_equal(chunk->count, 2);
    assert_int_equal(chunk->ends[0], 3);
    assert_int_equal(chunk->ends[1], 7);
    chunk_close(&chunk);
}

static void the_name_of_a_stream_may_have_the_length_of_a_code(void **state) {
    char code[CODE_MAX + 1];
    (void)state;
    memset(code, 'u', CODE_MAX);
    code[CODE_MAX] = '\0';
    struct chunk *chunk = chunk_open(code, 1);
    assert_string_equal(chunk->stream, code);
    chunk_close(&chunk);
}

static void a_work_finds_its_shards_and_no_others(void **state) {
    static const uint16_t shards[] = {127, 0, 64, 5};
    struct work *work = work_open(3);
    (void)state;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        assert_null(work_shard(work, shard));
    for (size_t i = 0; i < 4; i++) {
        struct work_shard *added = work_add_shard(work, shards[i]);
        assert_int_equal(added->shard, shards[i]);
        assert_int_equal(added->epoch, 0);
        added->epoch = (int64_t)i + 1;
    }
    assert_ptr_equal(work_add_shard(work, 64), work_shard(work, 64)); /* once more changes nothing */
    assert_int_equal(work->shard_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(work_shard(work, shards[i])->epoch, i + 1);
    assert_null(work_shard(work, 1));
    work_close(&work);
    assert_null(work);
}

static void a_work_can_have_all_shards(void **state) {
    struct work *work = work_open(0);
    (void)state;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        work_add_shard(work, shard)->epoch = shard;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        assert_int_equal(work_shard(work, shard)->epoch, shard);
    assert_int_equal(work->wake_at, INT64_MAX);
    work_close(&work);
}

/* The sanitizer's leak check is the assertion. */
static void closing_a_work_frees_replies_and_chunks(void **state) {
    struct work *work = work_open(2);
    struct work *none = NULL;
    (void)state;
    work->count = 2;
    bytes_append(&work->inputs[0].reply, "reply", 5);
    bytes_append(&work->inputs[1].reply, "reply", 5);
    work->chunks = chunk_open("1", 1);
    work->chunks->next = chunk_open("2", 1);
    chunk_append(work->chunks->next, "entry", 5);
    work_close(&work);
    work_close(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_knows_where_each_entry_ends),
        cmocka_unit_test(what_is_appended_by_hand_is_marked_afterwards),
        cmocka_unit_test(the_name_of_a_stream_may_have_the_length_of_a_code),
        cmocka_unit_test(a_work_finds_its_shards_and_no_others),
        cmocka_unit_test(a_work_can_have_all_shards),
        cmocka_unit_test(closing_a_work_frees_replies_and_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
