/* What nobody asks for: cases whose parent is finished, and open cases to be counted anew after a calendar was corrected. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/journal.h"
#include "services/routing/case_decide.h"
#include "services/routing/handlers.h"
#include "services/routing/routing_lane.h"

#define LOOK_MS 1000    /* how often, real time */
#define RECOUNT_MS 5000 /* how often for corrected calendars; while something is left, at every look */
#define UPKEEP_MAX 500  /* cases a look */
#define MERGED_MAX 2048 /* merged cases that a look asks after; the next one goes on there */
#define MORE_MS 100     /* to the next look, while some were left */

typedef int decision(const struct case_step *step, struct reason *why);

static bool owns(const struct batch *batch, uint64_t case_id) {
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    for (size_t i = 0; i < count; i++)
        if (shards[i] == (int16_t)case_shard(case_id))
            return true;
    return false;
}

static void decide_one(struct batch *batch, struct touched_case *touched, decision *decide) {
    struct routing_lane *lane = batch->own;
    struct case_step step = {.city = batch->city, .now = batch->now, .file = &touched->file, .moved = &lane->moved};
    struct reason why;
    if (touched->file.parent != 0) {
        const struct touched_case *parent = case_store_at(&lane->cases, batch, touched->file.parent);
        step.parent = parent->is_there ? &parent->file : NULL;
    }
    int status = decide(&step, &why);
    if (status < 0)
        journal_say_about(JOURNAL_ERROR, "case_stays", (struct journal_about){touched->file.case_id, ""}, "%s: %s",
                          why.field, why.text);
    if (status <= 0)
        return;
    touched->changed = true;
    routing_emit(batch, touched);
}

static void decide_all(struct batch *batch, decision *decide) {
    struct case_store *cases = &((struct routing_lane *)batch->own)->cases;
    size_t count = cases->count; /* parents that are only looked at may be added behind */
    for (size_t i = 0; i < count; i++)
        if (cases->touched[i]->is_there && owns(batch, cases->touched[i]->file.case_id))
            decide_one(batch, cases->touched[i], decide);
}

static int send_shards(struct batch *batch, const char *query, bool with_calendar) {
    struct routing_lane *lane = batch->own;
    struct params params = {0};
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    column_reset(&lane->ask_shards);
    for (size_t i = 0; i < count; i++)
        column_int2(&lane->ask_shards, shards[i]);
    params_column(&params, &lane->ask_shards);
    if (with_calendar)
        params_int8(&params, (int64_t)city_calendar_version(batch->city));
    params_int4(&params, UPKEEP_MAX);
    return db_send(batch->db, query, &params);
}

/* ---- merged cases ------------------------------------------------------------------------------------------------------ */

static uint32_t merged_of_a_shard(const struct batch *batch) {
    size_t count;
    (void)batch_shards(batch, &count);
    return (uint32_t)(MERGED_MAX / (count > 0 ? count : 1));
}

static int ask_for_merged(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    struct params params = {0};
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    column_reset(&lane->ask_shards);
    column_reset(&lane->looked[0]);
    column_reset(&lane->looked[1]);
    for (size_t i = 0; i < count; i++) {
        column_int2(&lane->ask_shards, shards[i]);
        column_int8(&lane->looked[0], lane->merged[shards[i]].parent);
        column_int8(&lane->looked[1], lane->merged[shards[i]].case_id);
    }
    params_column(&params, &lane->ask_shards);
    params_column(&params, &lane->looked[0]);
    params_column(&params, &lane->looked[1]);
    params_int4(&params, (int32_t)merged_of_a_shard(batch));
    return db_send(batch->db, "routing_orphans", &params);
}

/* A shard of which all that was asked for came may have more; of the others the next look begins anew. True: there may be more. */
static bool note_looked(struct batch *batch, const PGresult *merged) {
    struct routing_lane *lane = batch->own;
    uint32_t most = merged_of_a_shard(batch);
    size_t count;
    bool more = false;
    const int16_t *shards = batch_shards(batch, &count);
    for (size_t i = 0; i < count; i++)
        lane->merged[shards[i]] = (struct merged_look){0, 0};
    for (int row = 0, first = 0; row < PQntuples(merged); row++) {
        int16_t shard = db_int2(merged, row, 0);
        if (shard != db_int2(merged, first, 0))
            first = row;
        if ((uint32_t)(row - first) + 1 < most)
            continue;
        lane->merged[shard] = (struct merged_look){db_int8(merged, row, 2), db_int8(merged, row, 1)};
        more = true;
    }
    return more;
}

static int conclude(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    if (ask_for_merged(batch) != 0)
        return -1;
    SCOPED_RESULT
    *merged = db_take(batch->db);
    if (merged == NULL)
        return -1;
    for (int row = 0, wanted = 0; row < PQntuples(merged) && wanted < UPKEEP_MAX; row++)
        if (db_bool(merged, row, 3)) {
            wanted++;
            case_store_want(&lane->cases, batch, (uint64_t)db_int8(merged, row, 1));
            case_store_want(&lane->cases, batch, (uint64_t)db_int8(merged, row, 2));
        }
    if (note_looked(batch, merged))
        batch_wake_at(batch, batch->now + (int64_t)(MORE_MS * clock_speed()) + 1);
    if (case_store_load(&lane->cases, batch) != 0)
        return -1;
    decide_all(batch, case_conclude);
    return 0;
}

/* ---- a corrected calendar ------------------------------------------------------------------------------------------------ */

/* How far each shard in the answer is now: a shard whose cases the limit may have cut is not done. */
static void keep_progress(struct routing_lane *lane, const PGresult *stale) {
    int rows = PQntuples(stale);
    for (int first = 0, end; first < rows; first = end) {
        int16_t shard = db_int2(stale, first, 0);
        for (end = first; end < rows && db_int2(stale, end, 0) == shard; end++)
            ;
        bool nothing_left = db_null(stale, first, 1), cut = end == rows && rows == UPKEEP_MAX;
        column_int2(&lane->counted[0], shard);
        column_int8(&lane->counted[1], nothing_left ? INT64_MAX : db_int8(stale, end - 1, 1));
        column_int2(&lane->counted[2], nothing_left || !cut);
    }
}

static int save_progress(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    struct params params = {0};
    for (int i = 0; i < 3; i++)
        params_column(&params, &lane->counted[i]);
    params_int8(&params, (int64_t)city_calendar_version(batch->city));
    return db_send(batch->db, "routing_counted", &params);
}

static int recount(struct batch *batch, bool *more) {
    struct routing_lane *lane = batch->own;
    if (send_shards(batch, "routing_stale", true) != 0)
        return -1;
    SCOPED_RESULT
    *stale = db_take(batch->db);
    if (stale == NULL)
        return -1;
    *more = PQntuples(stale) == UPKEEP_MAX;
    if (PQntuples(stale) == 0)
        return 0;
    for (int i = 0; i < 3; i++)
        column_reset(&lane->counted[i]);
    keep_progress(lane, stale);
    for (int row = 0; row < PQntuples(stale); row++)
        if (!db_null(stale, row, 1))
            case_store_want(&lane->cases, batch, (uint64_t)db_int8(stale, row, 1));
    if (case_store_load(&lane->cases, batch) != 0)
        return -1;
    decide_all(batch, case_recalculate);
    return save_progress(batch);
}

int routing_tick(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    int64_t now = clock_monotonic_ms();
    bool more = false;
    int status;
    int64_t wait = (int64_t)(LOOK_MS * clock_speed());
    batch_wake_at(batch, batch->now + (wait > 0 ? wait : 1)); /* also when the city's time all but stands still */
    case_store_begin(&lane->cases, batch, 4 * UPKEEP_MAX);
    if (now - lane->recounted_at >= RECOUNT_MS) {
        status = recount(batch, &more);
        lane->recounted_at = more ? 0 : now;
        if (more)
            batch_wake_at(batch, batch->now); /* takes turns with what comes in */
    } else {
        status = conclude(batch);
    }
    return status;
}
