/* PostgreSQL: one connection, named queries prepared at start, pipelined batches with binary arrays.
 *
 * A batch is one implicit transaction: db_send… db_flush / db_take … db_sync. On the first error everything up to the
 * sync is undone; db_sync reports it. Not thread-safe: one connection, one thread. */
#ifndef ZHITONG_DB_H
#define ZHITONG_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define DB_CONNECT_SECONDS_MAX 3 /* for each host that the URL names */
#define DB_STATEMENT_MS_MAX 30000

struct db_query { /* from a .sql file, see cmake/queries.awk */
    const char *name, *sql;
};

enum db_failure {
    DB_OK,
    DB_WORLD, /* connection lost, deadlock, shutdown, disk full …: undo and try again (SQLSTATE 08 40 53 57 58 XX 25) */
    DB_CONFLICT, /* unique violation 23505: another replica was first; load again */
    DB_FENCED,   /* ZT001: another replica owns a shard of this batch, or the cursor is not where we think */
    DB_DATA      /* 22 and 23: the data is bad */
};

struct db;

/* Connects (DB_CONNECT_SECONDS_MAX), sets time-outs and search_path = schema, prepares the queries. `url` is a libpq
 * connection string and may name several hosts: the first that takes writes is used (target_session_attrs=read-write).
 * schema may be NULL. Caller closes *out.
 *
 * A server that takes no writes any more (25006) fails the batch with DB_WORLD, and the connection is cut: PQstatus of
 * db_raw() is CONNECTION_BAD, and the owner opens another, at the host that takes them now. */
MUST_CHECK int db_open(struct db **out, const char *url, const char *schema, const struct db_query *const *queries,
                       struct reason *why);
void db_close(struct db **db);
PGconn *db_raw(struct db *db);
enum db_failure db_failure(const struct db *db); /* of the last failed call */
const struct reason *db_reason(const struct db *db);
void db_forget_failure(struct db *db);
/* Did the statement fail because the server takes no writes? For those who read results from db_raw() themselves. */
bool db_says_read_only(const PGresult *result);
/* A call of libpq itself failed: its words become the reason. */
void db_connection_lost(struct db *db);
/* Our own side cannot finish the batch: db_sync will undo it. */
void db_give_up(struct db *db, const char *why);

/* ---- parameters: scalars and arrays in binary form --------------------------------------------------- */

#define DB_PARAMS_MAX 24

/* An array parameter being filled: zero-initialise, reuse with column_reset, free with column_close. A column that got
 * no value cannot be sent (asserted): its type is not known. */
struct column {
    uint8_t *data;
    size_t size, room;
    uint32_t count;
    uint32_t oid;
};
void column_reset(struct column *column);
void column_close(struct column *column);
void column_int2(struct column *column, int16_t value);
void column_int4(struct column *column, int32_t value);
void column_int8(struct column *column, int64_t value);
void column_float8(struct column *column, double value);   /* NaN goes in as NULL */
void column_text(struct column *column, const char *text); /* "" goes in as NULL */
void column_bytea(struct column *column, const void *data, size_t size);
void column_uuid(struct column *column, const uint8_t uuid[16]);
void column_time(struct column *column, int64_t unix_ms); /* timestamptz; 0 goes in as NULL */

struct params {
    int count;
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    int formats[DB_PARAMS_MAX];
    uint64_t scalars[DB_PARAMS_MAX];
};
void params_int2(struct params *params, int16_t value);
void params_int4(struct params *params, int32_t value);
void params_int8(struct params *params, int64_t value);
void params_text(struct params *params, const char *text);               /* borrowed; NULL is NULL */
void params_bytea(struct params *params, const void *data, size_t size); /* borrowed */
void params_column(struct params *params, struct column *column);        /* borrowed */
void params_time(struct params *params, int64_t unix_ms);

/* ---- one batch ------------------------------------------------------------------------------------------ */

/* Queues the named query; its result comes in order from db_take. -1 when the connection is lost. */
MUST_CHECK int db_send(struct db *db, const char *query, const struct params *params);
/* Result of the oldest query not yet taken, in binary form; the caller PQclears it. NULL on failure. Flushes first. */
PGresult *db_take(struct db *db);
/* Takes whatever is left, commits, returns 0; or undoes everything and returns -1 with db_failure() set. */
MUST_CHECK int db_sync(struct db *db);
/* send + take + sync: a query alone in its transaction. NULL on failure. */
PGresult *db_ask(struct db *db, const char *query, const struct params *params);

/* Reading binary results. */
bool db_null(const PGresult *result, int row, int column);
int16_t db_int2(const PGresult *result, int row, int column);
int32_t db_int4(const PGresult *result, int row, int column);
int64_t db_int8(const PGresult *result, int row, int column);
double db_float8(const PGresult *result, int row, int column); /* NaN for NULL */
int64_t db_time(const PGresult *result, int row, int column);  /* timestamptz as unix ms; 0 for NULL */
const uint8_t *db_bytea(const PGresult *result, int row, int column, size_t *size); /* borrowed */
bool db_bool(const PGresult *result, int row, int column);
const char *db_text(const PGresult *result, int row, int column); /* "" for NULL; borrowed */

static inline void scoped_result(PGresult **result) {
    PQclear(*result);
}
#define SCOPED_RESULT __attribute__((cleanup(scoped_result))) PGresult

#endif
