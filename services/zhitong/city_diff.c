#include "services/zhitong/city_diff.h"

#include <stdio.h>

#include "services/zhitong/city_check.h"
#include "services/zhitong/city_compare.h"
#include "services/zhitong/options.h"

extern const struct db_query city_queries[];

static void diff(const struct city_draft *loaded, const struct city_draft *folder) {
    struct table_changes sum = {0};

    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        struct table_changes changes = city_compare(loaded, folder, table, stdout);
        sum.added += changes.added;
        sum.removed += changes.removed;
        sum.altered += changes.altered;
    }
    if (table_is_changed(&sum))
        printf("%zu rows would be added, %zu removed, %zu changed; ", sum.added, sum.removed, sum.altered);
    else
        printf("nothing would change; ");
    if (loaded->version > 0)
        printf("version %llu is loaded\n", (unsigned long long)loaded->version);
    else
        printf("no city is loaded\n");
}

int city_diff_command(int argc, char **argv) {
    static const struct option_row rows[] = {{NULL, NULL, NULL}};
    struct words words = {.max = 1};
    const char *url = NULL;
    struct city *city;
    struct city_draft *folder;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 1 || url == NULL)
        return wrong_use("city diff", "say which folder to compare, and --database URL");
    if (city_check_folder(&city, &folder, words.at[0]) != 0)
        return EXIT_REFUSED;
    struct city_draft *loaded = city_draft_open();
    struct db *db = database_open(url, "city", city_queries);
    int status = EXIT_REFUSED;
    if (db != NULL)
        status = city_draft_read(loaded, db) == 0 ? EXIT_GOOD : database_failed(db);
    if (status == EXIT_GOOD)
        diff(loaded, folder);
    db_close(&db);
    city_draft_close(&loaded);
    city_draft_close(&folder);
    city_close(&city);
    return status;
}
