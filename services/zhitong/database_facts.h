/* What PostgreSQL says of itself: for `zhitong exporter` and `zhitong doctor`. A number that is not known is -1. */
#ifndef ZHITONG_DATABASE_FACTS_H
#define ZHITONG_DATABASE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

#define DATABASE_WORD_MAX 63

struct database_facts {
    char version[DATABASE_WORD_MAX + 1];
    int32_t version_number; /* 150004 for 15.4 */
    bool standby;           /* it is in recovery: nothing can be written */
    char encoding[DATABASE_WORD_MAX + 1], ctype[DATABASE_WORD_MAX + 1];
    char fsync[DATABASE_WORD_MAX + 1], synchronous_commit[DATABASE_WORD_MAX + 1];
    char full_page_writes[DATABASE_WORD_MAX + 1], checksums[DATABASE_WORD_MAX + 1];
    char archive_mode[DATABASE_WORD_MAX + 1];
    char weakened[2 * DATABASE_WORD_MAX + 2]; /* a role or database with a synchronous_commit of its own; "": none */
    int64_t now;                              /* of the host's clock, unix ms */
    int64_t connections, connections_max;     /* max: without those that are reserved */
    int64_t oldest_transaction_ms, transaction_ids_used; /* of 2^31 */
    int64_t commits, rollbacks, deadlocks, wal_bytes;    /* since the statistics began; wal: since the cluster began */
    int64_t archive_failures, archive_last_at, archive_failed_at; /* unix ms; 0: never */
    int64_t standbys, standbys_synchronous, standby_lag_bytes;    /* the furthest behind */
};

extern const struct db_query database_facts_queries[];

/* -1: db_reason says why. */
MUST_CHECK int database_facts_read(struct db *db, struct database_facts *facts);

#endif
