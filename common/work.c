#include "common/work.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk *chunk_open(const char *stream, uint64_t first) {
    struct chunk *chunk = calloc(1, sizeof *chunk);
    assert(chunk != NULL);
    snprintf(chunk->stream, sizeof chunk->stream, "%s", stream);
    chunk->first = first;
    return chunk;
}

void chunk_mark(struct chunk *chunk) {
    if (chunk->count == chunk->room) {
        chunk->room = chunk->room ? chunk->room * 2 : 8;
        chunk->ends = realloc(chunk->ends, chunk->room * sizeof *chunk->ends);
        assert(chunk->ends != NULL);
    }
    chunk->ends[chunk->count++] = (uint32_t)chunk->data.size;
}

void chunk_append(struct chunk *chunk, const void *data, size_t size) {
    bytes_append(&chunk->data, data, size);
    chunk_mark(chunk);
}

void chunk_close(struct chunk **chunk) {
    if (*chunk == NULL)
        return;
    bytes_close(&(*chunk)->data);
    free((*chunk)->ends);
    free(*chunk);
    *chunk = NULL;
}

struct work *work_open(size_t inputs) {
    struct work *work = calloc(1, sizeof *work);
    assert(work != NULL);
    if (inputs > 0) {
        work->inputs = calloc(inputs, sizeof *work->inputs);
        assert(work->inputs != NULL);
    }
    memset(work->index, -1, sizeof work->index);
    work->wake_at = INT64_MAX;
    return work;
}

void work_close(struct work **work) {
    if (*work == NULL)
        return;
    for (size_t i = 0; i < (*work)->count; i++)
        bytes_close(&(*work)->inputs[i].reply);
    while ((*work)->chunks != NULL) {
        struct chunk *chunk = (*work)->chunks;
        (*work)->chunks = chunk->next;
        chunk_close(&chunk);
    }
    free((*work)->inputs);
    free(*work);
    *work = NULL;
}

struct work_shard *work_add_shard(struct work *work, uint16_t shard) {
    struct work_shard *added = work_shard(work, shard);
    if (added != NULL)
        return added;
    work->index[shard] = (int8_t)work->shard_count;
    added = &work->shards[work->shard_count++];
    memset(added, 0, sizeof *added);
    added->shard = shard;
    return added;
}

struct work_shard *work_shard(struct work *work, uint16_t shard) {
    int8_t at = work->index[shard];
    return at < 0 ? NULL : &work->shards[at];
}
