/* What services call while they decide: all of it lands in the attempt under way. */
#include "common/batch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/attempt.h"
#include "common/entry.h"

static struct work_shard *shard_of(const struct batch *batch, uint16_t shard) {
    struct work_shard *found = work_shard(batch->attempt->work, shard);
    assert(found != NULL);
    return found;
}

uint64_t batch_next_seq(const struct batch *batch, uint16_t shard) {
    return shard_of(batch, shard)->next.out_seq + 1;
}

const int16_t *batch_shards(const struct batch *batch, size_t *count) {
    *count = batch->attempt->shard_count;
    return batch->attempt->shards;
}

static struct chunk *add_chunk(struct attempt *attempt, const char *stream, uint64_t first) {
    struct chunk *chunk = chunk_open(stream, first);
    if (attempt->last_chunk != NULL)
        attempt->last_chunk->next = chunk;
    else
        attempt->chunks = chunk;
    attempt->last_chunk = chunk;
    return chunk;
}

uint64_t batch_emit(struct batch *batch, uint64_t case_id, enum message type, const void *value) {
    struct attempt *attempt = batch->attempt;
    struct work_shard *shard = shard_of(batch, case_shard(case_id));
    uint64_t seq = ++shard->next.out_seq;
    struct chunk **chunk = &attempt->log_chunks[shard - attempt->work->shards];
    if (*chunk == NULL) {
        char stream[8];
        snprintf(stream, sizeof stream, "%u", shard->shard);
        *chunk = add_chunk(attempt, stream, seq);
    }
    size_t before = (*chunk)->data.size;
    size_t size = message_encode(type, value, &(*chunk)->data);
    chunk_mark(*chunk);
    struct column *log = attempt->columns.log;
    column_int2(&log[0], (int16_t)shard->shard);
    column_int8(&log[1], (int64_t)seq);
    column_int8(&log[2], (int64_t)case_id);
    column_int2(&log[3], (int16_t)type);
    column_time(&log[4], batch->now);
    column_bytea(&log[5], (*chunk)->data.data + before, size);
    return seq;
}

void batch_publish(struct batch *batch, const char *stream, uint64_t seq, const void *data, size_t size) {
    struct attempt *attempt = batch->attempt;
    struct chunk *chunk = attempt->last_chunk;
    if (chunk == NULL || strcmp(chunk->stream, stream) != 0 || chunk->first + chunk->count != seq)
        chunk = add_chunk(attempt, stream, seq);
    chunk_append(chunk, data, size);
}

void batch_about(struct input *input, uint64_t case_id, const char *traceparent) {
    input->case_id = case_id;
    traceparent_copy(input->traceparent, traceparent);
}

void batch_reply(struct input *input, enum message type, const void *value) {
    input->reply.size = 0;
    message_encode(type, value, &input->reply);
    input->outcome = OUTCOME_HANDLED;
}

void batch_reject(struct input *input, const struct reason *why) {
    input->outcome = input->kind == INPUT_REQUEST ? OUTCOME_REFUSED : OUTCOME_PARKED;
    input->why = *why;
    if (input->case_id == 0)
        input->case_id = entry_case(input->body, input->size);
}

void batch_wake_at(struct batch *batch, int64_t at) {
    if (at < batch->wake_at)
        batch->wake_at = at;
}
