#include "services/escalation/handlers.h"

#include <assert.h>
#include <stdlib.h>

#include "common/case_map.h"

#define FIRED_PER_TICK_MAX 500 /* more wait for the next tick, which follows at once */

struct escalation_lane {
    struct column arm[5];    /* of escalation_arm */
    struct column disarm[2]; /* of escalation_disarm */
    struct column fire[2];   /* of escalation_fire */
    struct column shards;
    struct case_map last; /* case → its last input in this batch: only that one counts */
    struct case_moved moved;
};

void *escalation_lane_open(const struct settings *settings) {
    (void)settings;
    struct escalation_lane *lane = calloc(1, sizeof *lane);
    assert(lane != NULL);
    return lane;
}

static void each_column(struct escalation_lane *lane, void (*act)(struct column *)) {
    for (int i = 0; i < 5; i++)
        act(&lane->arm[i]);
    for (int i = 0; i < 2; i++)
        act(&lane->disarm[i]);
    for (int i = 0; i < 2; i++)
        act(&lane->fire[i]);
    act(&lane->shards);
}

void escalation_lane_close(void *own) {
    each_column(own, column_close);
    free(own);
}

/* ---- cases that moved ---------------------------------------------------------------------------------------------------- */

struct armed { /* what of an entry matters here */
    uint64_t case_id;
    int64_t due_at; /* next_at of the case */
    int32_t version;
    int16_t tier;
};

static void decode(struct batch *batch, struct input *input) {
    struct escalation_lane *lane = batch->own;
    struct reason why;
    if (message_decode(MESSAGE_case_moved, input->body, input->size, &lane->moved, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    batch_about(input, lane->moved.case_id, lane->moved.traceparent);
    struct armed *armed = arena_take(batch->arena, sizeof *armed);
    /* An entry from before cases had several clocks has one instant for all. */
    int64_t next_at = lane->moved.next_at != 0 ? lane->moved.next_at : lane->moved.due_at;
    *armed = (struct armed){lane->moved.case_id, next_at, (int32_t)lane->moved.version, (int16_t)lane->moved.tier};
    input->decoded = armed;
    *case_map_at(&lane->last, armed->case_id) = input;
}

int escalation_load(struct batch *batch) {
    struct escalation_lane *lane = batch->own;
    each_column(lane, column_reset);
    lane->last = case_map_open(batch->arena, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->inputs[i]->outcome == OUTCOME_PENDING)
            decode(batch, batch->inputs[i]);
    return 0;
}

void escalation_on_moved(struct batch *batch, struct input *input) {
    struct escalation_lane *lane = batch->own;
    const struct armed *armed = input->decoded;
    if (*case_map_at(&lane->last, armed->case_id) != input)
        return;
    if (armed->due_at == 0) {
        column_int2(&lane->disarm[0], (int16_t)case_shard(armed->case_id));
        column_int8(&lane->disarm[1], (int64_t)armed->case_id);
        return;
    }
    column_int8(&lane->arm[0], (int64_t)armed->case_id);
    column_time(&lane->arm[1], armed->due_at);
    column_int4(&lane->arm[2], armed->version);
    column_int2(&lane->arm[3], (int16_t)case_shard(armed->case_id));
    column_int2(&lane->arm[4], armed->tier);
    batch_wake_at(batch, armed->due_at);
}

static int send(struct batch *batch, const char *query, struct column *columns, int count) {
    if (columns[0].count == 0)
        return 0;
    struct params params = {0};
    for (int i = 0; i < count; i++)
        params_column(&params, &columns[i]);
    return db_send(batch->db, query, &params);
}

int escalation_save(struct batch *batch) {
    struct escalation_lane *lane = batch->own;
    if (send(batch, "escalation_arm", lane->arm, 5) != 0)
        return -1;
    if (send(batch, "escalation_disarm", lane->disarm, 2) != 0)
        return -1;
    if (lane->fire[0].count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &lane->fire[0]);
    params_column(&params, &lane->fire[1]);
    params_time(&params, batch->now);
    return db_send(batch->db, "escalation_fire", &params);
}

/* ---- deadlines that passed -------------------------------------------------------------------------------------------------- */

static void fire(struct batch *batch, const PGresult *due, int row) {
    struct escalation_lane *lane = batch->own;
    struct deadline_passed passed = {.case_id = (uint64_t)db_int8(due, row, 0),
                                     .at = batch->now,
                                     .due_at = db_time(due, row, 1),
                                     .version = (uint64_t)db_int4(due, row, 2),
                                     .tier = (uint64_t)db_int2(due, row, 3)};
    batch_emit(batch, passed.case_id, MESSAGE_deadline_passed, &passed);
    column_int2(&lane->fire[0], (int16_t)case_shard(passed.case_id));
    column_int8(&lane->fire[1], (int64_t)passed.case_id);
}

static int ask(struct batch *batch, const char *query, bool limited) {
    struct escalation_lane *lane = batch->own;
    struct params params = {0};
    params_column(&params, &lane->shards);
    params_time(&params, batch->now);
    if (limited)
        params_int4(&params, FIRED_PER_TICK_MAX);
    return db_send(batch->db, query, &params);
}

int escalation_tick(struct batch *batch) {
    struct escalation_lane *lane = batch->own;
    each_column(lane, column_reset);
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    for (size_t i = 0; i < count; i++)
        column_int2(&lane->shards, shards[i]);
    if (count == 0)
        return 0;
    if (ask(batch, "escalation_due", true) != 0 || ask(batch, "escalation_next", false) != 0)
        return -1;
    SCOPED_RESULT
    *due = db_take(batch->db);
    SCOPED_RESULT
    *next = due ? db_take(batch->db) : NULL;
    if (next == NULL)
        return -1;
    for (int row = 0; row < PQntuples(due); row++)
        fire(batch, due, row);
    if (PQntuples(due) == FIRED_PER_TICK_MAX)
        batch_wake_at(batch, batch->now);
    else if (!db_null(next, 0, 0))
        batch_wake_at(batch, db_time(next, 0, 0));
    return 0;
}
