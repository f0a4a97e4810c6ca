#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/entry.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"

#define BUSY_FULL_MS 100 /* the queue is full: it will be shorter soon */
#define BUSY_LAG_MS 500  /* the end of the chain lags */
#define BUSY_DOWN_MS 1000

union any_request { /* room for whichever request a service takes */
    struct submit submit;
    struct command command;
};

struct frame *frame_of(zmq_msg_t *take_message) {
    struct frame *frame = calloc(1, sizeof *frame);
    assert(frame != NULL);
    frame->refs = 1;
    zmq_msg_init(&frame->message);
    zmq_msg_move(&frame->message, take_message);
    return frame;
}

void frame_release(struct frame *frame) {
    if (frame == NULL || --frame->refs > 0)
        return;
    zmq_msg_close(&frame->message);
    free(frame);
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

void loop_answer(struct service_loop *loop, struct asker *take_asker, const struct bytes *reply) {
    struct asker *asker = take_asker;
    (void)loop;
    if (asker->answer != NULL)
        asker->answer(asker->context, reply->data, reply->size);
    else
        (void)wire_send_bytes(asker->socket, &asker->peer, reply);
    free(asker);
}

static void answer_message(struct service_loop *loop, struct asker *take_asker, enum message type, const void *value) {
    struct bytes reply = {0};
    message_encode(type, value, &reply);
    loop_answer(loop, take_asker, &reply);
    bytes_close(&reply);
}

void loop_busy(struct service_loop *loop, struct asker *take_asker, uint64_t retry_after_ms) {
    struct busy busy = {.retry_after_ms = retry_after_ms};
    memcpy(busy.key, take_asker->key, sizeof busy.key);
    metric_add(METRIC_busy_total, 1);
    answer_message(loop, take_asker, MESSAGE_busy, &busy);
}

static void answer_refused(struct service_loop *loop, struct asker *take_asker, const struct reason *why) {
    struct refused refused = {0};
    memcpy(refused.key, take_asker->key, sizeof refused.key);
    snprintf(refused.field, sizeof refused.field, "%s", why->field);
    snprintf(refused.reason, sizeof refused.reason, "%s", why->text);
    metric_add(METRIC_refused_total, 1);
    answer_message(loop, take_asker, MESSAGE_refused, &refused);
}

/* ---- requests -------------------------------------------------------------------------------------------------------- */

/* It does not where the world failed a moment ago, and where a commit waits: for a standby, for a disk. */
static bool lane_goes_on(const struct lane_state *lane) {
    int64_t now = clock_monotonic_ms();
    return lane->retry_at <= now && (lane->work == NULL || now - lane->work_at <= STUCK_MS);
}

uint64_t service_busy_ms(const struct service_loop *loop) {
    if (loop->stopping || !loop->connected || loop->city == NULL)
        return BUSY_DOWN_MS;
    if (loop->requests_waiting >= loop->requests_max)
        return BUSY_FULL_MS;
    if (loop->worst_ms > loop->chain_lag_max_ms)
        return BUSY_LAG_MS;
    for (size_t i = 0; i < loop->lane_count; i++)
        if (lane_goes_on(&loop->lanes[i]))
            return 0;
    return BUSY_DOWN_MS;
}

void loop_busy_waiting(struct service_loop *loop) {
    struct waiting *waiting;
    while ((waiting = queue_front(&loop->requests)) != NULL && clock_monotonic_ms() - waiting->arrived_ms > STUCK_MS &&
           service_busy_ms(loop) == BUSY_DOWN_MS) {
        loop->requests_waiting--;
        loop_busy(loop, waiting->asker, BUSY_DOWN_MS);
        frame_release(waiting->frame);
        queue_pop(&loop->requests);
    }
}

static void answer_moved(struct service_loop *loop, struct asker *take_asker, uint16_t shard) {
    struct moved moved = {0};
    snprintf(moved.stream, sizeof moved.stream, "%u", shard);
    const struct member *owner = mesh_owner(loop->view, loop->service->name, shard);
    if (owner != NULL && owner->member != loop->view->self) {
        snprintf(moved.endpoint, sizeof moved.endpoint, "%s", owner->endpoint);
        snprintf(moved.curve_key, sizeof moved.curve_key, "%s", owner->curve_key);
    }
    answer_message(loop, take_asker, MESSAGE_moved, &moved);
}

static void take_request(struct service_loop *loop, struct asker *take_asker, zmq_msg_t *take_message) {
    const struct request_form *form = loop->service->request;
    union any_request request;
    assert(form->size <= sizeof request);
    struct reason why;
    if (message_decode(form->type, zmq_msg_data(take_message), zmq_msg_size(take_message), &request, &why) != 0) {
        answer_refused(loop, take_asker, &why);
        return;
    }
    const char *key;
    uint16_t shard = form->shard(&request, &key);
    snprintf(take_asker->key, sizeof take_asker->key, "%s", key);
    uint64_t wait_ms = service_busy_ms(loop);
    if (wait_ms > 0) {
        loop_busy(loop, take_asker, wait_ms);
        return;
    }
    if (shard != SHARD_ANY && !loop->shards[shard].owned) {
        answer_moved(loop, take_asker, shard);
        return;
    }
    struct waiting_queue *queue = shard == SHARD_ANY ? &loop->requests : &loop->lanes[shard % loop->lane_count].queue;
    struct frame *frame = frame_of(take_message);
    *queue_push(queue) = (struct waiting){.kind = INPUT_REQUEST,
                                          .type = form->type,
                                          .shard = shard,
                                          .frame = frame,
                                          .body = zmq_msg_data(&frame->message),
                                          .asker = take_asker,
                                          .size = zmq_msg_size(&frame->message),
                                          .arrived_ms = clock_monotonic_ms()};
    loop->requests_waiting++;
}

static struct asker *asker_of_packet(void *socket, struct packet *packet) {
    struct asker *asker = calloc(1, sizeof *asker);
    assert(asker != NULL);
    asker->socket = socket;
    asker->peer = packet->peer;
    memcpy(asker->client, packet->user, sizeof asker->client);
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    entry_key(data, size, asker->key); /* also a refusal names the request */
    return asker;
}

void loop_packet(struct service_loop *loop, void *socket, struct packet *packet) {
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool is_public = socket == loop->public_socket;
    bool follows = type == MESSAGE_hello || type == MESSAGE_follow || type == MESSAGE_credit ||
                   type == MESSAGE_unfollow || type == MESSAGE_lag;
    const struct service *service = loop->service;
    if (follows && (!is_public || service->public_streams)) {
        publish_packet(loop->publisher, &(struct publish_from){socket, is_public}, packet, type);
        return;
    }
    struct reason why;
    if (service->request != NULL && type == service->request->type && (!is_public || service->public_requests)) {
        struct asker *asker = asker_of_packet(socket, packet);
        if (is_public && !loop_may_request(loop, packet->user, &why))
            answer_refused(loop, asker, &why);
        else
            take_request(loop, asker, &packet->header);
        return;
    }
    (void)refuse(&why, "t", "this endpoint of %s does not take that message; see PROTOCOL.md", service->name);
    answer_refused(loop, asker_of_packet(socket, packet), &why);
}

void service_request(struct service_loop *loop, const struct request_ask *ask) {
    struct asker *asker = calloc(1, sizeof *asker);
    assert(asker != NULL);
    snprintf(asker->client, sizeof asker->client, "%s", ask->client);
    asker->answer = ask->answer;
    asker->context = ask->context;
    struct bytes encoded = {0};
    message_encode(loop->service->request->type, ask->request, &encoded);
    zmq_msg_t message;
    int status = zmq_msg_init_size(&message, encoded.size);
    assert(status == 0);
    (void)status;
    memcpy(zmq_msg_data(&message), encoded.data, encoded.size);
    bytes_close(&encoded);
    take_request(loop, asker, &message);
    zmq_msg_close(&message);
}
