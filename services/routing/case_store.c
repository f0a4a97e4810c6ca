#include "services/routing/case_store.h"

#include <stdio.h>
#include <string.h>

void case_store_close(struct case_store *store) {
    column_close(&store->shards);
    column_close(&store->cases);
    for (int i = 0; i < OPENED_COLUMNS; i++)
        column_close(&store->opened[i]);
    for (int i = 0; i < MOVED_COLUMNS; i++)
        column_close(&store->moved[i]);
}

void case_store_begin(struct case_store *store, struct batch *batch) {
    column_reset(&store->shards);
    column_reset(&store->cases);
    for (int i = 0; i < OPENED_COLUMNS; i++)
        column_reset(&store->opened[i]);
    for (int i = 0; i < MOVED_COLUMNS; i++)
        column_reset(&store->moved[i]);
    store->count = 0;
    store->room = batch->count;
    store->map = case_map_open(batch->arena, batch->count);
    store->touched = arena_take(batch->arena, (batch->count + 1) * sizeof *store->touched);
}

struct touched_case *case_store_at(struct case_store *store, struct batch *batch, uint64_t case_id) {
    void **at = case_map_at(&store->map, case_id);
    if (*at != NULL)
        return *at;
    struct touched_case *touched = arena_take(batch->arena, sizeof *touched);
    touched->is_there = touched->is_new = touched->changed = touched->is_chained = false;
    *at = touched;
    store->touched[store->count++] = touched;
    return touched;
}

void case_store_want(struct case_store *store, struct batch *batch, uint64_t case_id) {
    size_t before = store->count;
    (void)case_store_at(store, batch, case_id);
    if (store->count == before)
        return;
    column_int2(&store->shards, (int16_t)case_shard(case_id));
    column_int8(&store->cases, (int64_t)case_id);
}

static void copy(char *to, size_t room, const PGresult *result, int row, int column) {
    snprintf(to, room, "%s", db_text(result, row, column));
}
#define COPY(to, result, row, column) copy((to), sizeof(to), (result), (row), (column))

static void read_case(struct case_file *file, const PGresult *result, int row) {
    file->case_id = (uint64_t)db_int8(result, row, 0);
    file->opened_at = db_time(result, row, 1);
    file->due_at = db_time(result, row, 2);
    file->version = (uint32_t)db_int4(result, row, 3);
    file->tier = (uint8_t)db_int2(result, row, 4);
    file->state = case_state_named(db_text(result, row, 5));
    COPY(file->severity, result, row, 6);
    COPY(file->unit, result, row, 7);
    COPY(file->support, result, row, 8);
    COPY(file->channel, result, row, 9);
    COPY(file->item, result, row, 10);
    COPY(file->area, result, row, 11);
}

int case_store_load(struct case_store *store, struct batch *batch) {
    if (store->cases.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &store->shards);
    params_column(&params, &store->cases);
    if (db_send(batch->db, "routing_cases", &params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(batch->db);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        struct touched_case *touched = case_store_at(store, batch, (uint64_t)db_int8(result, row, 0));
        read_case(&touched->file, result, row);
        const uint8_t *opening = db_bytea(result, row, 12, &touched->opening_size);
        uint8_t *copy = arena_take(batch->arena, touched->opening_size + 1);
        memcpy(copy, opening, touched->opening_size);
        touched->opening = copy;
        size_t chain_size;
        const uint8_t *chain = db_bytea(result, row, 13, &chain_size);
        touched->is_chained = chain_size == CHAIN_SIZE;
        if (touched->is_chained)
            memcpy(touched->chain, chain, CHAIN_SIZE);
        touched->is_there = true;
    }
    return 0;
}

/* The columns that may change, which both statements have. */
static void add_moved(struct column columns[MOVED_COLUMNS], const struct touched_case *touched) {
    const struct case_file *file = &touched->file;
    column_int8(&columns[0], (int64_t)file->case_id);
    column_time(&columns[1], file->opened_at);
    column_time(&columns[2], file->due_at);
    column_int4(&columns[3], (int32_t)file->version);
    column_int2(&columns[4], (int16_t)case_shard(file->case_id));
    column_int2(&columns[5], file->tier);
    column_text(&columns[6], case_state_spec(file->state)->name);
    column_text(&columns[7], file->severity);
    column_text(&columns[8], file->unit);
    column_text(&columns[9], file->support);
    column_bytea(&columns[10], touched->chain, CHAIN_SIZE);
}

static void add_opened(struct column columns[OPENED_COLUMNS], const struct touched_case *touched) {
    add_moved(columns, touched);
    column_text(&columns[11], touched->file.channel);
    column_text(&columns[12], touched->file.item);
    column_text(&columns[13], touched->file.area);
    column_bytea(&columns[14], touched->opening, touched->opening_size);
}

static int send(struct batch *batch, const char *query, struct column *columns, int count) {
    if (columns[0].count == 0)
        return 0;
    struct params params = {0};
    for (int i = 0; i < count; i++)
        params_column(&params, &columns[i]);
    return db_send(batch->db, query, &params);
}

int case_store_save(struct case_store *store, struct batch *batch) {
    for (size_t i = 0; i < store->count; i++) {
        const struct touched_case *touched = store->touched[i];
        if (touched->is_new)
            add_opened(store->opened, touched);
        else if (touched->changed)
            add_moved(store->moved, touched);
    }
    if (send(batch, "routing_open", store->opened, OPENED_COLUMNS) != 0)
        return -1;
    return send(batch, "routing_move", store->moved, MOVED_COLUMNS);
}
