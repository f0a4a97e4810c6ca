/* One attempt to carry out a range of a work's inputs in one transaction: load, decide, save, log, fence, commit. */
#ifndef ZHITONG_ATTEMPT_H
#define ZHITONG_ATTEMPT_H

#include "common/service.h"
#include "common/work.h"

struct attempt_columns { /* array parameters of the lane's own statements */
    struct column log[6], fence[8], park[8], unpark[3], cases;
};

/* The arguments `columns, count` of an array of columns. */
#define ALL_COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

struct attempt {
    const struct service *service;
    struct work *work;
    struct batch batch;
    struct input *pointers[BATCH_INPUTS_MAX];
    struct attempt_columns columns;
    int16_t shards[SHARD_COUNT]; /* of the work without lost ones, for batch_shards */
    size_t shard_count;
    struct chunk *log_chunks[SHARD_COUNT]; /* by place in work->shards; also in `chunks` */
    struct chunk *chunks, *last_chunk;
    struct input *replays; /* read by this attempt, in the arena */
    size_t replay_count;
};

void attempt_close(struct attempt *attempt); /* frees the columns */

/* attempt_parked.c: entries of a case that has a parked one wait behind it; replays join the batch; rows are written. */
extern const struct reason attempt_behind_parked;
MUST_CHECK int attempt_park_behind(struct attempt *attempt);
MUST_CHECK int attempt_load_replays(struct attempt *attempt);
MUST_CHECK int attempt_save_parked(struct attempt *attempt);
bool attempt_is_behind_parked(const struct batch *batch, size_t at); /* in this very batch */
/* Queues a statement with these columns, if they hold anything. */
MUST_CHECK int attempt_send(struct batch *batch, const char *query, struct column *columns, size_t count);

/* Tries inputs [from, to) that are still pending. DB_OK: committed, outcomes and work->shards are up to date.
 * Otherwise nothing happened (or, with DB_WORLD, nobody knows yet). */
enum db_failure attempt_run(struct attempt *attempt, size_t from, size_t to);

/* Reads the shard rows as they are, waiting for a commit still under way: marks shards lost, adopts cursors, ends
 * entries that were applied after all. -1: the database failed. */
MUST_CHECK int attempt_check(struct attempt *attempt);

#endif
