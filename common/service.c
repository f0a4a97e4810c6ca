#include "common/service.h"

#include <assert.h>
#include <errno.h>
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
#include "common/operations.h"

#define PACKETS_PER_TURN_MAX 1000
#define POLL_ITEMS_MAX 96
#define PUBLIC_FRAME_MAX 65536 /* bytes of one message from outside */
#define MESH_FRAME_MAX 1048576

/* ---- the loop's parts ---------------------------------------------------------------------------------------------- */

static const char *advertised_host(const struct settings *settings) {
    const char *host = settings_text(settings, "ZHITONG_ADVERTISE_HOST");
    return host[0] != '\0' ? host : settings_text(settings, "ZHITONG_LISTEN_HOST");
}

static bool has_public_port(const struct service *service) {
    return service->public_requests || service->public_streams;
}

static int open_sockets(struct service_loop *loop, struct mesh_options *mesh, struct reason *why) {
    const struct settings *settings = loop->settings;
    const char *listen = settings_text(settings, "ZHITONG_LISTEN_HOST");
    struct wire_router_options options = {&loop->keys, listen, (int)settings_number(settings, "ZHITONG_MESH_PORT"),
                                          "mesh", MESH_FRAME_MAX};
    int port;
    wire_keys_make(&loop->keys);
    loop->mesh_socket = wire_router(loop->zmq, &options, &port, why);
    if (loop->mesh_socket == NULL) return -1;
    snprintf(mesh->endpoint, sizeof mesh->endpoint, "tcp://%s:%d", advertised_host(settings), port);
    memcpy(mesh->curve_key, loop->keys.public_key, sizeof mesh->curve_key);
    if (!has_public_port(loop->service)) return 0;
    if (wire_keys_read(&loop->public_keys, settings_text(settings, "ZHITONG_PUBLIC_KEYS"), why) != 0) return -1;
    options = (struct wire_router_options){&loop->public_keys, listen,
                                           (int)settings_number(settings, "ZHITONG_PUBLIC_PORT"), "public",
                                           PUBLIC_FRAME_MAX};
    loop->public_socket = wire_router(loop->zmq, &options, &port, why);
    if (loop->public_socket == NULL) return -1;
    snprintf(mesh->public_endpoint, sizeof mesh->public_endpoint, "tcp://%s:%d", advertised_host(settings), port);
    return 0;
}

static int open_http(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    struct http_options options = {.address = settings_text(settings, "ZHITONG_LISTEN_HOST"),
                                   .port = (uint16_t)settings_number(settings, "ZHITONG_OPERATIONS_PORT"),
                                   .body_bytes_max = 1024,
                                   .request_ms_max = 5000,
                                   .connections_max = 64,
                                   .routes = operations_routes,
                                   .route_count = operations_route_count,
                                   .context = loop};
    if (http_open(&loop->operations, &options, why) != 0) return -1;
    journal_say(JOURNAL_INFO, "operations", "http://%s:%u/metrics", options.address, http_port(loop->operations));
    if (loop->service->route_count == 0) return 0;
    options.port = (uint16_t)settings_number(settings, "ZHITONG_HTTP_PORT");
    options.body_bytes_max = 65536;
    options.request_ms_max = 10000;
    options.connections_max = 4096;
    options.routes = loop->service->routes;
    options.route_count = loop->service->route_count;
    if (http_open(&loop->public_http, &options, why) != 0) return -1;
    journal_say(JOURNAL_INFO, "http_api", "http://%s:%u", options.address, http_port(loop->public_http));
    return 0;
}

static void open_lanes(struct service_loop *loop, const char *url) {
    loop->lane_count = (size_t)settings_number(loop->settings, "ZHITONG_LANES");
    for (size_t i = 0; i < loop->lane_count; i++) {
        struct lane_options options = {.service = loop->service, .settings = loop->settings, .database_url = url,
                                       .done = loop->in, .lane = (int32_t)i};
        loop->lanes[i].lane = lane_open(&options);
        loop->lanes[i].mint = (uint16_t)(getpid() % SHARD_COUNT);
    }
}

static int open_loop(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    const char *url = settings_text(settings, "ZHITONG_DATABASE_URL");
    loop->in = mailbox_open();
    loop->zmq = zmq_ctx_new();
    loop->zap = zap_open(loop->zmq);
    loop->batch_max = (size_t)settings_number(settings, "ZHITONG_BATCH_INPUTS");
    bool requests = loop->service->request != NULL;
    loop->requests_max = requests ? (size_t)settings_number(settings, "ZHITONG_REQUESTS_WAITING") : 0;
    loop->chain_lag_max_ms = requests ? settings_number(settings, "ZHITONG_CHAIN_LAG_MS") : INT64_MAX;
    struct mesh_options mesh = {.service = loop->service, .database_url = url, .out = loop->in,
                                .keep_days = (int)settings_number(settings, "ZHITONG_LOG_KEEP_DAYS")};
    if (open_sockets(loop, &mesh, why) != 0 || open_http(loop, why) != 0) return -1;
    struct publisher_options publish = {.context = loop, .may_follow = loop_may_follow, .is_ours = loop_is_ours,
                                        .read = loop_read, .read_head = loop_read_head,
                                        .tail_bytes_max = (size_t)settings_number(settings, "ZHITONG_TAIL_BYTES")};
    loop->publisher = publisher_open(&publish);
    struct follow_options follow = {.zmq = loop->zmq, .keys = &loop->keys, .service = loop->service, .context = loop,
                                    .window = (uint32_t)settings_number(settings, "ZHITONG_FOLLOW_WINDOW"),
                                    .received = loop_received, .hinted = loop_hinted, .peer_opened = loop_peer_opened};
    loop->links = follow_open(&follow);
    loop->reader = reader_open(loop->service, url, loop->in);
    open_lanes(loop, url);
    loop->mesh = mesh_open(&mesh);
    return 0;
}

static void take_letters(struct service_loop *loop) {
    struct letter *letter;
    while ((letter = mailbox_take(loop->in)) != NULL) {
        if (letter->kind == LETTER_WORK) loop_work_done(loop, (struct work *)letter);
        if (letter->kind == LETTER_VIEW) loop_view(loop, (struct mesh_view *)letter);
        if (letter->kind == LETTER_READ) {
            struct read_job *job = (struct read_job *)letter;
            job->done(job->context, job);
            read_job_close(&job);
        }
    }
}

static void close_queue(struct service_loop *loop, struct waiting_queue *queue) {
    struct waiting *waiting;
    while ((waiting = queue_front(queue)) != NULL) {
        if (waiting->asker != NULL) loop_busy(loop, waiting->asker, HEADS_MS);
        frame_release(waiting->frame);
        queue_pop(queue);
    }
    free(queue->ring);
}

static void close_loop(struct service_loop *loop) {
    for (size_t i = 0; i < loop->lane_count; i++) lane_close(&loop->lanes[i].lane);
    mesh_close(&loop->mesh);
    reader_close(&loop->reader);
    if (loop->in != NULL) take_letters(loop);
    close_queue(loop, &loop->requests);
    for (size_t i = 0; i < loop->lane_count; i++) close_queue(loop, &loop->lanes[i].queue);
    http_close(&loop->public_http);
    http_close(&loop->operations);
    publisher_close(&loop->publisher);
    follow_close(&loop->links);
    mesh_view_close(&loop->view);
    if (loop->city != NULL) city_close(&loop->city->city);
    free(loop->city);
    wire_close(&loop->mesh_socket);
    wire_close(&loop->public_socket);
    zap_close(&loop->zap);
    if (loop->zmq != NULL) zmq_ctx_term(loop->zmq);
    mailbox_close(&loop->in);
}

/* ---- one turn ------------------------------------------------------------------------------------------------------- */

static void read_socket(struct service_loop *loop, void *socket) {
    if (socket == NULL) return;
    for (int i = 0; i < PACKETS_PER_TURN_MAX; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, true);
        if (status == 0) return;
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
        if (first != NULL && first->upstream == upstream && first->arrived_ms < oldest) oldest = first->arrived_ms;
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
        if (loop->behind_ms[i] > loop->worst_ms) loop->worst_ms = loop->behind_ms[i];
    }
    metric_set(METRIC_behind_ms, loop->worst_ms);
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

static int shorter(int a, int b) { return b >= 0 && (a < 0 || b < a) ? b : a; }

static int wait_ms(const struct service_loop *loop) {
    int wait = TURN_MS;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < loop->lane_count; i++) {
        const struct lane_state *lane = &loop->lanes[i];
        if (lane->work != NULL) continue;
        bool has_work = lane->queue.count > 0 || loop->requests.count > 0;
        if (has_work && lane->retry_at > now) wait = shorter(wait, (int)(lane->retry_at - now));
        if (loop->service->tick == NULL || !clock_known() || lane->wake_at == INT64_MAX) continue;
        double due_ms = (double)(lane->wake_at - clock_now()) / clock_speed();
        wait = shorter(wait, due_ms < 1 ? 1 : due_ms < TURN_MS ? (int)due_ms + 1 : TURN_MS);
    }
    if (loop->public_http != NULL) wait = shorter(wait, http_timeout_ms(loop->public_http));
    return shorter(wait, http_timeout_ms(loop->operations));
}

static void wait_for_something(struct service_loop *loop, int signals) {
    zmq_pollitem_t items[POLL_ITEMS_MAX] = {0};
    void *sockets[POLL_ITEMS_MAX];
    int fds[] = {mailbox_fd(loop->in), signals, http_fd(loop->operations),
                 loop->public_http ? http_fd(loop->public_http) : -1};
    int count = 0;
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0) items[count++] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.socket = zap_socket(loop->zap), .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.socket = loop->mesh_socket, .events = ZMQ_POLLIN};
    if (loop->public_socket != NULL)
        items[count++] = (zmq_pollitem_t){.socket = loop->public_socket, .events = ZMQ_POLLIN};
    size_t links = follow_sockets(loop->links, sockets, POLL_ITEMS_MAX - (size_t)count);
    for (size_t i = 0; i < links; i++)
        items[count++] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    (void)zmq_poll(items, count, wait_ms(loop));
}

static void turn(struct service_loop *loop) {
    zap_turn(loop->zap, loop_zap_find, loop);
    take_letters(loop);
    read_socket(loop, loop->mesh_socket);
    read_socket(loop, loop->public_socket);
    follow_read(loop->links);
    if (loop->public_http != NULL) http_turn(loop->public_http);
    http_turn(loop->operations);
    loop_feed(loop);
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
        bool drained = loop_idle(loop) && loop->requests.count == 0;
        if (loop->stopping && (drained || clock_monotonic_ms() > stop_by)) return;
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
    int status = open_loop(loop, &why);
    if (status == 0)
        run_loop(loop, signals);
    else
        journal_say(JOURNAL_ERROR, "cannot_start", "%s: %s", why.field, why.text);
    close_loop(loop);
    free(loop);
    close(signals);
    journal_say(JOURNAL_INFO, "stopped", "%s", status == 0 ? "drained" : "not started");
    return status == 0 ? 0 : 1;
}

static enum journal_level level_of(const char *name) {
    const char *names[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0) return (enum journal_level)i;
    return JOURNAL_INFO;
}

int service_main(const struct service *service, int argc, char **argv) {
    if (command_line_prints(service, argc, argv)) return 0;
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
