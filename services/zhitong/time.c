#include "services/zhitong/time.h"

#include <stdio.h>
#include <stdlib.h>

#include "services/zhitong/options.h"

#define SPEED_MAX 1000000.0

extern const struct db_query time_queries[];

static int show(struct db *db) {
    SCOPED_RESULT
    *result = db_ask(db, "time_show", NULL);
    char now[INSTANT_TEXT_MAX];

    if (result == NULL)
        return database_failed(db);
    instant_print(db_time(result, 0, 0), now);
    if (db_bool(result, 0, 2))
        printf("%s, driven: a second counts %g\n", now, db_float8(result, 0, 1));
    else
        printf("%s, real time\n", now);
    return EXIT_GOOD;
}

/* The change and its notice in one transaction, then the time as it is now. */
static int change(const char *url, const char *query, const struct params *params) {
    struct db *db = database_open(url, "mesh", time_queries);

    if (db == NULL)
        return EXIT_REFUSED;
    bool sent = db_send(db, query, params) == 0 && db_send(db, "time_notify", NULL) == 0;
    int status = db_sync(db) == 0 && sent ? show(db) : database_failed(db);
    db_close(&db);
    return status;
}

int time_show_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "mesh", time_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = show(db);
    db_close(&db);
    return status;
}

int time_drive_command(int argc, char **argv) {
    const char *url = NULL, *from = NULL, *speed = NULL;
    const struct option_row rows[] = {{"--from", &from, NULL}, {"--speed", &speed, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct params params = {0};
    char *end;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (speed == NULL)
        return wrong_use(argv[0], "--speed is missing");
    double number = strtod(speed, &end);
    if (end == speed || *end != '\0' || !(number > 0 && number <= SPEED_MAX))
        return wrong_use(argv[0], "--speed is seconds of the city in a real second, above 0 and at most %.0f, not %s",
                         SPEED_MAX, speed);
    params_text(&params, from);
    params_text(&params, speed);
    return change(url, "time_drive", &params);
}

int time_real_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    return change(url, "time_real", NULL);
}
