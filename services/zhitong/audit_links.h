/* The part of the audit that asks, of every report that intake linked to an older case, whether routing's log says so: it was merged
 * into that case, or where it had gone too far for that, the case was named to whoever has it. What is done later (an unmerge, another
 * merge) is not looked at. Memory is bounded by one shard's linked reports. */
#ifndef ZHITONG_AUDIT_LINKS_H
#define ZHITONG_AUDIT_LINKS_H

#include "common/db.h"
#include "proto/codec.h"
#include "services/zhitong/findings.h"

struct links {
    struct db *db;             /* borrowed */
    struct findings *findings; /* borrowed */
    PGresult *rows;            /* of one shard: case, parent, by case */
    bool *seen;                /* of each row */
};

/* Forgets the shard before. -1: the database failed. */
MUST_CHECK int links_begin_shard(struct links *links, uint16_t shard);
/* Every entry of the shard's routing log. */
void links_hear(struct links *links, const struct case_moved *moved);
/* Finds those that were not heard of; `cut`: the log's first days were dropped, so nothing can be said. */
void links_end_shard(struct links *links, bool cut);
void links_close(struct links *links);

#endif
