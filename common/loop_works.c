#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/entry.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"
#include "proto/guard.h"

/* ---- entries come in ----------------------------------------------------------------------------------------------- */

void loop_received(void *context, struct followed *followed) {
    struct service_loop *loop = context;
    struct frame *frame = frame_of(followed->frame);
    const uint8_t *data = followed->entries;
    size_t left = followed->size;
    struct waiting_queue *queue = &loop->lanes[followed->shard % loop->lane_count].queue;
    int64_t now = clock_monotonic_ms();
    for (uint32_t i = 0; i < followed->count; i++) {
        size_t size = guard_object_size(data, left);
        assert(size > 0); /* the guard passed the whole array */
        frame->refs++;
        *queue_push(queue) = (struct waiting){.kind = INPUT_ENTRY,
                                              .type = message_peek(data, size),
                                              .body = data,
                                              .shard = followed->shard,
                                              .upstream = followed->upstream,
                                              .size = size,
                                              .seq = followed->first + i,
                                              .frame = frame,
                                              .arrived_ms = now};
        data += size;
        left -= size;
    }
    frame_release(frame);
}

/* ---- making a work ---------------------------------------------------------------------------------------------------- */

static void include_shard(struct service_loop *loop, struct work *work, uint16_t shard) {
    if (work_shard(work, shard) != NULL)
        return;
    struct shard_state *state = &loop->shards[shard];
    struct work_shard *added = work_add_shard(work, shard);
    added->epoch = state->epoch;
    added->known = state->cursors;
    added->parked = state->parked;
    if (state->check)
        work->check = true;
    state->busy = true;
}

static void include_input(struct service_loop *loop, struct work *work, const struct waiting *waiting, uint16_t shard) {
    include_shard(loop, work, shard);
    struct input *input = &work->inputs[work->count++];
    input->kind = waiting->kind;
    input->type = waiting->type;
    input->shard = shard;
    input->upstream = waiting->upstream;
    input->seq = waiting->seq;
    input->body = waiting->body;
    input->size = waiting->size;
    input->arrived_ms = waiting->arrived_ms;
    input->frame = waiting->frame;
    input->asker = waiting->asker;
    input->client = waiting->asker ? waiting->asker->client : "";
    input->case_id = loop->shards[shard].parked ? entry_case(input->body, input->size) : 0;
}

static void drop_waiting(struct service_loop *loop, const struct waiting *waiting) {
    if (waiting->asker != NULL) {
        loop->requests_waiting--;
        loop_busy(loop, waiting->asker, RETRY_MS);
    }
    frame_release(waiting->frame);
}

/* Entries of a shard that is not ours any more are somebody else's; its owner follows them itself. An entry that we
 * have already, or that does not continue our cursor, came before a shard was lost and won again. */
static bool is_current(const struct service_loop *loop, const struct work *work, const struct waiting *waiting) {
    const struct shard_state *state = &loop->shards[waiting->shard];
    if (!state->owned)
        return false;
    if (waiting->kind != INPUT_ENTRY)
        return true;
    uint64_t last = state->cursors.in_seq[waiting->upstream];
    for (size_t i = work->count; i > 0; i--) {
        const struct input *input = &work->inputs[i - 1];
        if (input->kind != INPUT_ENTRY || input->shard != waiting->shard || input->upstream != waiting->upstream)
            continue;
        last = input->seq;
        break;
    }
    return waiting->seq == last + 1;
}

static void take_from_queue(struct service_loop *loop, struct lane_state *lane, struct work *work) {
    struct waiting *waiting;
    while (work->count < loop->batch_max && (waiting = queue_front(&lane->queue)) != NULL) {
        if (is_current(loop, work, waiting))
            include_input(loop, work, waiting, waiting->shard);
        else
            drop_waiting(loop, waiting);
        queue_pop(&lane->queue);
    }
}

/* Requests of any shard go to one shard a work, the lane's shards taking turns: the next service gets them as one run. */
static int next_mint(struct service_loop *loop, struct lane_state *lane) {
    size_t number = (size_t)(lane - loop->lanes);
    for (int step = 1; step <= SHARD_COUNT; step++) {
        uint16_t shard = (uint16_t)((lane->mint + step) % SHARD_COUNT);
        if (!loop->shards[shard].owned || shard % loop->lane_count != number)
            continue;
        lane->mint = shard;
        return shard;
    }
    return -1;
}

static void take_requests(struct service_loop *loop, struct lane_state *lane, struct work *work) {
    if (loop->requests.count == 0 || work->count == loop->batch_max)
        return;
    int shard = next_mint(loop, lane);
    struct waiting *waiting;
    while (shard >= 0 && work->count < loop->batch_max && (waiting = queue_front(&loop->requests)) != NULL) {
        include_input(loop, work, waiting, (uint16_t)shard);
        queue_pop(&loop->requests);
    }
}

static struct work *whole_lane_work(struct service_loop *loop, const struct lane_state *lane) {
    struct work *work = work_open(0);
    size_t number = (size_t)(lane - loop->lanes);
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        if (loop->shards[shard].owned && shard % loop->lane_count == number)
            include_shard(loop, work, shard);
    return work;
}

static bool lane_has_parked(const struct service_loop *loop, size_t number) {
    for (size_t shard = number; shard < SHARD_COUNT; shard += loop->lane_count)
        if (loop->shards[shard].owned && loop->shards[shard].parked)
            return true;
    return false;
}

/* The tick and the replays take turns with the queue, so that neither starves. */
static struct work *extra_work(struct service_loop *loop, struct lane_state *lane) {
    int64_t now = clock_monotonic_ms();
    struct work *work = NULL;
    if (loop->service->tick != NULL && clock_now() >= lane->wake_at) {
        work = whole_lane_work(loop, lane);
        work->tick = true;
    } else if (now - lane->replay_at > REPLAY_CHECK_MS && lane_has_parked(loop, (size_t)(lane - loop->lanes))) {
        lane->replay_at = now;
        work = whole_lane_work(loop, lane);
        work->replay = true;
    }
    if (work != NULL && work->shard_count == 0)
        work_close(&work);
    return work;
}

static struct work *next_work(struct service_loop *loop, struct lane_state *lane) {
    struct work *work = lane->ticked_last ? NULL : extra_work(loop, lane);
    lane->ticked_last = work != NULL;
    if (work != NULL)
        return work;
    if (lane->queue.count == 0 && loop->requests.count == 0)
        return NULL;
    work = work_open(loop->batch_max);
    take_from_queue(loop, lane, work);
    take_requests(loop, lane, work);
    if (work->count == 0)
        work_close(&work);
    return work;
}

void loop_feed(struct service_loop *loop) {
    if (!loop->connected || loop->city == NULL || !clock_known())
        return;
    if (loop->left || (loop->stopping && loop->requests_waiting == 0))
        return;             /* entries that wait are in their upstream's log, for whoever has the shard next */
    loop_give_excess(loop); /* between two works: a tick, which takes all shards of its lane, could follow at once */
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < loop->lane_count; i++) {
        struct lane_state *lane = &loop->lanes[i];
        if (lane->work != NULL || now < lane->retry_at)
            continue;
        struct work *work = next_work(loop, lane);
        if (work == NULL && lane->ticked_last)
            work = next_work(loop, lane);
        if (work == NULL)
            continue;
        loop->city->refs++;
        work->city = loop->city->city;
        work->loop = loop->city;
        lane->work = work;
        lane->work_at = now;
        metric_set(METRIC_batch_inputs, (long long)work->count);
        lane_put(lane->lane, work);
    }
}

bool loop_idle(const struct service_loop *loop) {
    for (size_t i = 0; i < loop->lane_count; i++)
        if (loop->lanes[i].work != NULL)
            return false;
    return true;
}

/* ---- taking a work back ------------------------------------------------------------------------------------------------ */

static void take_back_shards(struct service_loop *loop, const struct work *work) {
    for (size_t i = 0; i < work->shard_count; i++) {
        const struct work_shard *done = &work->shards[i];
        struct shard_state *state = &loop->shards[done->shard];
        state->busy = false;
        if (!state->owned || state->epoch != done->epoch)
            continue;
        state->check = work->result == WORK_RETRY;
        state->cursors = done->known;
        state->parked = state->parked || done->parked;
        if (done->lost) {
            state->owned = false;
            follow_stop(loop->links, done->shard);
            journal_say(JOURNAL_WARNING, "shard_lost", "shard %u is owned by another replica", done->shard);
            continue;
        }
        char stream[8];
        snprintf(stream, sizeof stream, "%u", done->shard);
        if (done->resynced && loop->service->append_query != NULL)
            publish_head(loop->publisher, stream, done->known.out_seq);
        for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++)
            if (loop->service->upstreams[upstream] != NULL)
                follow_applied(loop->links, done->shard, upstream, done->known.in_seq[upstream]);
    }
}

static void publish_chunks(struct service_loop *loop, struct work *work) {
    while (work->chunks != NULL) {
        struct chunk *chunk = work->chunks;
        work->chunks = chunk->next;
        chunk->next = NULL;
        struct moved moved = {0};
        if (loop->service->append_query != NULL || loop_is_ours(loop, false, chunk->stream, &moved)) {
            publish_chunk(loop->publisher, chunk);
            continue;
        }
        uint16_t shard = loop_stream_shard(loop, chunk->stream);
        const struct member *owner = mesh_owner(loop->view, loop->service->name, shard);
        if (owner != NULL)
            publish_hint(loop->publisher, owner->member, chunk->stream, chunk->first + chunk->count - 1);
        chunk_close(&chunk);
    }
}

static void pause_lane(struct lane_state *lane, const struct work *work) {
    lane->retry_ms = lane->retry_ms == 0 ? RETRY_MS : lane->retry_ms * 2;
    if (lane->retry_ms > RETRY_MS_MAX)
        lane->retry_ms = RETRY_MS_MAX;
    lane->retry_at = clock_monotonic_ms() + lane->retry_ms;
    journal_say(JOURNAL_WARNING, "batch_retried", "%s: %s; again in %lld ms", work->why.field, work->why.text,
                (long long)lane->retry_ms);
}

void loop_work_done(struct service_loop *loop, struct work *take_work) {
    struct work *work = take_work;
    struct lane_state *lane = NULL;
    for (size_t i = 0; i < loop->lane_count; i++)
        if (loop->lanes[i].work == work)
            lane = &loop->lanes[i];
    assert(lane != NULL);
    lane->work = NULL;
    metric_observe_ms(METRIC_batch_ms, (double)(clock_monotonic_ms() - lane->work_at));
    if (work->result == WORK_DONE)
        lane->retry_ms = lane->retry_at = 0;
    else
        pause_lane(lane, work);
    bool ticked = work->tick && work->result == WORK_DONE;
    if (ticked || work->wake_at < lane->wake_at)
        lane->wake_at = work->wake_at;
    take_back_shards(loop, work);
    publish_chunks(loop, work);
    loop_take_back(loop, lane, work);
    struct city_hold *hold = work->loop;
    if (--hold->refs == 0) {
        city_close(&hold->city);
        free(hold);
    }
    work_close(&work);
}
