/* The tail ring: the last committed entries of many streams, in memory, bounded as a whole. Older ones are in the table.
 * Used by the loop's thread only. */
#ifndef ZHITONG_TAIL_H
#define ZHITONG_TAIL_H

#include "common/voids.h"
#include "common/work.h"

struct subscription;

struct stream { /* one that is served here */
    struct stream *next_same_hash;
    char name[CODE_MAX + 1];
    uint64_t head; /* last committed seq */
    bool head_known;
    bool changed; /* since the last round of heads */
    struct tail_chunk *oldest, *newest;
    struct subscription *subscriptions;
};

struct tail_chunk {
    struct tail_chunk *older, *newer; /* of the same stream */
    struct tail_chunk *next_in_tail;  /* in the order of arrival */
    struct stream *stream;
    struct chunk *chunk;
};

struct tail {
    struct tail_chunk *first, *last; /* in the order of arrival */
    size_t bytes, bytes_max;
};

/* Keeps the chunk as the newest of its stream and forgets the oldest of all beyond bytes_max. A gap before it empties
 * the stream's ring first, so that what the ring holds has no holes. */
void tail_keep(struct tail *tail, struct stream *stream, struct chunk *take_chunk);
/* The chunk that holds this seq, NULL when the ring does not. */
const struct chunk *tail_find(const struct stream *stream, uint64_t seq);
void tail_forget(struct tail *tail, struct stream *stream); /* everything of the stream */

#endif
