/* The part of the audit that has to look inside log entries: the routing log, entry by entry, against the cases as they
 * stand and against the streams. Memory is bounded by one shard's cases. */
#ifndef ZHITONG_AUDIT_MOVES_H
#define ZHITONG_AUDIT_MOVES_H

#include <stddef.h>

#include "common/db.h"
#include "services/zhitong/findings.h"

enum move_invariant {
    MOVES_VERSIONS, /* a case's entries are numbered 1, 2, 3 … */
    MOVES_CASE,     /* the last one is the case as it stands */
    MOVES_TIER,     /* the tier never falls */
    MOVES_SUPPORT,  /* who let a deadline pass stays as support */
    MOVES_CHAIN,    /* each entry names the one before it, and the case the last one */
    MOVES_TOLD,     /* every unit concerned was told, once */
    MOVES_LINKS,    /* what intake linked was merged, or named; audit_links.h */
    MOVES_COUNT
};

#define MOVE_LINES_MAX 256 /* of case_life.def */

struct audited {
    struct findings findings[MOVES_COUNT];
    uint64_t made[MOVE_LINES_MAX]; /* how often each move stands in the log, by its first line in case_life.def */
};

/* Inside the audit's transaction; queries of audit.sql. -1: the database failed. */
MUST_CHECK int audit_moves(struct db *db, struct audited *audited);
/* How often each move was made, those that never were with a 0; one line each. */
void audit_print_made(const struct audited *audited);

#endif
