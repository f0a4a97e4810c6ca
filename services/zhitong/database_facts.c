#include "services/zhitong/database_facts.h"

#include <stdio.h>

#define WORD(to, column) snprintf((to), sizeof(to), "%s", db_text(result, 0, (column)))

static int64_t number_or_unknown(const PGresult *result, int column) {
    return db_null(result, 0, column) ? -1 : db_int8(result, 0, column);
}

/* In the order of the query's columns. */
static void take(const PGresult *result, struct database_facts *facts) {
    WORD(facts->version, 0);
    facts->version_number = db_int4(result, 0, 1);
    facts->standby = db_bool(result, 0, 2);
    WORD(facts->encoding, 3);
    WORD(facts->ctype, 4);
    WORD(facts->fsync, 5);
    WORD(facts->synchronous_commit, 6);
    WORD(facts->full_page_writes, 7);
    WORD(facts->checksums, 8);
    WORD(facts->archive_mode, 9);
    WORD(facts->weakened, 10);
    facts->now = db_time(result, 0, 11);
    facts->connections = number_or_unknown(result, 12);
    facts->connections_max = number_or_unknown(result, 13);
    facts->oldest_transaction_ms = number_or_unknown(result, 14);
    facts->transaction_ids_used = number_or_unknown(result, 15);
    facts->commits = number_or_unknown(result, 16);
    facts->rollbacks = number_or_unknown(result, 17);
    facts->deadlocks = number_or_unknown(result, 18);
    facts->wal_bytes = number_or_unknown(result, 19);
    facts->archive_failures = number_or_unknown(result, 20);
    facts->archive_last_at = db_time(result, 0, 21);
    facts->archive_failed_at = db_time(result, 0, 22);
    facts->standbys = number_or_unknown(result, 23);
    facts->standbys_synchronous = number_or_unknown(result, 24);
    facts->standby_lag_bytes = number_or_unknown(result, 25);
}

int database_facts_read(struct db *db, struct database_facts *facts) {
    SCOPED_RESULT
    *result = db_ask(db, "database_facts", NULL);
    if (result == NULL || PQntuples(result) != 1)
        return -1;
    take(result, facts);
    return 0;
}
