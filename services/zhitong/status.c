#include "services/zhitong/status.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/zhitong/options.h"
#include "services/zhitong/status_read.h"

#define WATCH_SECONDS_MAX 3600
#define CLEAR_SCREEN "\x1b[H\x1b[2J"

static volatile sig_atomic_t ended;

static void end(int signal_number) {
    (void)signal_number;
    ended = 1;
}

/* Colours where somebody looks who wants them: https://no-color.org */
static bool wants_colours(void) {
    const char *terminal = getenv("TERM"), *no = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0 && (no == NULL || *no == '\0');
}

/* One reading. Exit code; -1: the database failed, which has been told. */
static int show(struct db *db, bool json) {
    static struct status status;
    static struct advices advices;
    struct status_page page = {&status, &advices, NULL, wants_colours()};
    char zone_name[STATUS_NAME_MAX + 1] = "";
    struct zone *zone = NULL;
    struct reason why;

    if (status_read(db, &status, zone_name) != 0) {
        (void)database_failed(db);
        return -1;
    }
    if (zone_name[0] != '\0' && zone_open(&zone, zone_name, &why) != 0)
        zone = NULL; /* without the zone's data instants are in UTC, which they say */
    page.zone = zone;
    status_judge(&status, &advices);
    if (json)
        status_json(stdout, &page);
    else
        status_print(stdout, &page);
    fflush(stdout);
    zone_close(&zone);
    return advices_urgent(&advices) ? EXIT_REFUSED : EXIT_GOOD;
}

static int show_once(const char *url, bool json) {
    struct db *db = database_open(url, "mesh", status_queries);
    int code = db == NULL ? -1 : EXIT_GOOD;

    if (code == EXIT_GOOD && status_prepare(db) != 0)
        code = -(database_failed(db) != EXIT_GOOD);
    if (code == EXIT_GOOD)
        code = show(db, json);
    db_close(&db);
    return code < 0 ? EXIT_REFUSED : code;
}

/* Until a signal comes; while the database is away it says so and tries again. A connection each time: it may be another server. */
static int watch(const char *url, bool json, long long seconds) {
    struct sigaction action = {.sa_handler = end};
    int code = EXIT_GOOD;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (!ended) {
        if (!json && isatty(STDOUT_FILENO))
            fputs(CLEAR_SCREEN, stdout);
        fflush(stdout);
        code = show_once(url, json);
        if (!ended)
            (void)sleep((unsigned)seconds);
    }
    return code;
}

int status_command(int argc, char **argv) {
    static const struct number_range range = {"--watch", 1, WATCH_SECONDS_MAX};
    const char *url = NULL, *every = NULL;
    bool json = false;
    const struct option_row rows[] = {{"--json", NULL, &json}, {"--watch", &every, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    long long seconds = 0;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (every != NULL && number_read(every, &range, &seconds) != 0)
        return EXIT_WRONG_USE;
    return every != NULL ? watch(url, json, seconds) : show_once(url, json);
}
