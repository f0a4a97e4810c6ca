/* Parked entries in an attempt: those that must wait behind one, those to be tried again, and their rows. */
#include <string.h>

#include "common/attempt.h"
#include "common/entry.h"

const struct reason attempt_behind_parked = {"case", "an earlier entry of this case is parked"};

/* Entries of a case that already has a parked one must not overtake it. */
int attempt_park_behind(struct attempt *attempt) {
    struct batch *batch = &attempt->batch;
    for (size_t i = 0; i < batch->count; i++) {
        struct input *input = batch->inputs[i];
        if (input->kind == INPUT_ENTRY && input->case_id != 0 && work_shard(attempt->work, input->shard)->parked)
            column_int8(&attempt->columns.cases, (int64_t)input->case_id);
    }
    if (attempt->columns.cases.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &attempt->columns.cases);
    if (db_send(batch->db, "common_parked_cases", &params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(batch->db);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++)
        for (size_t i = 0; i < batch->count; i++)
            if (batch->inputs[i]->kind == INPUT_ENTRY && batch->inputs[i]->case_id == (uint64_t)db_int8(result, row, 0))
                batch_reject(batch->inputs[i], &attempt_behind_parked);
    return 0;
}

int attempt_load_replays(struct attempt *attempt) {
    struct batch *batch = &attempt->batch;
    struct column shards = {0};
    for (size_t i = 0; i < attempt->shard_count; i++)
        column_int2(&shards, attempt->shards[i]);
    if (shards.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &shards);
    int sent = db_send(batch->db, "common_replays", &params);
    column_close(&shards);
    SCOPED_RESULT
    *result = sent == 0 ? db_take(batch->db) : NULL;
    if (result == NULL)
        return -1;
    attempt->replay_count = (size_t)PQntuples(result);
    attempt->replays = arena_take(batch->arena, (attempt->replay_count + 1) * sizeof *attempt->replays);
    for (size_t i = 0; i < attempt->replay_count; i++) {
        int row = (int)i;
        size_t size;
        const uint8_t *body = db_bytea(result, row, 5, &size);
        uint8_t *copy = arena_take(batch->arena, size + 1);
        memcpy(copy, body, size);
        attempt->replays[i] = (struct input){.kind = INPUT_REPLAY,
                                             .type = (enum message)db_int2(result, row, 4),
                                             .shard = (uint16_t)db_int2(result, row, 0),
                                             .upstream = (uint8_t)(db_int2(result, row, 1) - 1),
                                             .seq = (uint64_t)db_int8(result, row, 2),
                                             .case_id = (uint64_t)db_int8(result, row, 3),
                                             .body = copy,
                                             .size = size};
        attempt->pointers[batch->count++] = &attempt->replays[i];
    }
    return 0;
}

/* Whether an earlier entry of this case was parked in this very batch. */
bool attempt_is_behind_parked(const struct batch *batch, size_t at) {
    uint64_t case_id = entry_case(batch->inputs[at]->body, batch->inputs[at]->size);
    for (size_t i = 0; i < at; i++)
        if (batch->inputs[i]->outcome == OUTCOME_PARKED && batch->inputs[i]->case_id == case_id)
            return true;
    return false;
}

int attempt_save_parked(struct attempt *attempt) {
    struct batch *batch = &attempt->batch;
    struct column *park = attempt->columns.park, *unpark = attempt->columns.unpark;
    for (size_t i = 0; i < batch->count; i++) {
        const struct input *input = batch->inputs[i];
        bool parked = input->outcome == OUTCOME_PARKED;
        if (!parked && input->kind != INPUT_REPLAY)
            continue;
        struct column *keys = parked ? park : unpark;
        column_int2(&keys[0], (int16_t)input->shard);
        column_int2(&keys[1], (int16_t)(input->upstream + 1));
        column_int8(&keys[2], (int64_t)input->seq);
        if (!parked)
            continue;
        column_int8(&park[3], (int64_t)input->case_id);
        column_int2(&park[4], (int16_t)input->type);
        column_text(&park[5], input->why.field);
        column_text(&park[6], input->why.text);
        column_bytea(&park[7], input->body, input->size);
    }
    if (attempt_send(batch, "common_park", ALL_COLUMNS(attempt->columns.park)) != 0)
        return -1;
    return attempt_send(batch, "common_unpark", ALL_COLUMNS(attempt->columns.unpark));
}
