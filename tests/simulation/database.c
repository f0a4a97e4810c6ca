/* PostgreSQL is the real one; what is simulated is the way to it. Every connection is known, and can be cut before or after the commit
 * that is asked for over it. A cut waits until the server has noticed: then the locks have fallen, always at the same step. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/queries.h"
#include "tests/simulation/world.h"

#define CONNECTIONS_MAX 128
#define GONE_TURNS_MAX 20000
#define GONE_TURN_US 500

extern const struct db_query audit_queries[], simulation_queries[];
PGconn *__real_PQconnectdbParams(const char *const *keywords, const char *const *values, int expand);
PGconn *__wrap_PQconnectdbParams(const char *const *keywords, const char *const *values, int expand);
void __real_PQfinish(PGconn *connection);
void __wrap_PQfinish(PGconn *connection);
int __real_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection);
int __real_PQconsumeInput(PGconn *connection);
int __wrap_PQconsumeInput(PGconn *connection);
int __real_PQsendPrepare(PGconn *connection, const char *name, const char *sql, int types, const Oid *oids);
int __wrap_PQsendPrepare(PGconn *connection, const char *name, const char *sql, int types, const Oid *oids);
int __real_db_sync(struct db *db);
int __wrap_db_sync(struct db *db);

static struct {
    PGconn *connection;
    const struct node *node;
} known[CONNECTIONS_MAX];
static size_t known_count;

static struct db *own;
static const char *own_url;
static bool mutant_used;

struct db *database(void) {
    return own;
}
const char *database_url(void) {
    return own_url;
}

/* ---- cutting ------------------------------------------------------------------------------------------------------------------------- */

static void wait_until_gone(int pid) {
    for (int turn = 0; turn < GONE_TURNS_MAX && own != NULL; turn++) {
        struct column pids = {0};
        struct params params = {0};
        column_int4(&pids, pid);
        params_column(&params, &pids);
        PGresult *result = db_ask(own, "simulation_gone", &params);
        column_close(&pids);
        bool gone = result != NULL && db_int8(result, 0, 0) == 0;
        PQclear(result);
        if (gone)
            return;
        usleep(GONE_TURN_US);
    }
    assert(own == NULL);
}

/* libpq reads an end from now on, and the server too; what was sent before is still carried out. */
static void cut(PGconn *connection) {
    int pid = PQbackendPID(connection), dead[2];
    if (PQsocket(connection) < 0)
        return;
    int status = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, dead);
    assert(status == 0);
    status = dup2(dead[0], PQsocket(connection));
    assert(status >= 0);
    (void)status;
    close(dead[0]);
    close(dead[1]);
    wait_until_gone(pid);
}

void database_cut(const struct node *node, bool only_first) {
    for (size_t i = 0; i < known_count; i++) {
        if (known[i].node != node)
            continue;
        cut(known[i].connection);
        if (only_first)
            return;
    }
}

/* ---- libpq, with faults ---------------------------------------------------------------------------------------------------------------- */

PGconn *__wrap_PQconnectdbParams(const char *const *keywords, const char *const *values, int expand) {
    static const char *const nowhere[] = {"host", NULL}, *const values_of[] = {"/nowhere", NULL};
    struct node *node = world.current;
    if (node != NULL && (node->dying || world.now_ms < world.down_until))
        return __real_PQconnectdbParams(nowhere, values_of, 0);
    PGconn *connection = __real_PQconnectdbParams(keywords, values, expand);
    assert(known_count < CONNECTIONS_MAX);
    if (node != NULL) {
        known[known_count].connection = connection;
        known[known_count++].node = node;
    }
    return connection;
}

void __wrap_PQfinish(PGconn *connection) {
    int pid = PQbackendPID(connection);
    bool is_known = false;
    for (size_t i = 0; i < known_count && !is_known; i++) {
        is_known = known[i].connection == connection;
        if (is_known) {
            known_count--;
            memmove(&known[i], &known[i + 1], (known_count - i) * sizeof known[0]);
        }
    }
    __real_PQfinish(connection);
    if (is_known && pid != 0)
        wait_until_gone(pid);
}

int __wrap_PQpipelineSync(PGconn *connection) {
    bool is_known = false;
    for (size_t i = 0; i < known_count; i++)
        is_known = is_known || known[i].connection == connection;
    if (is_known && chance_one_in(300)) {
        trace("loses the database before the commit");
        world.happened[HAPPENED_cut_before]++;
        cut(connection);
    }
    int status = __real_PQpipelineSync(connection);
    if (is_known && status == 1 && chance_one_in(300)) {
        trace("loses the database after the commit");
        world.happened[HAPPENED_cut_after]++;
        while (PQflush(connection) > 0)
            ;
        cut(connection);
    }
    return status;
}

/* What others notified before now is here now: without the round trip it would be so sooner or later. */
int __wrap_PQconsumeInput(PGconn *connection) {
    if (__real_PQpipelineSync(connection) == 1) {
        PGresult *result = PQgetResult(connection);
        PQclear(result);
    }
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
    __real_PQfinish(connection);
}

void database_begin(const char *url) {
    static const struct db_query *const tables[] = {common_queries, audit_queries, simulation_queries, NULL};
    struct reason why;
    own_url = url;
    if (db_open(&own, url, "routing", tables, &why) != 0)
        broken("setup", "%s: %s", why.field, why.text);
}

void database_reset(void) {
    run_script("SET client_min_messages = warning; SELECT simulation.reset()");
}

void database_set_clock(void) {
    char sql[300];
    snprintf(sql, sizeof sql,
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
    const char *name, *query, *from, *to; /* in this query, the first `from` becomes `to`; query NULL: see __wrap_db_sync */
} mutants[] = {
    {"commit", NULL, NULL, NULL},
    {"fence", "common_fence",
     "AND s.epoch = n.epoch\n    AND s.in_seq_1 = n.old_in_1 AND s.in_seq_2 = n.old_in_2 AND s.out_seq = n.old_head", ""},
    {"cursor", "common_fence", "in_seq_1 = n.in_1", "in_seq_1 = greatest(s.in_seq_1, n.in_1 - 1)"},
    {"key", "intake_find", "WHERE", "WHERE false AND"},
    {"arm", "escalation_arm", "due_at = excluded.due_at, version", "version"},
    {"fire", "escalation_fire", "fired_at = $3::timestamptz", "fired_at = NULL"},
};
static const struct mutant *mutant;

int __wrap_PQsendPrepare(PGconn *connection, const char *name, const char *sql, int types, const Oid *oids) {
    const char *at = mutant != NULL && mutant->query != NULL && strcmp(mutant->query, name) == 0 ? strstr(sql, mutant->from) : NULL;
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
