/* What the loop hands to a lane and gets back: inputs for some shards, what we know of these shards, and the results.
 * A work belongs to one thread at a time: to the lane from mailbox_put until it comes back. */
#ifndef ZHITONG_WORK_H
#define ZHITONG_WORK_H

#include "common/batch.h"
#include "common/mailbox.h"

struct cursors {
    uint64_t in_seq[UPSTREAMS_MAX]; /* last applied entry of each upstream */
    uint64_t out_seq;               /* last entry of our own log */
};

struct work_shard {
    uint16_t shard;
    int64_t epoch;
    struct cursors known; /* committed, as far as we know; after a commit: what it made */
    struct cursors next;  /* the lane's own, while an attempt runs */
    bool parked;          /* may have parked entries: later ones of those cases park behind them */
    bool lost;            /* result: not ours any more */
    bool resynced;        /* result: an earlier attempt had been committed after all */
};

/* A run of committed entries of one stream; shared by the tail ring and nobody else, so never copied. */
struct chunk {
    struct chunk *next;
    char stream[CODE_MAX + 1];
    uint64_t first;
    uint32_t count, room;
    struct bytes data;
    uint32_t *ends; /* offset behind each entry */
};
struct chunk *chunk_open(const char *stream, uint64_t first);
void chunk_append(struct chunk *chunk, const void *data, size_t size);
/* Space for one more entry that the caller has just appended to chunk->data. */
void chunk_mark(struct chunk *chunk);
void chunk_close(struct chunk **chunk);

enum work_result {
    WORK_DONE, /* every input has an outcome */
    WORK_RETRY /* the world failed: inputs that are still pending must come again */
};

struct work {
    struct letter letter;
    /* given */
    struct input *inputs;
    size_t count;
    struct work_shard shards[SHARD_COUNT];
    size_t shard_count;
    int8_t index[SHARD_COUNT]; /* place of a shard in `shards`, -1: not in this work */
    bool tick;                 /* run the service's tick */
    bool replay;               /* look for parked entries to try again */
    bool check;                /* read the shard rows first: an earlier attempt ended without an answer */
    struct city *city;         /* borrowed; kept alive by the loop */
    void *loop;                /* the loop's own */
    /* results */
    enum work_result result;
    struct reason why;
    bool database_up;
    int64_t wake_at;
    struct chunk *chunks; /* committed entries, oldest first */
};

struct work *work_open(size_t inputs);
void work_close(struct work **work); /* frees inputs' replies and chunks; bodies are the loop's */
/* Adds a shard; the caller fills it. */
struct work_shard *work_add_shard(struct work *work, uint16_t shard);
struct work_shard *work_shard(struct work *work, uint16_t shard); /* NULL when absent */

#endif
