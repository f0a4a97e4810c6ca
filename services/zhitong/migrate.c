#include "services/zhitong/migrate.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "services/zhitong/migrations.h"
#include "services/zhitong/options.h"

/* Whoever waits for a lock holds up all who come after, the services too: a migration waits this long for each, then lets everybody
 * pass and tries again. */
#define LOCK_WAIT_MS 1000
#define LOCK_TRIES_MAX 60
#define LOCK_PAUSE_MS 1000

#define CHECKSUM_BYTES 32
#define CHECKSUM_TEXT (CHECKSUM_BYTES * 2 + 1)

/* One transaction each, by the simple protocol, because a migration holds many statements: not through common/db. */

static PGconn *connect_database(const char *url) {
    char seconds[8];
    snprintf(seconds, sizeof seconds, "%d", DB_CONNECT_SECONDS_MAX);
    const char *keywords[] = {
        "dbname", "connect_timeout", "target_session_attrs", "fallback_application_name", "options", NULL};
    const char *values[] = {url, seconds, "read-write", "zhitong migrate", "-c client_min_messages=warning", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);

    if (PQstatus(connection) == CONNECTION_OK)
        return connection;
    fprintf(stderr, "database: %s", PQerrorMessage(connection));
    PQfinish(connection);
    return NULL;
}

enum outcome { DONE, LOCKED, FAILED };

static enum outcome outcome_of(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return DONE;
    /* lock_not_available, deadlock_detected */
    return state != NULL && (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0) ? LOCKED : FAILED;
}

static enum outcome run(PGconn *connection, const char *sql) {
    SCOPED_RESULT
    *result = PQexec(connection, sql);

    return outcome_of(result);
}

static int complain(PGconn *connection, const char *what) {
    fprintf(stderr, "%s: %s", what, PQerrorMessage(connection));
    return -1;
}

static void checksum(const char *sql, char text[CHECKSUM_TEXT]) {
    unsigned char hash[CHECKSUM_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)sql, strlen(sql), NULL, 0);
    sodium_bin2hex(text, CHECKSUM_TEXT, hash, sizeof hash);
}

/* Held to the end of the session, so that a second `migrate` waits and then finds nothing to do. */
static int prepare_database(PGconn *connection) {
    if (run(connection, "SELECT pg_advisory_lock(hashtext('zhitong_migration'))") != DONE ||
        run(connection,
            "CREATE TABLE IF NOT EXISTS public.zhitong_migration (name text PRIMARY KEY, checksum text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT clock_timestamp())") != DONE)
        return complain(connection, "zhitong_migration");
    return 0;
}

/* What is applied, in the order in which it was; NULL when it cannot be read. */
static PGresult *read_applied(PGconn *connection) {
    static const char sql[] = "SELECT name, checksum FROM public.zhitong_migration";
    PGresult *result = PQexec(connection, "SELECT to_regclass('public.zhitong_migration') IS NOT NULL");
    bool empty = PQresultStatus(result) == PGRES_TUPLES_OK && strcmp(PQgetvalue(result, 0, 0), "f") == 0;

    PQclear(result);
    result = PQexec(connection, empty ? "SELECT '', '' WHERE false" : sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    (void)complain(connection, "zhitong_migration");
    PQclear(result);
    return NULL;
}

static const char *applied_checksum(const PGresult *applied, const char *name) {
    for (int row = 0; row < PQntuples(applied); row++)
        if (strcmp(PQgetvalue(applied, row, 0), name) == 0)
            return PQgetvalue(applied, row, 1);
    return NULL;
}

/* Refuses a database that an edited file or a newer program has shaped. */
static int check_applied(const PGresult *applied) {
    size_t known = 0;

    for (const struct migration *migration = migrations; migration->name != NULL; migration++) {
        char ours[CHECKSUM_TEXT];
        const char *theirs = applied_checksum(applied, migration->name);
        if (theirs == NULL)
            continue;
        known++;
        checksum(migration->sql, ours);
        if (strcmp(ours, theirs) == 0)
            continue;
        fprintf(stderr,
                "%s: was applied with another text (checksum %.12s…, now %.12s…); "
                "a released migration is never changed, add a new one\n",
                migration->name, theirs, ours);
        return -1;
    }
    if (known == (size_t)PQntuples(applied))
        return 0;
    fprintf(stderr, "database: holds %zu migrations that this program does not know; it was migrated by a newer one\n",
            (size_t)PQntuples(applied) - known);
    return -1;
}

/* In a transaction; who wants the reason asks before ROLLBACK. */
static enum outcome apply_once(PGconn *connection, const struct migration *migration) {
    char hash[CHECKSUM_TEXT], begin[64];
    const char *values[] = {migration->name, hash};

    checksum(migration->sql, hash);
    snprintf(begin, sizeof begin, "BEGIN; SET LOCAL lock_timeout = %d", LOCK_WAIT_MS);
    enum outcome outcome = run(connection, begin);
    if (outcome == DONE)
        outcome = run(connection, migration->sql);
    if (outcome != DONE)
        return outcome;
    /* Back to public: a migration may have set the search path. */
    SCOPED_RESULT
    *result = PQexecParams(connection, "INSERT INTO public.zhitong_migration (name, checksum) VALUES ($1, $2)", 2, NULL,
                           values, NULL, NULL, 0);
    outcome = outcome_of(result);
    return outcome == DONE ? run(connection, "COMMIT") : outcome;
}

static int apply(PGconn *connection, const struct migration *migration) {
    int64_t began = clock_monotonic_ms();
    enum outcome outcome;

    for (int tries = 1; (outcome = apply_once(connection, migration)) == LOCKED && tries < LOCK_TRIES_MAX; tries++) {
        printf("           %s: somebody holds a lock; undone, and tried again in a second (%d of %d)\n",
               migration->name, tries, LOCK_TRIES_MAX);
        fflush(stdout);
        (void)run(connection, "ROLLBACK");
        poll(NULL, 0, LOCK_PAUSE_MS);
    }
    if (outcome != DONE) {
        (void)complain(connection, migration->name);
        (void)run(connection, "ROLLBACK");
        fprintf(stderr, "%s is undone; what came before it stays applied\n", migration->name);
        return -1;
    }
    printf("%6lld ms  %s\n", (long long)(clock_monotonic_ms() - began), migration->name);
    fflush(stdout);
    return 0;
}

static int walk(PGconn *connection, bool dry) {
    size_t count = 0;
    int status = -1;

    if (!dry && prepare_database(connection) != 0)
        return -1;
    PGresult *applied = read_applied(connection);
    if (applied == NULL || check_applied(applied) != 0)
        goto done;
    for (const struct migration *migration = migrations; migration->name != NULL; migration++) {
        if (applied_checksum(applied, migration->name) != NULL)
            continue;
        count++;
        if (dry)
            printf("would run  %s\n", migration->name);
        else if (apply(connection, migration) != 0)
            goto done;
    }
    status = 0;
    if (count == 0)
        printf("nothing to do: %d migrations are applied\n", PQntuples(applied));
done:
    PQclear(applied);
    return status;
}

int migrate_command(int argc, char **argv) {
    const char *url = NULL;
    bool dry = false;
    const struct option_row rows[] = {{"--dry-run", NULL, &dry}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (sodium_init() < 0) {
        fprintf(stderr, "libsodium does not start\n");
        return EXIT_REFUSED;
    }
    PGconn *connection = connect_database(url);
    if (connection == NULL)
        return EXIT_REFUSED;
    int status = walk(connection, dry);
    PQfinish(connection);
    return status == 0 ? EXIT_GOOD : EXIT_REFUSED;
}
