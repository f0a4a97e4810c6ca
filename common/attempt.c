#include "common/attempt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/entry.h"
#include "common/fault_point.h"

static void columns_reset(struct column *columns, size_t count) {
    for (size_t i = 0; i < count; i++)
        column_reset(&columns[i]);
}

static void columns_close(struct column *columns, size_t count) {
    for (size_t i = 0; i < count; i++)
        column_close(&columns[i]);
}

void attempt_close(struct attempt *attempt) {
    columns_close(ALL_COLUMNS(attempt->columns.log));
    columns_close(ALL_COLUMNS(attempt->columns.fence));
    columns_close(ALL_COLUMNS(attempt->columns.park));
    columns_close(ALL_COLUMNS(attempt->columns.unpark));
    column_close(&attempt->columns.cases);
}

/* ---- beginning ------------------------------------------------------------------------------------------------ */

static void drop_chunks(struct attempt *attempt) {
    while (attempt->chunks != NULL) {
        struct chunk *chunk = attempt->chunks;
        attempt->chunks = chunk->next;
        chunk_close(&chunk);
    }
    attempt->last_chunk = NULL;
    memset(attempt->log_chunks, 0, sizeof attempt->log_chunks);
}

static void begin(struct attempt *attempt) {
    struct work *work = attempt->work;
    drop_chunks(attempt);
    columns_reset(ALL_COLUMNS(attempt->columns.log));
    columns_reset(ALL_COLUMNS(attempt->columns.fence));
    columns_reset(ALL_COLUMNS(attempt->columns.park));
    columns_reset(ALL_COLUMNS(attempt->columns.unpark));
    column_reset(&attempt->columns.cases);
    arena_reset(attempt->batch.arena);
    attempt->replay_count = 0;
    attempt->batch.wake_at = INT64_MAX;
    attempt->batch.count = 0;
    attempt->batch.inputs = attempt->pointers;
    attempt->shard_count = 0;
    for (size_t i = 0; i < work->shard_count; i++) {
        work->shards[i].next = work->shards[i].known;
        if (!work->shards[i].lost)
            attempt->shards[attempt->shard_count++] = (int16_t)work->shards[i].shard;
    }
    db_forget_failure(attempt->batch.db);
}

/* Inputs of this attempt; entries move their shard's cursor whatever becomes of them. */
static void gather(struct attempt *attempt, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        struct input *input = &attempt->work->inputs[i];
        if (input->outcome == OUTCOME_LOST || input->outcome == OUTCOME_HANDLED)
            continue;
        struct work_shard *shard = work_shard(attempt->work, input->shard);
        if (input->kind == INPUT_ENTRY && input->seq <= shard->known.in_seq[input->upstream]) {
            input->outcome = OUTCOME_HANDLED; /* applied by an attempt whose answer was lost */
            continue;
        }
        if (input->kind == INPUT_ENTRY) {
            assert(input->seq == shard->next.in_seq[input->upstream] + 1); /* a cursor that jumps loses entries */
            shard->next.in_seq[input->upstream] = input->seq;
        }
        attempt->pointers[attempt->batch.count++] = input;
    }
}

/* ---- deciding and saving ---------------------------------------------------------------------------------------- */

static batch_handler *handler_of(const struct service *service, const struct input *input) {
    enum input_kind kind = input->kind == INPUT_REPLAY ? INPUT_ENTRY : input->kind;
    for (size_t i = 0; i < service->handler_count; i++)
        if (service->handlers[i].type == input->type && service->handlers[i].kind == kind)
            return service->handlers[i].handle;
    return NULL;
}

static void decide(struct attempt *attempt) {
    struct batch *batch = &attempt->batch;
    bool any_parked = false;
    for (size_t i = 0; i < batch->count; i++) {
        struct input *input = batch->inputs[i];
        any_parked = any_parked || (i > 0 && batch->inputs[i - 1]->outcome == OUTCOME_PARKED);
        if (input->outcome != OUTCOME_PENDING)
            continue;
        if (any_parked && input->kind != INPUT_REQUEST && attempt_is_behind_parked(batch, i)) {
            batch_reject(input, &attempt_behind_parked);
            continue;
        }
        batch_handler *handle = handler_of(attempt->service, input);
        if (handle != NULL) {
            handle(batch, input);
            continue;
        }
        struct reason why;
        (void)refuse(&why, "t", "no handler here for message number %d", (int)input->type);
        batch_reject(input, &why);
    }
}

int attempt_send(struct batch *batch, const char *query, struct column *columns, size_t count) {
    if (columns[0].count == 0)
        return 0;
    struct params params = {0};
    for (size_t i = 0; i < count; i++)
        params_column(&params, &columns[i]);
    return db_send(batch->db, query, &params);
}

static void fence_column(struct column *columns, const struct cursors *cursors) {
    column_int8(&columns[0], (int64_t)cursors->in_seq[0]);
    column_int8(&columns[1], (int64_t)cursors->in_seq[1]);
    column_int8(&columns[2], (int64_t)cursors->out_seq);
}

static bool answers(const struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++)
        if (batch->inputs[i]->kind == INPUT_REQUEST)
            return true;
    return false;
}

/* The fence comes last in the batch, so that one row version a shard carries cursors and head: it undoes everything
 * when another replica owns a shard (docs/decisions/0003). */
static int save_fence(struct attempt *attempt) {
    struct column *fence = attempt->columns.fence;
    for (size_t i = 0; i < attempt->work->shard_count; i++) {
        const struct work_shard *shard = &attempt->work->shards[i];
        if (memcmp(&shard->known, &shard->next, sizeof shard->known) == 0)
            continue;
        column_int2(&fence[0], (int16_t)shard->shard);
        column_int8(&fence[1], shard->epoch);
        fence_column(&fence[2], &shard->known);
        fence_column(&fence[5], &shard->next);
    }
    if (fence[0].count == 0)
        return answers(&attempt->batch) ? db_send(attempt->batch.db, "common_settle", NULL) : 0;
    struct params params = {0};
    for (int i = 0; i < 8; i++)
        params_column(&params, &fence[i]);
    params_int8(&params, fence[0].count);
    return db_send(attempt->batch.db, "common_fence", &params);
}

static int save(struct attempt *attempt) {
    const struct service *service = attempt->service;
    struct batch *batch = &attempt->batch;
    if (service->save != NULL && service->save(batch) != 0)
        return -1;
    if (attempt_save_parked(attempt) != 0)
        return -1;
    if (service->append_query != NULL &&
        attempt_send(batch, service->append_query, ALL_COLUMNS(attempt->columns.log)) != 0)
        return -1;
    return FAULT_POINT(attempt_before_fence) ? -1 : save_fence(attempt);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static int load(struct attempt *attempt) {
    struct batch *batch = &attempt->batch;
    if (attempt_park_behind(attempt) != 0)
        return -1;
    if (attempt->work->replay && attempt_load_replays(attempt) != 0)
        return -1;
    /* Also without inputs, when all were lost: it forgets what the attempt before had gathered for its save. */
    if (attempt->service->load != NULL && attempt->service->load(batch) != 0)
        return -1;
    decide(attempt);
    /* Where all shards were lost between two attempts there is nothing to look after. */
    if (!attempt->work->tick || attempt->service->tick == NULL || attempt->shard_count == 0)
        return 0;
    return attempt->service->tick(batch) != 0 || FAULT_POINT(tick_decided) ? -1 : 0;
}

static void keep_results(struct attempt *attempt) {
    struct work *work = attempt->work;
    struct batch *batch = &attempt->batch;
    for (size_t i = 0; i < work->shard_count; i++)
        work->shards[i].known = work->shards[i].next;
    for (size_t i = 0; i < batch->count; i++) {
        struct input *input = batch->inputs[i];
        if (input->outcome == OUTCOME_PARKED)
            work_shard(work, input->shard)->parked = true;
        if (input->outcome == OUTCOME_PENDING)
            input->outcome = OUTCOME_HANDLED;
    }
    if (batch->wake_at < work->wake_at)
        work->wake_at = batch->wake_at;
    struct chunk **end = &work->chunks;
    while (*end != NULL)
        end = &(*end)->next;
    *end = attempt->chunks;
    attempt->chunks = attempt->last_chunk = NULL;
}

/* A failed attempt leaves no outcome behind, except those that were set before it began. */
static void forget_results(struct attempt *attempt) {
    for (size_t i = 0; i < attempt->batch.count; i++) {
        struct input *input = attempt->batch.inputs[i];
        input->reply.size = 0;
        input->outcome = OUTCOME_PENDING;
    }
    drop_chunks(attempt);
}

enum db_failure attempt_run(struct attempt *attempt, size_t from, size_t to) {
    begin(attempt);
    gather(attempt, from, to);
    struct db *db = attempt->batch.db;
    int status = attempt->batch.count > 0 && FAULT_POINT(attempt_begin) ? -1 : load(attempt);
    if (status == 0)
        status = save(attempt);
    if (status != 0 || FAULT_POINT(attempt_before_commit))
        db_give_up(db, "the batch could not be finished");
    if (db_sync(db) == 0 && status == 0 && !FAULT_POINT(attempt_after_commit)) {
        keep_results(attempt);
        return DB_OK;
    }
    forget_results(attempt);
    return db_failure(db) == DB_OK ? DB_WORLD : db_failure(db);
}

int attempt_check(struct attempt *attempt) {
    struct work *work = attempt->work;
    if (work->shard_count == 0)
        return 0;
    struct column shards = {0};
    for (size_t i = 0; i < work->shard_count; i++)
        column_int2(&shards, (int16_t)work->shards[i].shard);
    struct params params = {0};
    params_column(&params, &shards);
    SCOPED_RESULT
    *result = db_ask(attempt->batch.db, "common_shards", &params);
    column_close(&shards);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        struct work_shard *shard = work_shard(work, (uint16_t)db_int2(result, row, 0));
        shard->lost = db_int8(result, row, 2) != shard->epoch || db_int4(result, row, 1) == 0;
        struct cursors now = {{(uint64_t)db_int8(result, row, 3), (uint64_t)db_int8(result, row, 4)},
                              (uint64_t)db_int8(result, row, 5)};
        if (!shard->lost && now.out_seq != shard->known.out_seq)
            shard->resynced = true;
        if (!shard->lost)
            shard->known = now;
    }
    for (size_t i = 0; i < work->count; i++)
        if (work_shard(work, work->inputs[i].shard)->lost)
            work->inputs[i].outcome = OUTCOME_LOST;
    return 0;
}
