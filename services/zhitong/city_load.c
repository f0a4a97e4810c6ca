#include "services/zhitong/city_load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "services/zhitong/city_check.h"

/* What goes out and in, in this order; references are checked at the commit. */
static const struct {
    enum city_table table;
    const char *clear, *load;
} steps[] = {
    {CITY_items, "city_load_clear_items", "city_load_items"},
    {CITY_units, "city_load_clear_units", "city_load_units"},
    {CITY_areas, "city_load_clear_areas", "city_load_areas"},
    {CITY_channels, "city_load_clear_channels", "city_load_channels"},
    {CITY_ladder, "city_load_clear_ladder", "city_load_ladder"},
    {CITY_calendar, "city_load_clear_calendar", "city_load_calendar"},
    {CITY_hours, "city_load_clear_hours", "city_load_hours"},
    {CITY_rules, "city_load_clear_rules", "city_load_rules"},
    {CITY_reasons, "city_load_clear_reasons", "city_load_reasons"},
    {CITY_templates, "city_load_clear_templates", "city_load_templates"},
    {CITY_slots, "city_load_clear_slots", "city_load_slots"},
};

static int send_rows(struct db *db, const struct city_draft *draft, enum city_table table, const char *query) {
    size_t count = draft->tables[table].count, width = city_table_spec(table)->column_count;
    struct column columns[CITY_COLUMNS_MAX] = {{0}};
    struct params params = {0};

    if (count == 0)
        return 0;
    for (size_t i = 0; i < width; i++) {
        for (size_t row = 0; row < count; row++)
            column_text(&columns[i], draft_field(draft, table, row, i));
        params_column(&params, &columns[i]);
    }
    int status = db_send(db, query, &params);
    for (size_t i = 0; i < width; i++)
        column_close(&columns[i]);
    return status;
}

static int send_all(struct db *db, const struct city_draft *draft) {
    static const char *const keys[] = {"code", "name_en", "name_zh", "timezone", "attribution"};
    struct params params = {0};

    if (db_send(db, "city_load_lock", NULL) != 0)
        return -1;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (db_send(db, steps[i].clear, NULL) != 0 || send_rows(db, draft, steps[i].table, steps[i].load) != 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        params_text(&params, draft_city_value(draft, keys[i]));
    if (db_send(db, "city_load_version", &params) != 0)
        return -1;
    return db_send(db, "city_load_notify", NULL);
}

/* Results in the order of send_all: the lock, two for each step with rows, the version, the notice. */
static int take_version(struct db *db, const struct city_draft *draft, uint64_t *version) {
    size_t before = 1;

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        before += draft->tables[steps[i].table].count > 0 ? 2 : 1;
    while (before-- > 0) {
        SCOPED_RESULT
        *result = db_take(db);
        if (result == NULL)
            return -1;
    }
    SCOPED_RESULT
    *result = db_take(db);
    if (result == NULL)
        return -1;
    *version = (uint64_t)db_int8(result, 0, 0);
    return 0;
}

int city_load(struct db *db, const struct city_draft *draft, uint64_t *version, struct reason *why) {
    uint64_t loaded = 0;

    assert(draft->complaint_count == 0);
    db_forget_failure(db);
    int status = send_all(db, draft);
    if (status == 0)
        status = take_version(db, draft, &loaded);
    if (db_sync(db) != 0 || status != 0)
        return refuse(why, "database", "the old city stays: %s", db_reason(db)->text);
    *version = loaded;
    return 0;
}

static int load_into(const char *url, const struct city_draft *draft) {
    static const struct db_query *const queries[] = {city_load_queries, NULL};
    struct reason why;
    struct db *db;
    uint64_t version = 0;

    if (db_open(&db, url, "city", queries, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return 1;
    }
    int status = city_load(db, draft, &version, &why);
    db_close(&db);
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return 1;
    }
    printf("%s is loaded, version %llu\n", draft_city_value(draft, "name_en"), (unsigned long long)version);
    return 0;
}

static int wrong_use(void) {
    fprintf(stderr, "usage: zhitong city load FOLDER --database URL\n");
    return 2;
}

int city_load_command(int argc, char **argv) {
    const char *folder = NULL, *url = NULL;
    struct city *city;
    struct city_draft *draft;

    for (int i = 1; i < argc; i++) {
        bool names_url = strcmp(argv[i], "--database") == 0;
        if (names_url && i + 1 < argc)
            url = argv[++i];
        else if (folder == NULL && argv[i][0] != '-')
            folder = argv[i];
        else
            return wrong_use();
    }
    if (folder == NULL || url == NULL)
        return wrong_use();
    if (city_check_folder(&city, &draft, folder) != 0)
        return 1;
    int status = load_into(url, draft);
    city_close(&city);
    city_draft_close(&draft);
    return status;
}
