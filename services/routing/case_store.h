/* The cases that a batch touches: read once, changed in memory, written with one statement for new and one for old. */
#ifndef ZHITONG_ROUTING_CASE_STORE_H
#define ZHITONG_ROUTING_CASE_STORE_H

#include "common/case_map.h"
#include "common/chain.h"
#include "common/service.h"
#include "services/routing/case_file.h"

#define OPENED_COLUMNS 22
#define MOVED_COLUMNS 15 /* what may change */
#define TOLD_COLUMNS 3   /* of openings that changed */

struct touched_case {
    struct case_file file;
    bool is_there; /* in the table, or opened in this batch */
    bool is_new;
    bool changed;
    bool told_more;         /* the opening changed, too */
    const uint8_t *opening; /* what is kept of its report, see report_kept.h; in the batch's arena */
    size_t opening_size;
    bool is_chained;           /* chain is set: false only for a case whose last move is older than the chain */
    uint8_t chain[CHAIN_SIZE]; /* hash of its last entry */
};

struct case_store {              /* a lane's */
    struct column shards, cases; /* of routing_cases */
    struct column opened[OPENED_COLUMNS], moved[MOVED_COLUMNS], told[TOLD_COLUMNS];
    struct bytes kept;
    struct case_map map;
    struct touched_case **touched; /* in the order in which they were first asked for */
    size_t count;
};

void case_store_close(struct case_store *store);
/* Forgets what was touched before; `most`: cases that may be touched now. */
void case_store_begin(struct case_store *store, struct batch *batch, size_t most);
/* Wants the row of this case; read by case_store_load. */
void case_store_want(struct case_store *store, struct batch *batch, uint64_t case_id);
MUST_CHECK int case_store_load(struct case_store *store, struct batch *batch);
/* The case, wanted before or opened in this batch; is_there tells whether it exists. */
struct touched_case *case_store_at(struct case_store *store, struct batch *batch, uint64_t case_id);
MUST_CHECK int case_store_save(struct case_store *store, struct batch *batch);

#endif
