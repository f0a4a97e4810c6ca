#include "services/zhitong/city_diff.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/city_check.h"
#include "services/zhitong/options.h"

extern const struct db_query city_queries[];

struct side { /* one draft's rows of one table, by their key */
    const struct city_draft *draft;
    enum city_table table;
    size_t *rows;
    size_t count;
};

struct changes {
    size_t added, removed, altered;
};

/* The columns, from the first on, that tell a row from the others. */
static size_t key_columns(enum city_table table) {
    return table == CITY_ladder ? 3 : table == CITY_hours ? 2 : 1;
}

static int compare_keys(const struct side *a, size_t row_a, const struct side *b, size_t row_b) {
    for (size_t i = 0; i < key_columns(a->table); i++) {
        int order = strcmp(draft_field(a->draft, a->table, row_a, i), draft_field(b->draft, b->table, row_b, i));
        if (order != 0)
            return order;
    }
    return 0;
}

static int by_key(const void *left, const void *right, void *context) {
    const struct side *side = context;

    return compare_keys(side, *(const size_t *)left, side, *(const size_t *)right);
}

static void side_open(struct side *side, const struct city_draft *draft, enum city_table table) {
    *side = (struct side){draft, table, NULL, draft->tables[table].count};
    side->rows = calloc(side->count + 1, sizeof *side->rows);
    assert(side->rows != NULL);
    for (size_t i = 0; i < side->count; i++)
        side->rows[i] = i;
    qsort_r(side->rows, side->count, sizeof *side->rows, by_key, side);
}

static void print_row(char sign, const struct side *side, size_t row) {
    printf("%c %s ", sign, city_table_spec(side->table)->file);
    for (size_t i = 0; i < key_columns(side->table); i++)
        printf("%s%s", i > 0 ? " " : "", draft_field(side->draft, side->table, row, i));
}

/* Numbers are the same however they are written: 0.50 and 0.5. */
static bool same(const char *a, const char *b) {
    char *end_a, *end_b;

    if (strcmp(a, b) == 0)
        return true;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return end_a != a && end_b != b && *end_a == '\0' && *end_b == '\0' && x == y;
}

static bool print_altered(const struct side *old, size_t old_row, const struct side *new, size_t new_row) {
    const struct table_spec *spec = city_table_spec(old->table);
    bool altered = false;

    for (size_t i = key_columns(old->table); i < spec->column_count; i++) {
        const char *before = draft_field(old->draft, old->table, old_row, i);
        const char *after = draft_field(new->draft, new->table, new_row, i);
        if (same(before, after))
            continue;
        if (!altered)
            print_row('~', new, new_row);
        printf("%s %s: \"%s\" -> \"%s\"", altered ? "," : "", spec->columns[i].name, before, after);
        altered = true;
    }
    if (altered)
        printf("\n");
    return altered;
}

static void print_whole(char sign, const struct side *side, size_t row, size_t *count) {
    print_row(sign, side, row);
    printf("\n");
    (*count)++;
}

static void diff_table(const struct side *old, const struct side *new, struct changes *changes) {
    size_t i = 0, j = 0;

    while (i < old->count || j < new->count) {
        int order = i == old->count ? 1 : j == new->count ? -1 : compare_keys(old, old->rows[i], new, new->rows[j]);
        if (order < 0)
            print_whole('-', old, old->rows[i++], &changes->removed);
        else if (order > 0)
            print_whole('+', new, new->rows[j++], &changes->added);
        else
            changes->altered += print_altered(old, old->rows[i++], new, new->rows[j++]);
    }
}

static void diff(const struct city_draft *loaded, const struct city_draft *folder) {
    struct changes changes = {0};

    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        struct side old, new;
        side_open(&old, loaded, table);
        side_open(&new, folder, table);
        diff_table(&old, &new, &changes);
        free(old.rows);
        free(new.rows);
    }
    printf("%zu rows would be added, %zu removed, %zu changed; version %llu is loaded\n", changes.added,
           changes.removed, changes.altered, (unsigned long long)loaded->version);
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
