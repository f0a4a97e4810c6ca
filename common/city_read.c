/* city_read: the city as the database has it, through the same checks as a folder. */
#include <assert.h>
#include <stdio.h>

#include "common/city_private.h"
#include "common/city_rules.h"
#include "common/db.h"

/* In the order in which the tables are asked for. */
static const char *const table_queries[CITY_TABLE_COUNT] = {
#define CITY_TABLE(name, file, meaning) "city_read_" #name,
#define CITY_COLUMN(...)
#define CITY_END(name)
#include "common/city_tables.def"
#undef CITY_TABLE
#undef CITY_COLUMN
#undef CITY_END
};

static int send_all(struct db *db) {
    if (db_send(db, "city_read_lock", NULL) != 0 || db_send(db, "city_read_version", NULL) != 0)
        return -1;
    for (size_t i = 0; i < CITY_TABLE_COUNT; i++) {
        if (db_send(db, table_queries[i], NULL) != 0)
            return -1;
    }
    return 0;
}

static int take_version(struct city_draft *draft, struct db *db) {
    SCOPED_RESULT
    *lock = db_take(db);
    SCOPED_RESULT
    *version = lock == NULL ? NULL : db_take(db);

    if (version == NULL)
        return -1;
    if (PQntuples(version) == 1) {
        draft->version = (uint64_t)db_int8(version, 0, 0);
        draft->calendar_version = (uint64_t)db_int8(version, 0, 1);
    }
    return 0;
}

static int take_table(struct city_draft *draft, enum city_table table, struct db *db) {
    SCOPED_RESULT
    *result = db_take(db);
    const char *fields[CITY_COLUMNS_MAX];

    if (result == NULL)
        return -1;
    int columns = PQnfields(result);
    assert((size_t)columns == city_table_spec(table)->column_count);
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < columns; i++)
            fields[i] = db_text(result, row, i);
        if (!city_draft_add(draft, table, (size_t)row + 1, fields))
            return 0;
    }
    return 0;
}

int city_draft_read(struct city_draft *draft, struct db *db) {
    db_forget_failure(db);
    int status = send_all(db);
    if (status == 0)
        status = take_version(draft, db);
    for (enum city_table table = 0; status == 0 && table < CITY_TABLE_COUNT; table++)
        status = take_table(draft, table, db);
    return db_sync(db) != 0 ? -1 : status;
}

static int build(struct city **out, struct city_draft *draft, struct reason *why) {
    if (draft->version == 0)
        return refuse(why, "city", "no city is loaded: run `zhitong city load FOLDER`");
    city_check_tables(draft);
    if (draft->complaint_count > 0) {
        draft_sort_complaints(draft);
        const struct complaint *first = &draft->complaints[0];
        return refuse(why, first->why.field, "the city's table of %s, row %zu: %s (load the folder again)",
                      city_table_spec(first->table)->name, first->line, first->why.text);
    }
    return city_build(out, draft, why);
}

int city_read(struct city **out, struct db *db, struct reason *why) {
    struct city_draft *draft = city_draft_open();
    struct city *city = NULL;
    int status;

    if (city_draft_read(draft, db) == 0)
        status = build(&city, draft, why);
    else
        status = refuse(why, "database", "%s", db_reason(db)->text);
    if (status == 0 && city_read_policies(city, db) != 0) {
        city_close(&city);
        status = refuse(why, "database", "%s", db_reason(db)->text);
    }
    city_draft_close(&draft);
    if (status == 0)
        *out = city;
    return status;
}
