#include "common/db.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct db {
    PGconn *connection;
    int sent;     /* queries whose result was not taken yet */
    bool flushed; /* the server was asked to answer all of them */
    enum db_failure failure;
    bool undone;  /* the server itself refused a statement: it undoes the batch at the sync */
    bool demoted; /* it takes no writes any more: the connection is cut at the sync */
    struct reason reason;
};

/* ---- failures ---------------------------------------------------------------------------------------- */

bool db_says_read_only(const PGresult *result) {
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate != NULL && strcmp(sqlstate, "25006") == 0; /* read_only_sql_transaction */
}

static enum db_failure failure_of(const char *sqlstate) {
    if (sqlstate == NULL || strlen(sqlstate) != 5)
        return DB_WORLD;
    if (strcmp(sqlstate, "ZT001") == 0)
        return DB_FENCED;
    if (strcmp(sqlstate, "23505") == 0)
        return DB_CONFLICT;
    if (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0)
        return DB_DATA;
    return DB_WORLD;
}

static void fail(struct db *db, enum db_failure failure, const char *field, const char *text) {
    if (db->failure != DB_OK)
        return; /* the first reason is the one that explains */
    db->failure = failure;
    int length = (int)strcspn(text, "\n");
    (void)refuse(&db->reason, field, "%.*s", length, text);
}

static void fail_from_result(struct db *db, const PGresult *result) {
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    db->undone = true;
    db->demoted = db->demoted || db_says_read_only(result);
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    fail(db, failure_of(sqlstate),
         column     ? column
         : sqlstate ? sqlstate
                    : "database",
         message ? message : PQerrorMessage(db->connection));
}

void db_connection_lost(struct db *db) {
    fail(db, DB_WORLD, "database", PQerrorMessage(db->connection));
}

enum db_failure db_failure(const struct db *db) {
    return db->failure;
}
const struct reason *db_reason(const struct db *db) {
    return &db->reason;
}
PGconn *db_raw(struct db *db) {
    return db->connection;
}
void db_forget_failure(struct db *db) {
    db->failure = DB_OK;
}

/* ---- connecting ---------------------------------------------------------------------------------------- */

static int prepare(struct db *db, const struct db_query *query, struct reason *why) {
    if (PQsendPrepare(db->connection, query->name, query->sql, 0, NULL) != 1)
        return refuse(why, query->name, "%s", PQerrorMessage(db->connection));
    return 0;
}

/* The query is ours, so what it names is only not there yet. The server's own text may be in another language. */
static int refuse_prepared(const struct db_query *query, const PGresult *result, struct reason *why) {
    static const char *const missing[] = {"42P01", "42703", "42883", "42704", "3F000"}; /* table, column, function … */
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL)
        return refuse(why, query->name, "%s", PQresultErrorMessage(result));
    for (size_t i = 0; sqlstate != NULL && i < sizeof missing / sizeof *missing; i++)
        if (strcmp(sqlstate, missing[i]) == 0)
            return refuse(why, query->name, "%s: run `zhitong migrate` on this database first", message);
    return refuse(why, query->name, "%s", message);
}

/* Takes the answers to the prepares of all tables; names the first query that the server refused. */
static int take_prepared(struct db *db, const struct db_query *const *tables, struct reason *why) {
    int status = 0;
    for (size_t t = 0; tables[t] != NULL; t++) {
        for (const struct db_query *query = tables[t]; query->name != NULL; query++) {
            PGresult *result = PQgetResult(db->connection);
            if (PQresultStatus(result) != PGRES_COMMAND_OK && status == 0)
                status = refuse_prepared(query, result, why);
            PQclear(result);
            if (result != NULL)
                PQclear(PQgetResult(db->connection));
        }
    }
    PQclear(PQgetResult(db->connection)); /* the sync */
    return status;
}

static int prepare_all(struct db *db, const struct db_query *const *tables, struct reason *why) {
    for (size_t t = 0; tables[t] != NULL; t++)
        for (const struct db_query *query = tables[t]; query->name != NULL; query++)
            if (prepare(db, query, why) != 0)
                return -1;
    if (PQpipelineSync(db->connection) != 1)
        return refuse(why, "database", "%s", PQerrorMessage(db->connection));
    return take_prepared(db, tables, why);
}

/* Of all notices one counts: somebody cancelled the wait for the synchronous standby. The server then reports success
 * for a commit that only it has; for us its outcome is not known. Its text is translated and its SQLSTATE is that of any
 * warning, so it is told by the function of the server that says it. */
static void hear_notice(void *context, const PGresult *result) {
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0)
        fail(context, DB_WORLD, "standby",
             "the wait for the standby was cancelled: the commit may be on one machine only");
}

int db_open(struct db **out, const char *url, const char *schema, const struct db_query *const *queries,
            struct reason *why) {
    char options[480], seconds[8];
    snprintf(seconds, sizeof seconds, "%d", DB_CONNECT_SECONDS_MAX);
    snprintf(options, sizeof options,
             "-c search_path=%s -c statement_timeout=%d -c idle_in_transaction_session_timeout=%d -c jit=off "
             "-c lock_timeout=%d -c client_min_messages=warning "
             "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 "
             "-c tcp_user_timeout=5000",
             schema ? schema : "public", DB_STATEMENT_MS_MAX, DB_STATEMENT_MS_MAX, DB_STATEMENT_MS_MAX / 2);
    const char *keywords[] = {"dbname",
                              "connect_timeout",
                              "keepalives",
                              "keepalives_idle",
                              "options",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "target_session_attrs",
                              "fallback_application_name",
                              NULL};
    const char *values[] = {
        url, seconds, "1", "2", options, "1", "3", "5000", "read-write", schema ? schema : "zhitong", NULL};
    struct db *db = calloc(1, sizeof *db);
    assert(db != NULL);
    db->connection = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(db->connection) != CONNECTION_OK) {
        (void)refuse(why, "database", "%s", PQerrorMessage(db->connection));
        goto fail;
    }
    PQsetNoticeReceiver(db->connection, hear_notice, db);
    if (PQenterPipelineMode(db->connection) != 1) {
        (void)refuse(why, "database", "no pipeline mode");
        goto fail;
    }
    if (queries != NULL && prepare_all(db, queries, why) != 0)
        goto fail;
    *out = db;
    return 0;
fail:
    db_close(&db);
    return -1;
}

void db_close(struct db **db) {
    if (*db == NULL)
        return;
    PQfinish((*db)->connection);
    free(*db);
    *db = NULL;
}

/* ---- one batch ------------------------------------------------------------------------------------------- */

void db_give_up(struct db *db, const char *why) {
    fail(db, DB_WORLD, "batch", why);
}

int db_send(struct db *db, const char *query, const struct params *params) {
    static const struct params none;
    if (params == NULL)
        params = &none;
    if (db->failure != DB_OK)
        return -1;
    if (PQsendQueryPrepared(db->connection, query, params->count, params->values, params->lengths, params->formats,
                            1) != 1) {
        db_connection_lost(db);
        return -1;
    }
    db->sent++;
    db->flushed = false;
    return 0;
}

static bool result_is_good(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* One result with the NULL that ends it. NULL: the connection is gone. */
static PGresult *take_raw(struct db *db) {
    PGresult *result = PQgetResult(db->connection);
    if (result == NULL || PQstatus(db->connection) == CONNECTION_BAD) {
        if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR)
            fail_from_result(db, result);
        db_connection_lost(db);
        PQclear(result);
        return NULL;
    }
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        PQclear(PQgetResult(db->connection));
    return result;
}

PGresult *db_take(struct db *db) {
    if (db->sent == 0)
        return NULL;
    if (!db->flushed) {
        if (PQsendFlushRequest(db->connection) != 1 || PQflush(db->connection) < 0) {
            db_connection_lost(db);
            return NULL;
        }
        db->flushed = true;
    }
    PGresult *result = take_raw(db);
    db->sent--;
    if (result != NULL && result_is_good(result))
        return result;
    if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR)
        fail_from_result(db, result);
    PQclear(result);
    return NULL;
}

/* Reads on to the end of the batch, where the server has committed or undone it. The first good result goes to *first, if
 * that is wanted. */
static void take_until_sync(struct db *db, PGresult **first) {
    for (;;) {
        PGresult *result = take_raw(db);
        if (result == NULL)
            return;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR)
            fail_from_result(db, result);
        if (first != NULL && *first == NULL && result_is_good(result))
            *first = result;
        else
            PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return;
    }
}

/* A batch that failed on our side only: the server would commit what it has got of it, so it must not see a sync. With
 * the connection cut it undoes the batch; the next one needs a new connection. */
static void cut(struct db *db) {
    if (PQsocket(db->connection) >= 0)
        (void)shutdown(PQsocket(db->connection), SHUT_RDWR);
    take_until_sync(db, NULL); /* until libpq has seen that the connection is gone */
}

/* Between two batches; afterwards PQstatus is CONNECTION_BAD, which is what the owner of a connection looks at. */
static void hang_up(struct db *db) {
    (void)shutdown(PQsocket(db->connection), SHUT_RDWR);
    (void)PQconsumeInput(db->connection);
}

static int finish(struct db *db, PGresult **first) {
    if (db->failure != DB_OK && !db->undone && PQstatus(db->connection) == CONNECTION_OK)
        cut(db);
    else if (PQstatus(db->connection) == CONNECTION_BAD || PQpipelineSync(db->connection) != 1)
        db_connection_lost(db);
    else
        take_until_sync(db, first);
    if (db->demoted && PQstatus(db->connection) == CONNECTION_OK)
        hang_up(db);
    db->sent = 0;
    db->flushed = true;
    db->undone = false;
    return db->failure == DB_OK ? 0 : -1;
}

int db_sync(struct db *db) {
    return finish(db, NULL);
}

/* The commit is asked for before the result is looked at: one round trip. */
PGresult *db_ask(struct db *db, const char *query, const struct params *params) {
    PGresult *result = NULL;
    db_forget_failure(db);
    (void)!db_send(db, query, params); /* the end tells of its failure, too */
    if (finish(db, &result) == 0)
        return result;
    PQclear(result);
    return NULL;
}
