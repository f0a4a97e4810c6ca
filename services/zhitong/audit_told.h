/* Who should have been told of a move, beside who was: the routing log and the streams, shard by shard. */
#ifndef ZHITONG_AUDIT_TOLD_H
#define ZHITONG_AUDIT_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/city.h"
#include "common/db.h"
#include "proto/codec.h"
#include "services/zhitong/audit_centres.h"
#include "services/zhitong/findings.h"

struct telling { /* one unit is told of one move */
    int64_t case_id;
    int32_t version;
    char unit[CODE_MAX + 1];
    bool unsure; /* of what is expected: a centre that may have been another one on that day */
};

struct tellings { /* of one shard */
    struct telling *rows;
    size_t count, room;
};

struct told {
    struct db *db;
    struct findings *findings;
    struct tellings expected, found;
    struct centres centres;
    bool any_unsure; /* of this shard's entries */
    PGresult *rows;  /* of the cursor over all streams; NULL: at its end */
    int row;
    PGresult *untold; /* entries of this shard that notification has parked, in order */
    int untold_row;
    int64_t applied;      /* by notification, of this shard's log */
    int32_t streams_from; /* days since 2000: older stream entries were dropped; 0: none were */
    uint16_t shard;
    bool surplus_allowed; /* the log or the streams were cut: what was told may no longer stand in the log */
};

/* All: -1 when the database failed. */
MUST_CHECK int told_open(struct told *told, struct db *db, struct findings *findings, int32_t streams_from);
/* Shards in rising order, each once. */
MUST_CHECK int told_begin_shard(struct told *told, uint16_t shard, int64_t applied);
/* Entry seq of the shard's log, in order; day: when it was written, days since 2000. */
void told_expect(struct told *told, const struct case_moved *moved, int64_t seq, int32_t day);
void told_end_shard(struct told *told);
void told_close(struct told *told);

#endif
