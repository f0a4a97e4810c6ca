#include "services/zhitong/parked.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/message_json.h"
#include "services/zhitong/options.h"

extern const struct db_query services_queries[]; /* on the mesh */
extern const struct db_query parked_queries[];   /* on one service's schema */

static const char *message_name(int16_t type) {
    const struct message_spec *spec = message_spec((enum message)type);

    return spec != NULL ? spec->name : "unknown";
}

/* Names of the services; all, or only the one asked for. NULL, told on stderr, when there is none. */
static PGresult *read_services(const char *url, const char *only) {
    struct db *db = database_open(url, "mesh", services_queries);
    struct params params = {0};

    if (db == NULL)
        return NULL;
    params_text(&params, only);
    PGresult *result = db_ask(db, "service_names", &params);
    if (result == NULL)
        (void)database_failed(db);
    db_close(&db);
    if (result == NULL || PQntuples(result) > 0)
        return result;
    fprintf(stderr, "service: there is none called %s\n", only != NULL ? only : "anything");
    PQclear(result);
    return NULL;
}

/* ---- list ---------------------------------------------------------------------------------------------------- */

static int list_service(const char *url, const char *service, size_t *count) {
    struct db *db = database_open(url, service, parked_queries);

    if (db == NULL)
        return EXIT_REFUSED;
    SCOPED_RESULT
    *result = db_ask(db, "parked_list", NULL);
    int status = result == NULL ? database_failed(db) : EXIT_GOOD;
    db_close(&db);
    if (result == NULL)
        return status;
    for (int row = 0; row < PQntuples(result); row++) {
        char when[INSTANT_TEXT_MAX];
        instant_print(db_time(result, row, 7), when);
        printf("%-12s %5d %8d %8lld %12lld %-16s %s %s: %s%s\n", service, db_int2(result, row, 0),
               db_int2(result, row, 1), (long long)db_int8(result, row, 2), (long long)db_int8(result, row, 3),
               message_name(db_int2(result, row, 4)), when, db_text(result, row, 5), db_text(result, row, 6),
               db_bool(result, row, 8) ? " (to be tried again)" : "");
    }
    *count += (size_t)PQntuples(result);
    return EXIT_GOOD;
}

int parked_list_command(int argc, char **argv) {
    const char *url = NULL, *service = NULL;
    const struct option_row rows[] = {{"--service", &service, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    size_t count = 0;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    SCOPED_RESULT
    *services = read_services(url, service);
    if (services == NULL)
        return EXIT_REFUSED;
    printf("%-12s %5s %8s %8s %12s %-16s %-24s %s\n", "service", "shard", "upstream", "seq", "case", "message",
           "parked", "field: reason");
    for (int row = 0; row < PQntuples(services); row++)
        if (list_service(url, db_text(services, row, 0), &count) != EXIT_GOOD)
            return EXIT_REFUSED;
    printf("%zu parked\n", count);
    return EXIT_GOOD;
}

/* ---- replay and discard -------------------------------------------------------------------------------------- */

struct choice { /* which entries of which service */
    const char *url, *service;
    bool all;
    long long shard, upstream, seq; /* of the one, when not all */
};

/* SERVICE SHARD UPSTREAM SEQ, or --service SERVICE --all. Returns EXIT_GOOD, or the exit code after telling why. */
static int read_choice(int argc, char **argv, struct choice *choice, bool *yes) {
    static const struct number_range ranges[] = {
        {"SHARD", 0, SHARD_COUNT - 1}, {"UPSTREAM", 1, 2}, {"SEQ", 1, INT64_MAX}};
    const struct option_row rows[] = {{"--service", &choice->service, NULL},
                                      {"--all", NULL, &choice->all},
                                      {yes != NULL ? "--yes" : NULL, NULL, yes},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 4};

    if (options_read(argc, argv, rows, &words, &choice->url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != (choice->all ? 0 : 4) || (choice->service != NULL) != choice->all)
        return wrong_use(argv[0], "wants SERVICE SHARD UPSTREAM SEQ, or --service SERVICE --all");
    if (!choice->all) {
        choice->service = words.at[0];
        if (number_read(words.at[1], &ranges[0], &choice->shard) != 0 ||
            number_read(words.at[2], &ranges[1], &choice->upstream) != 0 ||
            number_read(words.at[3], &ranges[2], &choice->seq) != 0)
            return EXIT_WRONG_USE;
    }
    SCOPED_RESULT
    *known = read_services(choice->url, choice->service);
    return known != NULL ? EXIT_GOOD : EXIT_REFUSED;
}

/* Carries out the query on the chosen entries and tells every replica. NULL, told on stderr, when it failed or when
 * there is no such entry. */
static PGresult *carry_out(const struct choice *choice, const char *query) {
    struct db *db = database_open(choice->url, choice->service, parked_queries);
    struct params params = {0};

    if (db == NULL)
        return NULL;
    if (choice->all) {
        for (int i = 0; i < 3; i++)
            params_text(&params, NULL);
    } else {
        params_int2(&params, (int16_t)choice->shard);
        params_int2(&params, (int16_t)choice->upstream);
        params_int8(&params, choice->seq);
    }
    PGresult *result = db_send(db, query, &params) == 0 ? db_take(db) : NULL;
    bool sent = result != NULL && db_send(db, "parked_notify", NULL) == 0;
    if (db_sync(db) != 0 || !sent) {
        (void)database_failed(db);
        PQclear(result);
        result = NULL;
    }
    db_close(&db);
    if (result == NULL || PQntuples(result) > 0)
        return result;
    fprintf(stderr, "%s: no such entry is parked\n", choice->service);
    PQclear(result);
    return NULL;
}

int parked_replay_command(int argc, char **argv) {
    struct choice choice = {0};
    int status = read_choice(argc, argv, &choice, NULL);

    if (status != EXIT_GOOD)
        return status;
    SCOPED_RESULT
    *result = carry_out(&choice, "parked_replay");
    if (result == NULL)
        return EXIT_REFUSED;
    printf("%s tries %d again; what fails again is parked again, with the new reason\n", choice.service,
           PQntuples(result));
    return EXIT_GOOD;
}

/* The message as JSON; NULL when the body is no such message. */
static char *body_text(int16_t type, const uint8_t *body, size_t size) {
    const struct message_spec *spec = message_spec((enum message)type);
    struct reason why;
    char *text = NULL;

    if (spec == NULL)
        return NULL;
    void *value = calloc(1, spec->size);
    if (value != NULL && message_decode(spec->number, body, size, value, &why) == 0) {
        json_t *object = message_to_json(spec->number, value);
        text = json_dumps(object, JSON_COMPACT);
        json_decref(object);
    }
    free(value);
    return text;
}

static void print_lost(const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        size_t size;
        int16_t type = db_int2(result, row, 4);
        const uint8_t *body = db_bytea(result, row, 7, &size);
        char *text = body_text(type, body, size);
        printf("shard %d upstream %d seq %lld case %lld %s (%s: %s) %s\n", db_int2(result, row, 0),
               db_int2(result, row, 1), (long long)db_int8(result, row, 2), (long long)db_int8(result, row, 3),
               message_name(type), db_text(result, row, 5), db_text(result, row, 6),
               text != NULL ? text : "unreadable");
        free(text);
    }
}

int parked_discard_command(int argc, char **argv) {
    struct choice choice = {0};
    bool yes = false;
    int status = read_choice(argc, argv, &choice, &yes);

    if (status != EXIT_GOOD)
        return status;
    SCOPED_RESULT
    *result = carry_out(&choice, yes ? "parked_discard" : "parked_look");
    if (result == NULL)
        return EXIT_REFUSED;
    print_lost(result);
    if (!yes) {
        fprintf(stderr, "%s: %d would be lost for good; --yes discards them\n", choice.service, PQntuples(result));
        return EXIT_REFUSED;
    }
    fprintf(stderr, "%s: %d discarded for good; their cases stay as they are\n", choice.service, PQntuples(result));
    return EXIT_GOOD;
}
