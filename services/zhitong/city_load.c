#include "services/zhitong/city_load.h"

#include <assert.h>

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
    {CITY_sources, "city_load_clear_sources", "city_load_sources"},
    {CITY_source_fields, "city_load_clear_source_fields", "city_load_source_fields"},
    {CITY_source_values, "city_load_clear_source_values", "city_load_source_values"},
    {CITY_questions, "city_load_clear_questions", "city_load_questions"},
    {CITY_choices, "city_load_clear_choices", "city_load_choices"},
    {CITY_door, "city_load_clear_door", "city_load_door"},
    {CITY_warnings, "city_load_clear_warnings", "city_load_warnings"},
    {CITY_item_texts, "city_load_clear_item_texts", "city_load_item_texts"},
    {CITY_notices, "city_load_clear_notices", "city_load_notices"},
    {CITY_fences, "city_load_clear_fences", "city_load_fences"},
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

static const char *const policy_steps[] = {"city_load_policy_ladder", "city_load_policy_items",
                                           "city_load_policy_rules"};
#define POLICY_STEPS (sizeof policy_steps / sizeof *policy_steps)

static int send_version(struct db *db, const struct city_load *load) {
    static const char *const keys[] = {"code", "name_en", "name_zh", "timezone", "attribution"};
    struct params params = {0};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        params_text(&params, draft_city_value(load->draft, keys[i]));
    params_int8(&params, (int64_t)load->expected);
    params_int4(&params, load->changes_time);
    return db_send(db, "city_load_version", &params);
}

static int send_policy(struct db *db, const struct city_load *load) {
    struct params params = {0};

    if (!load->makes_policy)
        return 0;
    if (load->valid_from == 0)
        params_text(&params, NULL);
    else
        params_time(&params, load->valid_from);
    if (db_send(db, "city_load_policy", &params) != 0)
        return -1;
    for (size_t i = 0; i < POLICY_STEPS; i++)
        if (db_send(db, policy_steps[i], NULL) != 0)
            return -1;
    return 0;
}

static int send_all(struct db *db, const struct city_load *load) {
    if (db_send(db, "city_load_lock", NULL) != 0)
        return -1;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (db_send(db, steps[i].clear, NULL) != 0 || send_rows(db, load->draft, steps[i].table, steps[i].load) != 0)
            return -1;
    }
    if (send_version(db, load) != 0 || send_policy(db, load) != 0)
        return -1;
    return db_send(db, "city_load_notify", NULL);
}

/* Results in the order of send_all: the lock, two for each step with rows, the version; db_sync takes the rest. */
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
    if (PQntuples(result) == 0) {
        db_give_up(db, "somebody else has loaded a city meanwhile: look at it and load again");
        return -1;
    }
    *version = (uint64_t)db_int8(result, 0, 0);
    return 0;
}

int city_load(struct db *db, const struct city_load *load, uint64_t *version, struct reason *why) {
    uint64_t loaded = 0;

    assert(load->draft->complaint_count == 0);
    db_forget_failure(db);
    int status = send_all(db, load);
    if (status == 0)
        status = take_version(db, load->draft, &loaded);
    if (db_sync(db) != 0 || status != 0)
        return refuse(why, "database", "the old city stays: %s", db_reason(db)->text);
    *version = loaded;
    return 0;
}
