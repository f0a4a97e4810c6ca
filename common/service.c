#include "common/service.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"

#define PACKETS_PER_TURN_MAX 1000
#define POLL_ITEMS_MAX 96

/* ---- one turn ------------------------------------------------------------------------------------------------------- */

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

static void take_rounds(struct service_loop *loop, int64_t *turn_at, int64_t *heads_at) {
    int64_t now = clock_monotonic_ms();
    if (now - *turn_at >= TURN_MS) {
        *turn_at = now;
        measure_lag(loop);
        follow_turn(loop->links, loop->behind_ms);
    }
    if (now - *heads_at >= HEADS_MS) {
        *heads_at = now;
        publish_turn(loop->publisher);
    }
}

static int shorter(int a, int b) {
    return b >= 0 && (a < 0 || b < a) ? b : a;
}

static int wait_ms(const struct service_loop *loop) {
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

static void wait_for_something(struct service_loop *loop, int signals) {
    zmq_pollitem_t items[POLL_ITEMS_MAX] = {0};
    void *sockets[POLL_ITEMS_MAX];
    int fds[] = {mailbox_fd(loop->in), signals, http_fd(loop->operations),
                 loop->public_http ? http_fd(loop->public_http) : -1};
    int count = 0;
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            items[count++] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.socket = zap_socket(loop->zap), .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.socket = loop->mesh_socket, .events = ZMQ_POLLIN};
    if (loop->public_socket != NULL)
        items[count++] = (zmq_pollitem_t){.socket = loop->public_socket, .events = ZMQ_POLLIN};
    size_t links = follow_sockets(loop->links, sockets, POLL_ITEMS_MAX - (size_t)count);
    if (loop->own != NULL)
        links += loop->service->extra->sockets(loop->own, sockets + links, POLL_ITEMS_MAX - (size_t)count - links);
    for (size_t i = 0; i < links; i++)
        items[count++] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    (void)zmq_poll(items, count, wait_ms(loop));
}

static void turn(struct service_loop *loop) {
    zap_turn(loop->zap, loop_zap_find, loop);
    loop_take_letters(loop);
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
}

static bool signalled(int signals) {
    struct signalfd_siginfo info;
    return read(signals, &info, sizeof info) == sizeof info;
}

static void run_loop(struct service_loop *loop, int signals) {
    int64_t turn_at = 0, heads_at = 0, stop_by = 0;
    for (;;) {
        wait_for_something(loop, signals);
        turn(loop);
        take_rounds(loop, &turn_at, &heads_at);
        if (signalled(signals) && !loop->stopping) {
            loop->stopping = true;
            stop_by = clock_monotonic_ms() + DRAIN_MS_MAX;
            journal_say(JOURNAL_INFO, "stopping", "finishing the work under way");
        }
        bool idle = loop->own == NULL || loop->service->extra->idle(loop->own);
        bool drained = loop_idle(loop) && loop->requests.count == 0 && idle;
        if (loop->stopping && (drained || clock_monotonic_ms() > stop_by))
            return;
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static int serve(const struct service *service, struct settings *settings) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    struct service_loop *loop = calloc(1, sizeof *loop);
    assert(loop != NULL && signals >= 0);
    loop->service = service;
    loop->settings = settings;
    struct reason why;
    int status = loop_open(loop, &why);
    if (status == 0)
        run_loop(loop, signals);
    else
        journal_say(JOURNAL_ERROR, "cannot_start", "%s: %s", why.field, why.text);
    loop_close(loop);
    free(loop);
    close(signals);
    journal_say(JOURNAL_INFO, "stopped", "%s", status == 0 ? "drained" : "not started");
    return status == 0 ? 0 : 1;
}

static enum journal_level level_of(const char *name) {
    const char *names[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return (enum journal_level)i;
    return JOURNAL_INFO;
}

int service_main(const struct service *service, int argc, char **argv) {
    if (command_line_prints(service, argc, argv))
        return 0;
    bool only_check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc > (only_check ? 2 : 1)) {
        fprintf(stderr, "zt-%s: unknown argument %s; see --help\n", service->name, argv[only_check ? 2 : 1]);
        return 2;
    }
    struct settings *settings = NULL;
    struct reason why;
    const struct setting_table tables[2] = {{common_settings, common_setting_count},
                                            {service->settings, service->setting_count}};
    if (settings_open(&settings, tables, &why) != 0) {
        fprintf(stderr, "zt-%s: %s: %s\n", service->name, why.field, why.text);
        return 2;
    }
    journal_start(service->name, level_of(settings_text(settings, "ZHITONG_LOG_LEVEL")));
    metrics_start(service->name);
    int status = only_check ? command_line_check(service, settings) : serve(service, settings);
    settings_close(&settings);
    return status;
}
