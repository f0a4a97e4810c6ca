/* PostgreSQL is the real one; what is simulated is the way to it. A connection that is cut looks dead to whoever has it, and its session
 * has lost all that a session loses: the transaction, its locks, what it listens to. The server's process is kept for whoever connects
 * next: a new one costs more than everything that a replica then asks of it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/queries.h"
#include "tests/simulation/simulated.h"
#include "tests/simulation/world.h"

#define SESSIONS_MAX 128
#define CUT_ONE_IN 80 /* commits, before or after it */
#define CUT_MESH_ONE_IN 400

extern const struct db_query audit_queries[], simulation_queries[];

struct session {
    struct db *db;
    PGconn *connection;
    char schema[32];
    const struct node *node; /* NULL: free */
    bool cut;
    bool listens; /* it is that of a mesh thread, which holds the lock */
};
static struct session sessions[SESSIONS_MAX];
static size_t session_count;

static struct db *own;
static const char *own_url;
static bool mutant_used;

struct db *database(void) {
    return own;
}
const char *database_url(void) {
    return own_url;
}

static struct session *session_of(const PGconn *connection) {
    for (size_t i = 0; i < session_count; i++)
        if (sessions[i].connection == connection && sessions[i].node != NULL)
            return &sessions[i];
    return NULL;
}

static bool is_cut(const PGconn *connection) {
    const struct session *session = session_of(connection);
    return session != NULL && session->cut;
}

/* ---- cutting ------------------------------------------------------------------------------------------------------------------------- */

static void drain(PGconn *connection) {
    for (int ends = 0; ends < 2;) { /* two NULLs in a row: nothing more */
        PGresult *result = __real_PQgetResult(connection);
        bool is_sync = result != NULL && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        ends = result == NULL ? ends + 1 : 0;
        PQclear(result);
        if (is_sync)
            return;
    }
}

static void say(PGconn *connection, const char *sql) {
    int status = PQsendQueryParams(connection, sql, 0, NULL, NULL, NULL, NULL, 0);
    assert(status == 1);
    (void)status;
}

/* Undoes what is under way, then what else belongs to a session. */
static void end_session(struct session *session) {
    PGnotify *notice;
    say(session->connection, "SELECT 1 / 0");
    __real_PQpipelineSync(session->connection);
    drain(session->connection);
    say(session->connection, "SELECT pg_advisory_unlock_all()");
    say(session->connection, "UNLISTEN *");
    __real_PQpipelineSync(session->connection);
    drain(session->connection);
    while ((notice = PQnotifies(session->connection)) != NULL)
        PQfreemem(notice);
    session->cut = true;
    session->listens = false;
}

void database_cut(const struct node *node, bool only_mesh) {
    for (size_t i = 0; i < session_count; i++)
        if (sessions[i].node == node && !sessions[i].cut && (!only_mesh || sessions[i].listens))
            end_session(&sessions[i]);
}

/* ---- opening and closing ---------------------------------------------------------------------------------------------------------------- */

static struct session *free_session(const char *schema) {
    for (size_t i = 0; i < session_count; i++)
        if (sessions[i].node == NULL && strcmp(sessions[i].schema, schema) == 0)
            return &sessions[i];
    return NULL;
}

int __wrap_db_open(struct db **out, const char *url, const char *schema, const struct db_query *const *queries,
                   struct reason *why) {
    const struct node *node = world.current;
    if (node == NULL)
        return __real_db_open(out, url, schema, queries, why);
    if (node->dying || world.now_ms < world.down_until)
        return refuse(why, "database", "cannot be reached");
    struct session *session = free_session(schema);
    if (session == NULL) {
        assert(session_count < SESSIONS_MAX);
        session = &sessions[session_count];
        if (__real_db_open(&session->db, url, schema, queries, why) != 0)
            return -1;
        session->connection = db_raw(session->db);
        snprintf(session->schema, sizeof session->schema, "%s", schema);
        session_count++;
    }
    session->node = node;
    session->cut = session->listens = false;
    db_forget_failure(session->db);
    *out = session->db;
    return 0;
}

void __wrap_db_close(struct db **db) {
    struct session *session = *db != NULL ? session_of(db_raw(*db)) : NULL;
    if (session == NULL) {
        __real_db_close(db);
        return;
    }
    end_session(session); /* also if it was cut: what was sent since then must not be carried out */
    session->node = NULL;
    *db = NULL;
}

/* ---- libpq, with faults ---------------------------------------------------------------------------------------------------------------- */

ConnStatusType __wrap_PQstatus(const PGconn *connection) {
    return is_cut(connection) ? CONNECTION_BAD : __real_PQstatus(connection);
}

int __wrap_PQsocket(const PGconn *connection) {
    return is_cut(connection) ? -1 : __real_PQsocket(connection);
}

PGresult *__wrap_PQgetResult(PGconn *connection) {
    return is_cut(connection) ? NULL : __real_PQgetResult(connection);
}

int __wrap_PQsendFlushRequest(PGconn *connection) {
    return is_cut(connection) ? 0 : __real_PQsendFlushRequest(connection);
}

/* The mesh thread is the one that listens. */
PGresult *__wrap_db_ask(struct db *db, const char *query, const struct params *params) {
    struct session *session = session_of(db_raw(db));
    if (session != NULL && strcmp(query, "mesh_listen") == 0)
        session->listens = true;
    return __real_db_ask(db, query, params);
}

int __wrap_PQpipelineSync(PGconn *connection) {
    struct session *session = session_of(connection);
    if (session == NULL)
        return __real_PQpipelineSync(connection);
    const uint32_t cut_one_in = session->listens ? CUT_MESH_ONE_IN : CUT_ONE_IN;
    if (!session->cut && chance_one_in(cut_one_in)) {
        trace("loses the database before the commit");
        world.happened[HAPPENED_cut_before]++;
        end_session(session);
    }
    if (session->cut)
        return 0;
    int status = __real_PQpipelineSync(connection);
    if (chance_one_in(cut_one_in)) {
        trace("loses the database after the commit");
        world.happened[HAPPENED_cut_after]++;
        drain(connection);
        end_session(session);
    }
    return status;
}

/* What others notified before now is here now: without the round trip it would be so sooner or later. */
int __wrap_PQconsumeInput(PGconn *connection) {
    if (is_cut(connection))
        return 0;
    if (session_of(connection) != NULL && __real_PQpipelineSync(connection) == 1)
        drain(connection);
    return __real_PQconsumeInput(connection);
}

/* ---- the simulation's own connection ----------------------------------------------------------------------------------------------------- */

static void run_script(const char *sql) {
    PGconn *connection = PQconnectdb(own_url);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        broken("setup", "%s", PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

void database_begin(const char *url) {
    static const struct db_query *const tables[] = {common_queries, audit_queries, simulation_queries, NULL};
    struct reason why;
    own_url = url;
    if (db_open(&own, url, "routing", tables, &why) != 0)
        broken("setup", "%s: %s", why.field, why.text);
    SCOPED_RESULT
    *alone = db_ask(own, "simulation_alone", NULL);
    if (alone == NULL)
        broken("setup", "another simulation runs on this database");
}

void database_reset(void) {
    run_script("SET client_min_messages = warning; SELECT simulation.reset()");
}

void database_set_clock(void) {
    char sql[300];
    snprintf(
        sql, sizeof sql,
        "DELETE FROM mesh.clock; INSERT INTO mesh.clock (real_at, shown_at, speed) VALUES (now() - interval '1 minute', "
        "to_timestamp(%lld / 1000.0), 1e-9)",
        (long long)clock_now());
    run_script(sql);
}

/* postgresql://postgres@/… for another role */
void database_role_url(char url[2000], const char *role) {
    const char *at = strchr(own_url, '@'), *slashes = strstr(own_url, "//");
    assert(at != NULL && slashes != NULL);
    snprintf(url, 2000, "%.*s%s%s", (int)(slashes + 2 - own_url), own_url, role, at);
}

/* ---- mutants: what the checkers must find ------------------------------------------------------------------------------------------------ */

static const struct mutant {
    const char *name, *query, *from,
        *to; /* in this query, the first `from` becomes `to`; query NULL: see __wrap_db_sync */
} mutants[] = {
    {"commit", NULL, NULL, NULL},
    {"fence", "common_fence",
     "AND s.epoch = n.epoch\n    AND s.in_seq_1 = n.old_in_1 AND s.in_seq_2 = n.old_in_2 AND s.out_seq = n.old_head",
     ""},
    {"cursor", "common_fence", "in_seq_1 = n.in_1", "in_seq_1 = greatest(s.in_seq_1, n.in_1 - 1)"},
    {"key", "intake_find", "WHERE", "WHERE false AND"},
    {"arm", "escalation_arm", "due_at = excluded.due_at, version", "version"},
    {"fire", "escalation_fire", "fired_at = $3::timestamptz", "fired_at = NULL"},
};
static const struct mutant *mutant;

int __wrap_PQsendPrepare(PGconn *connection, const char *name, const char *sql, int types, const Oid *oids) {
    const char *at = mutant != NULL && mutant->query != NULL && strcmp(mutant->query, name) == 0
                         ? strstr(sql, mutant->from)
                         : NULL;
    char changed[8000];
    if (at == NULL)
        return __real_PQsendPrepare(connection, name, sql, types, oids);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - sql), sql, mutant->to, at + strlen(mutant->from));
    mutant_used = true;
    return __real_PQsendPrepare(connection, name, changed, types, oids);
}

/* The mutant `commit` takes it for granted that a commit succeeds. */
int __wrap_db_sync(struct db *db) {
    int status = __real_db_sync(db);
    bool believes = mutant != NULL && mutant->query == NULL && db != own;
    mutant_used = mutant_used || believes;
    return believes && db_failure(db) == DB_WORLD ? 0 : status;
}

bool database_mutate(const char *name) {
    for (size_t i = 0; i < sizeof mutants / sizeof mutants[0]; i++)
        if (strcmp(mutants[i].name, name) == 0)
            mutant = &mutants[i];
    return mutant != NULL;
}

bool database_mutated(void) {
    return mutant == NULL || mutant_used;
}
