#include "services/zhitong/city_versions.h"

#include <stdbool.h>
#include <stdio.h>

#include "common/policy.h"
#include "services/zhitong/city_load.h"
#include "services/zhitong/local_time.h"
#include "services/zhitong/options.h"

/* Columns of the query city_versions. */
enum { VERSION, VALID_FROM, LOADED_AT, NOW, RUNGS, ITEMS, RULES, TIMEZONE, CITY_NAME, CITY_VERSION };

/* The row of the policy that a case gets now. */
static int row_in_force(const PGresult *versions) {
    int found = 0;

    for (int row = 1; row < PQntuples(versions); row++)
        if (db_time(versions, row, VALID_FROM) <= db_time(versions, row, NOW))
            found = row;
    return found;
}

/* How many versions are newer. */
static int newer(const PGresult *versions, int of) {
    int count = 0;

    for (int row = 0; row < PQntuples(versions); row++)
        count += db_int8(versions, row, VERSION) > db_int8(versions, of, VERSION);
    return count;
}

static void print_from(const struct zone *zone, const PGresult *versions, int row, char text[LOCAL_TEXT_MAX]) {
    if (db_time(versions, row, VALID_FROM) == 0)
        snprintf(text, LOCAL_TEXT_MAX, "the beginning");
    else
        local_print(zone, db_time(versions, row, VALID_FROM), text);
}

static const char *state_of(const PGresult *versions, int row) {
    int in_force = row_in_force(versions);

    if (newer(versions, row) >= POLICIES_KEPT_MAX)
        return "no longer held";
    if (row == in_force)
        return "in force";
    return row > in_force ? "to come" : "for cases opened under it";
}

static void print_versions(const struct zone *zone, const PGresult *versions) {
    char from[LOCAL_TEXT_MAX], loaded[LOCAL_TEXT_MAX];

    printf("%s, version %lld\n", db_text(versions, 0, CITY_NAME), (long long)db_int8(versions, 0, CITY_VERSION));
    printf("%7s  %-25s  %-25s  %6s  %6s  %5s\n", "version", "valid from", "loaded", "ladder", "items", "rules");
    bool has_own = false;
    for (int row = 0; row < PQntuples(versions); row++) {
        has_own |= db_int8(versions, row, VERSION) == db_int8(versions, row, CITY_VERSION);
        print_from(zone, versions, row, from);
        local_print(zone, db_time(versions, row, LOADED_AT), loaded);
        printf("%7lld  %-25s  %-25s  %6lld  %6lld  %5lld  %s\n", (long long)db_int8(versions, row, VERSION), from,
               loaded, (long long)db_int8(versions, row, RUNGS), (long long)db_int8(versions, row, ITEMS),
               (long long)db_int8(versions, row, RULES), state_of(versions, row));
    }
    if (!has_own)
        printf("version %lld of the city changed no limits and has none of its own\n",
               (long long)db_int8(versions, 0, CITY_VERSION));
}

static void say_next(const struct zone *zone, const PGresult *versions) {
    char from[LOCAL_TEXT_MAX];

    for (int row = row_in_force(versions) + 1; row < PQntuples(versions); row++) {
        print_from(zone, versions, row, from);
        printf("cases that open from %s on have the limits of version %lld\n", from,
               (long long)db_int8(versions, row, VERSION));
    }
    if (PQntuples(versions) > POLICIES_KEPT_MAX)
        fprintf(stderr,
                "warning: services hold the newest %d versions only; cases of an older one have the oldest of these\n",
                POLICIES_KEPT_MAX);
}

static int with_versions(struct db *db, void (*say)(const struct zone *zone, const PGresult *versions)) {
    SCOPED_RESULT
    *versions = db_ask(db, "city_versions", NULL);
    struct zone *zone;
    struct reason why;

    if (versions == NULL)
        return database_failed(db);
    if (PQntuples(versions) == 0) {
        fprintf(stderr, "city: no city is loaded: run `zhitong city load FOLDER`\n");
        return EXIT_REFUSED;
    }
    if (zone_open(&zone, db_text(versions, 0, TIMEZONE), &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    say(zone, versions);
    zone_close(&zone);
    return EXIT_GOOD;
}

int city_versions_say_next(struct db *db) {
    return with_versions(db, say_next);
}

int city_versions_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "city", city_load_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = with_versions(db, print_versions);
    db_close(&db);
    return status;
}
