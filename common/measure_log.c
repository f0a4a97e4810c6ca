#include "common/measure_log.h"

#include <string.h>

#include "common/facts_bytes.h"
#include "common/ids.h"
#include "common/measure_table.h"

#define PAGE_ENTRIES 4000 /* read at a time; the next page is under way while one is folded */
#define KEEP_CASES 5000   /* written at a time */
#define FACTS_ROWS 10000  /* read at a time */

struct span { /* of a shard's log */
    uint16_t shard;
    int64_t after, to;
};

/* ---- entries ------------------------------------------------------------------------------------------------------------ */

static void fold_entry(struct measure_reading *reading, struct measure_table *table, const PGresult *rows, int row) {
    static _Thread_local struct case_moved moved; /* large; every entry overwrites it */
    struct case_facts *facts = NULL;
    struct reason why;
    size_t size;

    if (db_int2(rows, row, 0) != MESSAGE_case_moved)
        return;
    const uint8_t *body = db_bytea(rows, row, 1, &size);
    if (message_decode(MESSAGE_case_moved, body, size, &moved, &why) == 0)
        facts = measure_table_at(table, moved.case_id);
    if (facts == NULL)
        reading->unreadable++;
    else
        facts_follow(facts, &moved, reading->book);
}

/* A failure shows when the result is taken. */
static void send_page(struct db *db, const struct span *span, int64_t after) {
    struct span page = {span->shard, after, after + PAGE_ENTRIES < span->to ? after + PAGE_ENTRIES : span->to};
    struct params params = {0};

    params_int2(&params, (int16_t)page.shard);
    params_int8(&params, page.after);
    params_int8(&params, page.to);
    if (db_send(db, "measures_entries", &params) != 0)
        return;
}

static int fold_span(struct measure_reading *reading, struct measure_table *table, const struct span *span) {
    struct db *db = reading->db;

    if (span->after >= span->to)
        return 0;
    db_forget_failure(db);
    send_page(db, span, span->after);
    for (int64_t after = span->after; after < span->to; after += PAGE_ENTRIES) {
        if (after + PAGE_ENTRIES < span->to)
            send_page(db, span, after + PAGE_ENTRIES);
        SCOPED_RESULT
        *rows = db_take(db);
        if (rows == NULL)
            break;
        for (int row = 0; row < PQntuples(rows); row++)
            fold_entry(reading, table, rows, row);
        if (reading->progress != NULL)
            reading->progress->entries += (uint64_t)PQntuples(rows);
    }
    return db_sync(db);
}

static void tell(struct measure_reading *reading, size_t cases) {
    if (reading->progress == NULL)
        return;
    reading->progress->cases += cases;
    reading->progress->shards++;
    reading->progress->tell(reading->progress);
}

static int ask_only(struct db *db, const char *query) {
    SCOPED_RESULT
    *result = db_ask(db, query, NULL);

    return result != NULL ? 0 : -1;
}

static int read_kept_from(struct measure_reading *reading) {
    SCOPED_RESULT
    *kept = db_ask(reading->db, "measures_kept", NULL);

    if (kept != NULL)
        reading->kept_from = db_time(kept, 0, 0);
    return kept != NULL ? 0 : -1;
}

/* ---- the whole log ------------------------------------------------------------------------------------------------------- */

static int sum_shard(struct measure_reading *reading, struct measure_table *table, const struct span *span) {
    measure_table_begin(table, span->shard);
    if (fold_span(reading, table, span) != 0)
        return -1;
    for (size_t i = 0; i < table->count; i++)
        sums_add(reading->sums, table->cases[i], table->facts[table->cases[i] / SHARD_COUNT]);
    tell(reading, table->count);
    return 0;
}

static int sum_shards(struct measure_reading *reading, struct measure_table *table) {
    SCOPED_RESULT
    *heads = db_ask(reading->db, "measures_heads", NULL);

    if (heads == NULL)
        return -1;
    for (int row = 0; row < PQntuples(heads); row++) {
        struct span span = {(uint16_t)db_int2(heads, row, 0), 0, db_int8(heads, row, 1)};
        if (sum_shard(reading, table, &span) != 0)
            return -1;
    }
    return 0;
}

int measure_whole(struct measure_reading *reading) {
    struct measure_table table = {0};

    if (ask_only(reading->db, "measures_begin") != 0 || read_kept_from(reading) != 0)
        return -1;
    int status = sum_shards(reading, &table);
    measure_table_close(&table);
    return status == 0 ? ask_only(reading->db, "measures_commit") : -1;
}

/* ---- kept facts ---------------------------------------------------------------------------------------------------------- */

static int take_facts(struct measure_reading *reading, struct measure_table *table, const PGresult *rows,
                      struct reason *why) {
    for (int row = 0; row < PQntuples(rows); row++) {
        size_t size;
        const uint8_t *bytes = db_bytea(rows, row, 1, &size);
        struct case_facts *facts = measure_table_at(table, (uint64_t)db_int8(rows, row, 0));
        if (facts == NULL)
            return refuse(why, "case_id", "measures.case_facts has a case in another case's shard; empty it");
        if (facts_unpack(facts, reading->book, bytes, size, why) != 0)
            return -1;
    }
    return 0;
}

static int load_known(struct measure_reading *reading, struct measure_table *table, const struct span *span,
                      struct reason *why) {
    struct params params = {0};

    if (span->after == 0)
        return 0;
    params_int2(&params, (int16_t)span->shard);
    params_int8(&params, span->after);
    params_int8(&params, span->to);
    SCOPED_RESULT
    *rows = db_ask(reading->db, "measures_known", &params);
    if (rows == NULL)
        return -1;
    return take_facts(reading, table, rows, why);
}

struct kept_columns {
    struct column cases, opened, closed, facts;
};

static int keep_columns(struct db *db, uint16_t shard, struct kept_columns *columns) {
    struct params params = {0};

    params_int2(&params, (int16_t)shard);
    params_column(&params, &columns->cases);
    params_column(&params, &columns->opened);
    params_column(&params, &columns->closed);
    params_column(&params, &columns->facts);
    SCOPED_RESULT
    *done = db_ask(db, "measures_keep", &params);
    column_reset(&columns->cases);
    column_reset(&columns->opened);
    column_reset(&columns->closed);
    column_reset(&columns->facts);
    return done != NULL ? 0 : -1;
}

static int keep_facts(struct measure_reading *reading, struct measure_table *table) {
    struct kept_columns columns = {{0}, {0}, {0}, {0}};
    uint8_t bytes[FACTS_BYTES_MAX];
    int status = 0;

    for (size_t i = 0; i < table->count && status == 0; i++) {
        const struct case_facts *facts = table->facts[table->cases[i] / SHARD_COUNT];
        column_int8(&columns.cases, (int64_t)table->cases[i]);
        column_time(&columns.opened, facts->opened_at);
        column_time(&columns.closed, facts->closed_at);
        column_bytea(&columns.facts, bytes, facts_pack(facts, reading->book, bytes));
        if (columns.cases.count == KEEP_CASES || i + 1 == table->count)
            status = keep_columns(reading->db, table->shard, &columns);
    }
    column_close(&columns.cases);
    column_close(&columns.opened);
    column_close(&columns.closed);
    column_close(&columns.facts);
    return status;
}

static int move_cursor(struct db *db, const struct span *span) {
    struct params params = {0};

    params_int2(&params, (int16_t)span->shard);
    params_int2(&params, FACTS_FORMAT);
    params_int8(&params, span->to);
    SCOPED_RESULT
    *done = db_ask(db, "measures_move_cursor", &params);
    return done != NULL ? 0 : -1;
}

/* Locks the shard's cursor and says what is new. Facts of another format are thrown away. */
static int open_span(struct db *db, struct span *span) {
    struct params params = {0};

    params_int2(&params, (int16_t)span->shard);
    SCOPED_RESULT
    *cursor = db_ask(db, "measures_cursor", &params);
    if (cursor == NULL || PQntuples(cursor) != 1)
        return -1;
    span->after = db_int8(cursor, 0, 1);
    span->to = db_int8(cursor, 0, 2);
    if (db_int2(cursor, 0, 0) == FACTS_FORMAT)
        return 0;
    span->after = 0;
    SCOPED_RESULT
    *done = db_ask(db, "measures_forget", &params);
    return done != NULL ? 0 : -1;
}

static int bring_up_to_date(struct measure_reading *reading, struct measure_table *table, uint16_t shard,
                            struct reason *why) {
    struct db *db = reading->db;
    struct span span = {.shard = shard};

    measure_table_begin(table, shard);
    if (ask_only(db, "measures_begin_shard") != 0 || open_span(db, &span) != 0)
        return -1;
    if (span.after < span.to && (load_known(reading, table, &span, why) != 0 || fold_span(reading, table, &span) != 0 ||
                                 keep_facts(reading, table) != 0 || move_cursor(db, &span) != 0))
        return -1;
    if (ask_only(db, "measures_commit") != 0)
        return -1;
    tell(reading, table->count);
    return 0;
}

static int sum_kept(struct measure_reading *reading, struct measure_table *table, uint16_t shard, struct reason *why) {
    int64_t after = 0;
    int count = 0;

    do {
        struct params params = {0};
        params_int2(&params, (int16_t)shard);
        params_int8(&params, after);
        params_time(&params, reading->sums->ask.from_at);
        params_time(&params, reading->sums->ask.to_at);
        params_int4(&params, FACTS_ROWS);
        SCOPED_RESULT
        *rows = db_ask(reading->db, "measures_facts", &params);
        measure_table_begin(table, shard);
        if (rows == NULL || take_facts(reading, table, rows, why) != 0)
            return -1;
        count = PQntuples(rows);
        after = count > 0 ? db_int8(rows, count - 1, 0) : after;
        for (size_t i = 0; i < table->count; i++)
            sums_add(reading->sums, table->cases[i], table->facts[table->cases[i] / SHARD_COUNT]);
    } while (count == FACTS_ROWS);
    return 0;
}

static int measure_shards(struct measure_reading *reading, struct measure_table *table, struct reason *why) {
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        if (bring_up_to_date(reading, table, shard, why) != 0)
            return -1;
    if (ask_only(reading->db, "measures_begin") != 0 || read_kept_from(reading) != 0)
        return -1;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        if (sum_kept(reading, table, shard, why) != 0)
            return -1;
    return ask_only(reading->db, "measures_commit");
}

int measure_kept(struct measure_reading *reading, struct reason *why) {
    struct measure_table table = {0};

    *why = (struct reason){0};
    int status = measure_shards(reading, &table, why);
    measure_table_close(&table);
    if (status == 0)
        return 0;
    if (why->text[0] == '\0')
        *why = *db_reason(reading->db);
    (void)ask_only(reading->db, "measures_rollback");
    return -1;
}
