#include "services/routing/case_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void case_store_close(struct case_store *store) {
    column_close(&store->shards);
    column_close(&store->cases);
    bytes_close(&store->kept);
    for (int i = 0; i < OPENED_COLUMNS; i++)
        column_close(&store->opened[i]);
    for (int i = 0; i < MOVED_COLUMNS; i++)
        column_close(&store->moved[i]);
    for (int i = 0; i < TOLD_COLUMNS; i++)
        column_close(&store->told[i]);
}

void case_store_begin(struct case_store *store, struct batch *batch, size_t most) {
    column_reset(&store->shards);
    column_reset(&store->cases);
    for (int i = 0; i < OPENED_COLUMNS; i++)
        column_reset(&store->opened[i]);
    for (int i = 0; i < MOVED_COLUMNS; i++)
        column_reset(&store->moved[i]);
    for (int i = 0; i < TOLD_COLUMNS; i++)
        column_reset(&store->told[i]);
    store->count = 0;
    store->map = case_map_open(batch->arena, most);
    store->touched = arena_take(batch->arena, (most + 1) * sizeof *store->touched);
}

struct touched_case *case_store_at(struct case_store *store, struct batch *batch, uint64_t case_id) {
    void **at = case_map_at(&store->map, case_id);
    if (*at != NULL)
        return *at;
    struct touched_case *touched = arena_take(batch->arena, sizeof *touched);
    touched->is_there = touched->is_new = touched->changed = touched->told_more = touched->is_chained = false;
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

enum { /* columns of routing_cases */
       AT_CASE,
       AT_OPENED,
       AT_DUE,
       AT_NEXT,
       AT_POLICY,
       AT_PARENT,
       AT_VERSION,
       AT_TIER,
       AT_SUPERVISED,
       AT_STATE,
       AT_SEVERITY,
       AT_UNIT,
       AT_SUPPORT,
       AT_CHANNEL,
       AT_ITEM,
       AT_AREA,
       AT_PLAN,
       AT_KEPT,
       AT_OPENING,
       AT_CHAIN
};

static void read_case(struct case_file *file, const PGresult *result, int row) {
    struct reason why;
    size_t size;
    const uint8_t *kept = db_bytea(result, row, AT_KEPT, &size);
    *file = (struct case_file){.case_id = (uint64_t)db_int8(result, row, AT_CASE),
                               .opened_at = db_time(result, row, AT_OPENED),
                               .due_at = db_time(result, row, AT_DUE),
                               .next_at = db_time(result, row, AT_NEXT),
                               .policy = (uint64_t)db_int8(result, row, AT_POLICY),
                               .parent = (uint64_t)db_int8(result, row, AT_PARENT),
                               .version = (uint32_t)db_int4(result, row, AT_VERSION),
                               .tier = (uint8_t)db_int2(result, row, AT_TIER),
                               .supervised = db_bool(result, row, AT_SUPERVISED),
                               .state = case_state_named(db_text(result, row, AT_STATE))};
    COPY(file->severity, result, row, AT_SEVERITY);
    COPY(file->unit, result, row, AT_UNIT);
    COPY(file->support, result, row, AT_SUPPORT);
    COPY(file->channel, result, row, AT_CHANNEL);
    COPY(file->item, result, row, AT_ITEM);
    COPY(file->area, result, row, AT_AREA);
    COPY(file->plan, result, row, AT_PLAN);
    int status = size > 0 ? message_decode(MESSAGE_case_kept, kept, size, &file->kept, &why) : 0;
    if (status == 0)
        status = case_kept_read(file, &why);
    assert(status == 0); /* we wrote it */
    (void)status;
}

static void copy_bytes(struct batch *batch, struct touched_case *touched, const PGresult *result, int row) {
    const uint8_t *opening = db_bytea(result, row, AT_OPENING, &touched->opening_size);
    uint8_t *copied = arena_take(batch->arena, touched->opening_size + 1);
    memcpy(copied, opening, touched->opening_size);
    touched->opening = copied;
    size_t chain_size;
    const uint8_t *chain = db_bytea(result, row, AT_CHAIN, &chain_size);
    touched->is_chained = chain_size == CHAIN_SIZE;
    if (touched->is_chained)
        memcpy(touched->chain, chain, CHAIN_SIZE);
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
        copy_bytes(batch, touched, result, row);
        touched->is_there = true;
    }
    return 0;
}

/* The columns that may change, which both statements have. */
static void add_moved(struct case_store *store, struct column columns[MOVED_COLUMNS], struct touched_case *touched,
                      int64_t now) {
    struct case_file *file = &touched->file;
    case_kept_write(file);
    store->kept.size = 0;
    size_t kept_size = message_encode(MESSAGE_case_kept, &file->kept, &store->kept);
    column_int8(&columns[0], (int64_t)file->case_id);
    column_time(&columns[1], file->due_at);
    column_time(&columns[2], file->next_at);
    column_int8(&columns[3], (int64_t)file->parent);
    column_int4(&columns[4], (int32_t)file->version);
    column_int2(&columns[5], (int16_t)case_shard(file->case_id));
    column_int2(&columns[6], file->tier);
    column_int2(&columns[7], file->supervised);
    column_text(&columns[8], case_state_spec(file->state)->name);
    column_text(&columns[9], file->unit);
    column_text(&columns[10], file->support);
    column_text(&columns[11], file->plan);
    column_bytea(&columns[12], store->kept.data, kept_size);
    column_bytea(&columns[13], touched->chain, CHAIN_SIZE);
    column_time(&columns[14], now);
}

static void add_opened(struct case_store *store, struct touched_case *touched, int64_t now) {
    struct column *columns = store->opened;
    add_moved(store, columns, touched, now);
    column_time(&columns[15], touched->file.opened_at);
    column_int8(&columns[16], (int64_t)touched->file.policy);
    column_text(&columns[17], touched->file.severity);
    column_text(&columns[18], touched->file.channel);
    column_text(&columns[19], touched->file.item);
    column_text(&columns[20], touched->file.area);
    column_bytea(&columns[21], touched->opening, touched->opening_size);
}

static void add_told(struct case_store *store, const struct touched_case *touched) {
    column_int8(&store->told[0], (int64_t)touched->file.case_id);
    column_int2(&store->told[1], (int16_t)case_shard(touched->file.case_id));
    column_bytea(&store->told[2], touched->opening, touched->opening_size);
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
        struct touched_case *touched = store->touched[i];
        if (touched->is_new)
            add_opened(store, touched, batch->now);
        else if (touched->changed)
            add_moved(store, store->moved, touched, batch->now);
        if (touched->told_more && !touched->is_new)
            add_told(store, touched);
    }
    if (send(batch, "routing_open", store->opened, OPENED_COLUMNS) != 0)
        return -1;
    if (send(batch, "routing_move", store->moved, MOVED_COLUMNS) != 0)
        return -1;
    return send(batch, "routing_tell", store->told, TOLD_COLUMNS);
}
