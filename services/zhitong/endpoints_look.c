/* Endpoints are looked at, switched on and off, removed and tried. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/zhitong/endpoints.h"
#include "services/zhitong/options.h"

#define TEST_SECONDS_MAX 30
#define TEST_POLL_MS 100

extern const struct db_query endpoints_queries[];

/* One word (or none for a list), and the database. NULL: it was said why not. */
static struct db *open_for(int argc, char **argv, const char **name) {
    const char *url = NULL;
    struct words words = {.max = name != NULL ? 1 : 0};
    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return NULL;
    if (name != NULL && words.count < 1) {
        (void)wrong_use(argv[0], "NAME is needed");
        return NULL;
    }
    if (name != NULL)
        *name = words.at[0];
    return database_open(url, "notification", endpoints_queries);
}

/* kind: "", or what it would have to be, with a blank in front. */
static int no_such(const char *name, const char *kind) {
    fprintf(stderr, "NAME: there is no endpoint %s%s; zhitong endpoints list shows them\n", name, kind);
    return EXIT_REFUSED;
}

#define WITH_ADDRESS " with an address of its own" /* those who reported have one for each entry */

struct question {
    const char *query, *name, *kind;
};

/* The caller clears the rows; *status says, and the user was told, what went wrong. */
static PGresult *ask_about(struct db *db, const struct question *about, int *status) {
    struct params params = {0};
    params_text(&params, about->name);
    PGresult *rows = db_ask(db, about->query, &params);
    if (rows == NULL)
        *status = database_failed(db);
    else if (PQntuples(rows) == 0)
        *status = no_such(about->name, about->kind);
    else
        *status = EXIT_GOOD;
    return rows;
}

int endpoints_list_command(int argc, char **argv) {
    struct db *db = open_for(argc, argv, NULL);
    if (db == NULL)
        return EXIT_WRONG_USE;
    SCOPED_RESULT
    *rows = db_ask(db, "endpoint_list", NULL);
    int status = rows == NULL ? database_failed(db) : EXIT_GOOD;
    db_close(&db);
    if (rows == NULL)
        return status;
    printf("%-24s %-16s %-10s %-9s %10s %8s %6s  %s\n", "endpoint", "unit", "carrier", "state", "behind", "waiting",
           "dead", "address");
    for (int row = 0; row < PQntuples(rows); row++)
        printf("%-24s %-16s %-10s %-9s %10lld %8lld %6lld  %s\n", db_text(rows, row, 0), db_text(rows, row, 1),
               db_text(rows, row, 2), db_text(rows, row, 4), (long long)db_int8(rows, row, 5),
               (long long)db_int8(rows, row, 6), (long long)db_int8(rows, row, 7), db_text(rows, row, 3));
    return status;
}

static void print_instant(const char *label, const PGresult *rows, int column) {
    char text[INSTANT_TEXT_MAX] = "never";
    if (!db_null(rows, 0, column))
        instant_print(db_time(rows, 0, column), text);
    printf("%-12s %s\n", label, text);
}

static void print_endpoint(const PGresult *rows) {
    static const char *const labels[] = {"endpoint", "unit", "carrier", "address", "filter", "language", "announce"};
    for (int i = 0; i < (int)(sizeof labels / sizeof labels[0]); i++)
        printf("%-12s %s\n", labels[i], db_text(rows, 0, i));
    printf("%-12s %s\n", "private", db_bool(rows, 0, 7) ? "allowed, for hosts of ZHITONG_PRIVATE_HOSTS" : "refused");
    print_instant("added", rows, 8);
    printf("%-12s from %lld, dealt with up to %lld of %lld\n", "stream", (long long)db_int8(rows, 0, 9) + 1,
           (long long)db_int8(rows, 0, 10), (long long)db_int8(rows, 0, 11));
    printf("%-12s %d in a row\n", "failures", (int)db_int4(rows, 0, 12));
    print_instant("succeeded", rows, 13);
    printf("%-12s %lld wait, %lld dead letters\n", "deliveries", (long long)db_int8(rows, 0, 16),
           (long long)db_int8(rows, 0, 17));
    if (db_null(rows, 0, 14))
        return;
    print_instant("disabled", rows, 14);
    printf("%-12s %s\n", "why", db_text(rows, 0, 15));
}

static void print_wishes(struct db *db, const char *name) {
    static const char *const labels[] = {"events", "quiet", "digest", "per hour", "login"};
    struct params params = {0};
    params_text(&params, name);
    SCOPED_RESULT
    *rows = db_ask(db, "endpoint_wishes", &params);
    for (int i = 0; rows != NULL && PQntuples(rows) > 0 && i < (int)(sizeof labels / sizeof labels[0]); i++)
        printf("%-12s %s\n", labels[i], db_text(rows, 0, i));
}

int endpoints_show_command(int argc, char **argv) {
    struct question about = {.query = "endpoint_show", .kind = ""};
    struct db *db = open_for(argc, argv, &about.name);
    int status;
    if (db == NULL)
        return EXIT_WRONG_USE;
    SCOPED_RESULT
    *rows = ask_about(db, &about, &status);
    if (status == EXIT_GOOD) {
        print_endpoint(rows);
        print_wishes(db, about.name);
    }
    db_close(&db);
    return status;
}

static int change(int argc, char **argv, struct question about, const char *done) {
    struct db *db = open_for(argc, argv, &about.name);
    int status;
    if (db == NULL)
        return EXIT_WRONG_USE;
    PQclear(ask_about(db, &about, &status));
    if (status == EXIT_GOOD)
        printf("%s: %s\n", about.name, done);
    db_close(&db);
    return status;
}

int endpoints_enable_command(int argc, char **argv) {
    return change(argc, argv, (struct question){.query = "endpoint_enable", .kind = ""},
                  "enabled; it goes on where it stopped");
}

int endpoints_disable_command(int argc, char **argv) {
    return change(argc, argv, (struct question){.query = "endpoint_disable", .kind = ""},
                  "disabled; what concerns it waits in its stream");
}

int endpoints_remove_command(int argc, char **argv) {
    return change(argc, argv, (struct question){.query = "endpoint_remove", .kind = WITH_ADDRESS}, "removed");
}

/* ---- test ---------------------------------------------------------------------------------------------------------------------- */

static PGresult *wait_for_attempt(struct db *db, const struct params *about) {
    const struct timespec pause = {0, TEST_POLL_MS * 1000000L};
    for (int i = 0; i < TEST_SECONDS_MAX * 1000 / TEST_POLL_MS; i++) {
        PGresult *rows = db_ask(db, "endpoint_tested", about);
        if (rows == NULL || PQntuples(rows) > 0)
            return rows;
        PQclear(rows);
        nanosleep(&pause, NULL);
    }
    PQclear(db_ask(db, "endpoint_test_end", about));
    return NULL;
}

static int say_tested(const char *name, const PGresult *rows) {
    bool sent = strcmp(db_text(rows, 0, 1), "sent") == 0;
    printf("%s: %s: status %d after %d ms, to %s: %s\n", name, sent ? "taken" : "not taken", (int)db_int4(rows, 0, 0),
           (int)db_int4(rows, 0, 3), db_text(rows, 0, 4), db_text(rows, 0, 2));
    return sent ? EXIT_GOOD : EXIT_REFUSED;
}

static int test(struct db *db, const char *name) {
    struct params params = {0}, about = {0};
    char endpoint[24], announcement[24];
    params_text(&params, name);
    SCOPED_RESULT
    *told = db_ask(db, "endpoint_test", &params);
    if (told == NULL)
        return database_failed(db);
    if (PQntuples(told) == 0)
        return no_such(name, WITH_ADDRESS);
    snprintf(endpoint, sizeof endpoint, "%lld", (long long)db_int8(told, 0, 0));
    snprintf(announcement, sizeof announcement, "%lld", (long long)db_int8(told, 0, 1));
    params_text(&about, endpoint);
    params_text(&about, announcement);
    SCOPED_RESULT
    *rows = wait_for_attempt(db, &about);
    if (rows != NULL)
        return say_tested(name, rows);
    fprintf(stderr, "%s: no attempt within %d s: is notification running, with the keyring?\n", name, TEST_SECONDS_MAX);
    return EXIT_REFUSED;
}

int endpoints_test_command(int argc, char **argv) {
    const char *name;
    struct db *db = open_for(argc, argv, &name);
    if (db == NULL)
        return EXIT_WRONG_USE;
    int status = test(db, name);
    db_close(&db);
    return status;
}
