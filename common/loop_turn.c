/* One turn of the loop: what it hears, what it hands to the lanes, and what is due by the clock. */
#include "common/clock.h"
#include "common/loop.h"
#include "common/metrics.h"

#define PACKETS_PER_TURN_MAX 1000

static void read_socket(struct service_loop *loop, void *socket) {
    if (socket == NULL)
        return;
    for (int i = 0; i < PACKETS_PER_TURN_MAX; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, true);
        if (status == 0)
            return;
        if (status < 0) {
            metric_add(METRIC_refused_total, 1);
            continue;
        }
        loop_packet(loop, socket, &packet);
        packet_close(&packet);
    }
}

static int64_t oldest_waiting(const struct service_loop *loop, uint8_t upstream, int64_t now) {
    int64_t oldest = now;
    for (size_t i = 0; i < loop->lane_count; i++) {
        const struct lane_state *lane = &loop->lanes[i];
        const struct waiting *first = lane->queue.count ? &lane->queue.ring[lane->queue.first] : NULL;
        if (first != NULL && first->upstream == upstream && first->arrived_ms < oldest)
            oldest = first->arrived_ms;
    }
    return oldest;
}

/* What we tell each upstream: our own delay or that of whoever follows us, leaving out that upstream itself, so that a
 * delay does not go round in circles between two services that follow each other. */
static void measure_lag(struct service_loop *loop) {
    int64_t now = clock_monotonic_ms();
    loop->worst_ms = publish_behind_ms(loop->publisher, NULL);
    for (uint8_t i = 0; i < UPSTREAMS_MAX; i++) {
        int64_t own = now - oldest_waiting(loop, i, now);
        int64_t behind = publish_behind_ms(loop->publisher, loop->service->upstreams[i]);
        loop->behind_ms[i] = own > behind ? own : behind;
        if (loop->behind_ms[i] > loop->worst_ms)
            loop->worst_ms = loop->behind_ms[i];
    }
    metric_set(METRIC_behind_ms, loop->worst_ms);
    metric_set(METRIC_requests_waiting, (long long)loop->requests_waiting);
}

static void take_rounds(struct service_loop *loop) {
    int64_t now = clock_monotonic_ms();
    if (now - loop->turn_at >= TURN_MS) {
        loop->turn_at = now;
        measure_lag(loop);
        follow_turn(loop->links, loop->behind_ms);
        loop_busy_waiting(loop);
    }
    if (now - loop->heads_at >= HEADS_MS) {
        loop->heads_at = now;
        publish_turn(loop->publisher);
    }
}

static int shorter(int a, int b) {
    return b >= 0 && (a < 0 || b < a) ? b : a;
}

int loop_wait_ms(const struct service_loop *loop) {
    int wait = TURN_MS;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < loop->lane_count; i++) {
        const struct lane_state *lane = &loop->lanes[i];
        if (lane->work != NULL)
            continue;
        bool has_work = lane->queue.count > 0 || loop->requests.count > 0;
        if (has_work && lane->retry_at > now)
            wait = shorter(wait, (int)(lane->retry_at - now));
        if (loop->service->tick == NULL || !clock_known() || lane->wake_at == INT64_MAX)
            continue;
        double due_ms = (double)(lane->wake_at - clock_now()) / clock_speed();
        wait = shorter(wait, due_ms < 1 ? 1 : due_ms < TURN_MS ? (int)due_ms + 1 : TURN_MS);
    }
    wait = shorter(wait, publish_wait_ms(loop->publisher));
    if (loop->public_http != NULL)
        wait = shorter(wait, http_timeout_ms(loop->public_http));
    if (loop->own != NULL)
        wait = shorter(wait, loop->service->extra->wait_ms(loop->own));
    return shorter(wait, http_timeout_ms(loop->operations));
}

void loop_turn(struct service_loop *loop) {
    loop_take_letters(loop);
    if (loop_knows_keys(loop))
        zap_turn(loop->zap, loop_zap_find, loop);
    read_socket(loop, loop->mesh_socket);
    read_socket(loop, loop->public_socket);
    follow_read(loop->links);
    if (loop->public_http != NULL)
        http_turn(loop->public_http);
    http_turn(loop->operations);
    if (loop->own != NULL)
        loop->service->extra->turn(loop->own);
    loop_feed(loop);
    publish_marks_turn(loop->publisher);
    publish_held_turn(loop->publisher);
    take_rounds(loop);
}
