#include "common/tail.h"

#include <assert.h>
#include <stdlib.h>

static size_t chunk_bytes(const struct chunk *chunk) {
    return sizeof *chunk + chunk->data.room + chunk->room * sizeof *chunk->ends;
}

/* Takes a chunk out of its stream's list and frees what it holds; the node itself stays in the tail's order. */
static void empty_node(struct tail *tail, struct tail_chunk *node) {
    if (node->chunk == NULL)
        return;
    struct stream *stream = node->stream;
    assert(stream != NULL);
    if (node->older != NULL)
        node->older->newer = node->newer;
    if (node->newer != NULL)
        node->newer->older = node->older;
    if (stream->oldest == node)
        stream->oldest = node->newer;
    if (stream->newest == node)
        stream->newest = node->older;
    tail->bytes -= chunk_bytes(node->chunk);
    chunk_close(&node->chunk);
    node->stream = NULL;
}

static void drop_first(struct tail *tail) {
    struct tail_chunk *node = tail->first;
    empty_node(tail, node);
    tail->first = node->next_in_tail;
    if (tail->first == NULL)
        tail->last = NULL;
    tail->bytes -= sizeof *node;
    free(node);
}

void tail_forget(struct tail *tail, struct stream *stream) {
    while (stream->oldest != NULL)
        empty_node(tail, stream->oldest);
    while (tail->first != NULL && tail->first->chunk == NULL)
        drop_first(tail);
}

void tail_keep(struct tail *tail, struct stream *stream, struct chunk *take_chunk) {
    const struct tail_chunk *newest = stream->newest;
    if (newest != NULL && newest->chunk->first + newest->chunk->count != take_chunk->first)
        tail_forget(tail, stream);
    struct tail_chunk *node = calloc(1, sizeof *node);
    assert(node != NULL);
    node->chunk = take_chunk;
    node->stream = stream;
    node->older = stream->newest;
    if (stream->newest != NULL)
        stream->newest->newer = node;
    else
        stream->oldest = node;
    stream->newest = node;
    if (tail->last != NULL)
        tail->last->next_in_tail = node;
    else
        tail->first = node;
    tail->last = node;
    tail->bytes += sizeof *node + chunk_bytes(take_chunk);
    while (tail->bytes > tail->bytes_max && tail->first != node)
        drop_first(tail);
}

const struct chunk *tail_find(const struct stream *stream, uint64_t seq) {
    if (stream->oldest == NULL || seq < stream->oldest->chunk->first)
        return NULL;
    for (const struct tail_chunk *node = stream->newest; node != NULL; node = node->older)
        if (seq >= node->chunk->first)
            return seq < node->chunk->first + node->chunk->count ? node->chunk : NULL;
    return NULL;
}
