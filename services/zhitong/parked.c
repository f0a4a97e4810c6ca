#include "services/zhitong/parked.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/message_json.h"
#include "services/zhitong/options.h"

extern const struct db_query parked_queries[];

static const char *message_name(int16_t type) {
    const struct message_spec *spec = message_spec((enum message)type);

    return spec != NULL ? spec->name : "unknown";
}

/* ---- list ---------------------------------------------------------------------------------------------------- */

static int list_service(const char *url, const char *service, size_t *count) {
    struct db *db = database_open(url, service, parked_queries);

    if (db == NULL)
        return EXIT_REFUSED;
    SCOPED_RESULT *result = db_ask(db, "parked_list", NULL);
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

/* Names of the services; all, or only the one asked for. NULL, told on stderr, when there is none. */
static PGresult *read_services(const char *url, const char *only) {
    struct db *db = database_open(url, "mesh", parked_queries + 0);
    struct params params = {0};

    if (db == NULL)
        return NULL;
    params_text(&params, only);
    PGresult *result = db_ask(db, "parked_services", &params);
    if (result == NULL)
        (void)database_failed(db);
    db_close(&db);
    if (result == NULL || PQntuples(result) > 0)
        return result;
    fprintf(stderr, "service: there is none called %s\n", only != NULL ? only : "anything");
    PQclear(result);
    return NULL;
}

int parked_list_command(int argc, char **argv) {
    const char *url = NULL, *service = NULL;
    const struct option_row rows[] = {{"--service", &service, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    size_t count = 0;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    SCOPED_RESULT *services = read_services(url, service);
    if (services == NULL)
        return EXIT_REFUSED;
    printf("%-12s %5s %8s %8s %12s %-16s %-24s %s\n", "service", "shard", "upstream", "seq", "case", "message", "parked",
           "field: reason");
    for (int row = 0; row < PQntuples(services); row++)
        if (list_service(url, db_text(services, row, 0), &count) != EXIT_GOOD)
            return EXIT_REFUSED;
    printf("%zu parked\n", count);
    return EXIT_GOOD;
}
