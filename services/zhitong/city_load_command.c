/* `zhitong city load`: what the load changes decides what it makes. */
#include <stdio.h>
#include <string.h>

#include "common/city_private.h"
#include "services/zhitong/city_check.h"
#include "services/zhitong/city_compare.h"
#include "services/zhitong/city_load.h"
#include "services/zhitong/city_versions.h"
#include "services/zhitong/local_time.h"
#include "services/zhitong/options.h"

#define PAST_MAX_MS DAY_MS /* a version may begin so long ago: cases that opened since keep the one that they have */

extern const struct db_query city_queries[];

struct loading {
    struct city *city; /* the folder's */
    struct city_draft *folder, *loaded;
    const char *valid_from; /* as it was asked for, or NULL */
    struct db *db;
};

struct differences {
    bool any, policy, time;
};

/* Whether one of these columns differs in some row, or rows came or went. */
static bool concerns(const struct table_changes *changes, const bool columns[CITY_COLUMNS_MAX]) {
    if (changes->added + changes->removed > 0)
        return true;
    for (size_t i = 0; i < CITY_COLUMNS_MAX; i++)
        if (columns[i] && changes->columns[i])
            return true;
    return false;
}

static struct differences differences_of(const struct loading *loading) {
    static const bool promised[CITY_COLUMNS_MAX] = {[COLUMN(items, severity)] = true,
                                                    [COLUMN(items, tier)] = true,
                                                    [COLUMN(items, limit)] = true,
                                                    [COLUMN(items, limit_unit)] = true};
    struct table_changes changes[CITY_TABLE_COUNT];
    struct differences found = {0};

    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        changes[table] = city_compare(loading->loaded, loading->folder, table, NULL);
        found.any |= table_is_changed(&changes[table]);
    }
    found.policy = table_is_changed(&changes[CITY_ladder]) || table_is_changed(&changes[CITY_rules]) ||
                   concerns(&changes[CITY_items], promised);
    found.time = table_is_changed(&changes[CITY_calendar]) || table_is_changed(&changes[CITY_hours]) ||
                 changes[CITY_units].columns[COLUMN(units, calendar)] ||
                 strcmp(draft_city_value(loading->loaded, "timezone"), draft_city_value(loading->folder, "timezone")) !=
                     0;
    return found;
}

/* From when on the new version holds, if one is made: 0 for the first, which holds for everything before, too. */
static int read_valid_from(const struct loading *loading, int64_t now, int64_t *valid_from) {
    struct zone *zone;
    struct reason why;

    if (loading->valid_from == NULL) {
        *valid_from = loading->loaded->version == 0 ? 0 : now;
        return 0;
    }
    if (zone_open(&zone, city_timezone(loading->city), &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return -1;
    }
    int status = local_read(zone, loading->valid_from, valid_from);
    zone_close(&zone);
    if (status != 0) {
        fprintf(stderr, "--valid-from: \"%s\" is no time: write 2027-01-01, or 2027-01-01T08:30:00+08:00\n",
                loading->valid_from);
        return -1;
    }
    if (loading->loaded->version == 0 || *valid_from >= now - PAST_MAX_MS)
        return 0;
    fprintf(stderr,
            "--valid-from: %s lies more than a day in the past: cases that opened since then keep what they were"
            " promised; leave it out for now\n",
            loading->valid_from);
    return -1;
}

static int load(const struct loading *loading) {
    struct city_load load = {.draft = loading->folder, .expected = loading->loaded->version};
    uint64_t version = 0;
    struct reason why;

    SCOPED_RESULT
    *result = db_ask(loading->db, "city_load_now", NULL);
    if (result == NULL)
        return database_failed(loading->db);
    if (read_valid_from(loading, db_time(result, 0, 0), &load.valid_from) != 0)
        return EXIT_REFUSED;
    struct differences found = differences_of(loading);
    /* What is loaded may begin earlier than was said before, but never later: cases may have it already. */
    bool earlier = loading->valid_from != NULL && !db_null(result, 0, 1) && load.valid_from < db_time(result, 0, 1);
    if (!found.any && !earlier && load.expected > 0) {
        printf("nothing changed: version %llu of %s stays\n", (unsigned long long)load.expected,
               city_name(loading->city));
        return EXIT_GOOD;
    }
    load.makes_policy = found.policy || earlier;
    load.changes_time = found.time;
    if (city_load(loading->db, &load, &version, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    printf("%s is loaded, version %llu\n", city_name(loading->city), (unsigned long long)version);
    if (!load.makes_policy && loading->valid_from != NULL)
        printf("ladder, limits and amounts are as before: --valid-from concerns nothing else\n");
    return city_versions_say_next(loading->db);
}

static int load_into(struct loading *loading, const char *url) {
    static const struct db_query *const queries[] = {city_load_queries, city_queries, NULL};
    struct reason why;

    if (db_open(&loading->db, url, "city", queries, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    loading->loaded = city_draft_open();
    int status = city_draft_read(loading->loaded, loading->db) == 0 ? load(loading) : database_failed(loading->db);
    city_draft_close(&loading->loaded);
    db_close(&loading->db);
    return status;
}

int city_load_command(int argc, char **argv) {
    struct loading loading = {0};
    const struct option_row rows[] = {{"--valid-from", &loading.valid_from, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    const char *url = NULL;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 1 || url == NULL)
        return wrong_use("city load", "say which folder to load, and --database URL");
    if (city_check_folder(&loading.city, &loading.folder, words.at[0]) != 0)
        return EXIT_REFUSED;
    int status = load_into(&loading, url);
    city_close(&loading.city);
    city_draft_close(&loading.folder);
    return status;
}
