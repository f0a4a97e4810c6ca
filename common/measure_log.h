/* The facts of every case, from routing's log: folded whole, or from where it was left off (schema measures). The caller's
 * connection has prepared measures_queries. */
#ifndef ZHITONG_MEASURE_LOG_H
#define ZHITONG_MEASURE_LOG_H

#include "common/code_book.h"
#include "common/db.h"
#include "common/measure_sums.h"

extern const struct db_query measures_queries[];

struct measure_progress { /* told after each shard */
    void (*tell)(const struct measure_progress *progress);
    uint64_t entries, cases; /* so far */
    int shards;
};

struct measure_reading {
    struct db *db;
    struct code_book *book;
    struct sums *sums;
    struct measure_progress *progress; /* NULL: nobody listens */
    int64_t kept_from;                 /* result: unix ms from which the log is whole; 0: nothing was dropped */
    uint64_t unreadable;               /* result: entries that are no case_moved of ours, skipped */
};

/* Reads the whole log in one snapshot, writes nothing. Memory: the cases of one shard. -1 when the database failed. */
MUST_CHECK int measure_whole(struct measure_reading *reading);
/* Folds what is new into the kept facts, a transaction for each shard, then sums those that lie in the period. Kept facts go
 * on counting after their part of the log was dropped. -1 when the database failed or what it keeps is not ours. */
MUST_CHECK int measure_kept(struct measure_reading *reading, struct reason *why);

#endif
