#include "common/lane.h"

#include <assert.h>
#include <stdlib.h>

#include "common/attempt.h"
#include "common/clock.h"
#include "common/incarnation.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "common/service_connect.h"
#include "common/worker.h"

struct lane {
    struct lane_options options;
    struct worker *worker;
    struct db *db;
    bool ever_tried; /* to connect */
    struct arena *arena;
    void *own;
    struct attempt attempt;
};

/* ---- carrying out a work ------------------------------------------------------------------------------------ */

static bool any_lost(const struct work *work) {
    for (size_t i = 0; i < work->shard_count; i++)
        if (work->shards[i].lost)
            return true;
    return false;
}

static enum db_failure run(struct lane *lane, size_t from, size_t to) {
    struct attempt *attempt = &lane->attempt;
    attempt->batch.now = clock_now();
    attempt->batch.incarnation = incarnation_now();
    enum db_failure failure = attempt_run(attempt, from, to);
    if (failure ==
        DB_CONFLICT) { /* another replica was first: with this key, or, owning the shard now, with this seq */
        bool known = attempt_check(attempt) == 0;
        if (known && any_lost(attempt->work))
            metric_add(METRIC_fence_lost_total, 1);
        failure = known ? attempt_run(attempt, from, to) : DB_WORLD;
    }
    if (failure == DB_FENCED) {
        metric_add(METRIC_fence_lost_total, 1);
        failure = attempt_check(attempt) == 0 ? attempt_run(attempt, from, to) : DB_WORLD;
    }
    if (failure != DB_OK)
        lane->attempt.work->why = *db_reason(lane->db);
    return failure;
}

static void give_up_replays(struct lane *lane, const struct reason *why) {
    struct column shards = {0};
    for (size_t i = 0; i < lane->attempt.work->shard_count; i++)
        column_int2(&shards, (int16_t)lane->attempt.work->shards[i].shard);
    struct params params = {0};
    params_column(&params, &shards);
    params_text(&params, why->text);
    PQclear(db_ask(lane->db, "common_replay_failed", &params));
    column_close(&shards);
}

/* Parks or refuses the one input whose data the database will not take. */
static enum db_failure reject_one(struct lane *lane, size_t at) {
    struct input *input = &lane->attempt.work->inputs[at];
    struct reason why = *db_reason(lane->db);
    batch_reject(input, &why);
    return run(lane, at, at + 1);
}

/* Tries [from, to); halves on bad data until the offender stands alone. Depth is bounded by log2(BATCH_INPUTS_MAX). */
static enum db_failure run_range(struct lane *lane, size_t from, size_t to) {
    enum db_failure failure = run(lane, from, to);
    if (failure != DB_DATA && failure != DB_CONFLICT)
        return failure;
    if (from == to) {
        give_up_replays(lane, &lane->attempt.work->why);
        return DB_WORLD;
    }
    if (to - from == 1)
        return reject_one(lane, from);
    size_t middle = from + (to - from) / 2;
    failure = run_range(lane, from, middle);
    return failure == DB_OK ? run_range(lane, middle, to) : failure;
}

static int connect_lane(struct lane *lane, struct reason *why) {
    if (lane->db != NULL && PQstatus(db_raw(lane->db)) == CONNECTION_OK)
        return 0;
    db_close(&lane->db);
    return service_connect(&lane->db, lane->options.service, lane->options.database_url, why);
}

static void carry_out(struct lane *lane, struct work *work) {
    struct attempt *attempt = &lane->attempt;
    work->result = WORK_RETRY;
    work->database_up = false;
    if (connect_lane(lane, &work->why) != 0)
        return;
    attempt->service = lane->options.service;
    attempt->work = work;
    attempt->batch.db = lane->db;
    attempt->batch.city = work->city;
    attempt->batch.arena = lane->arena;
    attempt->batch.own = lane->own;
    attempt->batch.attempt = attempt;
    enum db_failure failure = work->check && attempt_check(attempt) != 0 ? DB_WORLD : DB_OK;
    if (failure == DB_OK)
        failure = run_range(lane, 0, work->count);
    work->database_up = PQstatus(db_raw(lane->db)) == CONNECTION_OK;
    if (failure == DB_OK)
        work->result = WORK_DONE;
    else
        metric_add(METRIC_retries_total, 1);
}

static void take_work(void *context, struct letter *take_letter) {
    struct lane *lane = context;
    carry_out(lane, (struct work *)take_letter);
    mailbox_put(lane->options.done, take_letter);
}

/* Connected before the first work comes. */
static int connect_early(void *context) {
    struct lane *lane = context;
    struct reason why;
    if (!lane->ever_tried)
        (void)!connect_lane(lane, &why); /* the first work tries again, and tells why */
    lane->ever_tried = true;
    return -1;
}

/* ---- the lane itself ------------------------------------------------------------------------------------------ */

struct lane *lane_open(const struct lane_options *options) {
    struct lane *lane = calloc(1, sizeof *lane);
    assert(lane != NULL);
    lane->options = *options;
    lane->arena = arena_open();
    if (options->service->lane_open != NULL)
        lane->own = options->service->lane_open(options->settings);
    lane->worker = worker_open(&(struct worker_options){.context = lane, .take = take_work, .turn = connect_early});
    return lane;
}

void lane_put(struct lane *lane, struct work *take_work) {
    take_work->letter.kind = LETTER_WORK;
    worker_put(lane->worker, &take_work->letter);
}

void lane_close(struct lane **lane) {
    if (*lane == NULL)
        return;
    worker_close(&(*lane)->worker);
    attempt_close(&(*lane)->attempt);
    if ((*lane)->options.service->lane_close != NULL)
        (*lane)->options.service->lane_close((*lane)->own);
    arena_close(&(*lane)->arena);
    db_close(&(*lane)->db);
    free(*lane);
    *lane = NULL;
}
