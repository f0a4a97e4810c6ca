/* Opening and closing everything that a service runs on. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fault_point.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/operations.h"

#define PUBLIC_FRAME_MAX 65536 /* bytes of one message from outside */
#define MESH_FRAME_MAX 1048576

static const char *advertised_host(const struct settings *settings) {
    const char *host = settings_text(settings, "ZHITONG_ADVERTISE_HOST");
    return host[0] != '\0' ? host : settings_text(settings, "ZHITONG_LISTEN_HOST");
}

static const char *public_host(const struct settings *settings) {
    const char *host = settings_text(settings, "ZHITONG_PUBLIC_HOST");
    return host[0] != '\0' ? host : advertised_host(settings);
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
    if (loop->mesh_socket == NULL)
        return -1;
    snprintf(mesh->endpoint, sizeof mesh->endpoint, "tcp://%s:%d", advertised_host(settings), port);
    memcpy(mesh->curve_key, loop->keys.public_key, sizeof mesh->curve_key);
    if (!has_public_port(loop->service))
        return 0;
    if (wire_keys_read(&loop->public_keys, settings_text(settings, "ZHITONG_PUBLIC_KEYS"), why) != 0)
        return -1;
    options = (struct wire_router_options){
        &loop->public_keys, listen, (int)settings_number(settings, "ZHITONG_PUBLIC_PORT"), "public", PUBLIC_FRAME_MAX};
    loop->public_socket = wire_router(loop->zmq, &options, &port, why);
    if (loop->public_socket == NULL)
        return -1;
    snprintf(mesh->public_endpoint, sizeof mesh->public_endpoint, "tcp://%s:%d", public_host(settings), port);
    return 0;
}

/* Of the oldest key: a ring that was added to is still the same one. A bad ring is refused where it is used. */
static void tell_ring(const struct service_loop *loop, char ring[2 * SECRET_CODE_BYTES + 1]) {
    const struct service *service = loop->service;
    struct secret_keys *keys = NULL;
    uint8_t code[SECRET_CODE_BYTES];
    struct reason why;
    for (size_t i = 0; i < service->setting_count; i++)
        if (strcmp(service->settings[i].name, "ZHITONG_SECRET_KEYS") == 0)
            (void)!secret_keys_of_settings(&keys, loop->settings, &why);
    if (keys == NULL)
        return;
    secret_code(keys, secret_keys_count(keys) - 1, "ring", 0, code);
    sodium_bin2hex(ring, 2 * SECRET_CODE_BYTES + 1, code, sizeof code);
    secret_keys_close(&keys);
}

static int open_http(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    struct http_options options = {.address = settings_text(settings, "ZHITONG_LISTEN_HOST"),
                                   .port = (uint16_t)settings_number(settings, "ZHITONG_OPERATIONS_PORT"),
                                   .body_bytes_max = 1024,
                                   .request_ms_max = 5000,
                                   .connections_max = 64,
                                   .unmeasured = true,
                                   .routes = operations_routes,
                                   .route_count = operations_route_count,
                                   .context = loop};
    if (http_open(&loop->operations, &options, why) != 0)
        return -1;
    journal_say(JOURNAL_INFO, "operations", "http://%s:%u/metrics", options.address, http_port(loop->operations));
    if (loop->service->route_count == 0)
        return 0;
    options.unmeasured = false;
    options.port = (uint16_t)settings_number(settings, "ZHITONG_HTTP_PORT");
    options.body_bytes_max = 65536;
    options.request_ms_max = 10000;
    options.connections_max = (int)settings_number(settings, "ZHITONG_HTTP_CONNECTIONS");
    if (!settings_flag(settings, "ZHITONG_BEHIND_PROXY"))
        options.connections_per_address_max = (int)settings_number(settings, "ZHITONG_ADDRESS_CONNECTIONS");
    options.bodies_bytes_max = (size_t)settings_number(settings, "ZHITONG_BODIES_BYTES");
    options.routes = loop->service->routes;
    options.route_count = loop->service->route_count;
    options.upload = loop->service->upload;
    if (http_open(&loop->public_http, &options, why) != 0)
        return -1;
    journal_say(JOURNAL_INFO, "http_api", "http://%s:%u", options.address, http_port(loop->public_http));
    return 0;
}

static void open_lanes(struct service_loop *loop, const char *url) {
    loop->lane_count = (size_t)settings_number(loop->settings, "ZHITONG_LANES");
    for (size_t i = 0; i < loop->lane_count; i++) {
        struct lane_options options = {.service = loop->service,
                                       .settings = loop->settings,
                                       .database_url = url,
                                       .done = loop->in,
                                       .lane = (int32_t)i};
        loop->lanes[i].lane = lane_open(&options);
        loop->lanes[i].mint = (uint16_t)(getpid() % SHARD_COUNT);
    }
}

int loop_open(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    const char *url = settings_text(settings, "ZHITONG_DATABASE_URL");
    loop->in = mailbox_open();
    loop->zmq = zmq_ctx_new();
    loop->zap = zap_open(loop->zmq);
    loop->batch_max = (size_t)settings_number(settings, "ZHITONG_BATCH_INPUTS");
    bool requests = loop->service->request != NULL;
    loop->requests_max = requests ? (size_t)settings_number(settings, "ZHITONG_REQUESTS_WAITING") : 0;
    loop->chain_lag_max_ms = requests ? settings_number(settings, "ZHITONG_CHAIN_LAG_MS") : INT64_MAX;
    struct mesh_options mesh = {.service = loop->service,
                                .database_url = url,
                                .out = loop->in,
                                .keep_days = (int)settings_number(settings, "ZHITONG_LOG_KEEP_DAYS"),
                                .hung_ms = (int)settings_number(settings, "ZHITONG_HUNG_MS")};
    tell_ring(loop, mesh.ring);
    if (open_sockets(loop, &mesh, why) != 0 || open_http(loop, why) != 0)
        return -1;
    struct publisher_options publish = {.context = loop,
                                        .may_follow = loop_may_follow,
                                        .is_ours = loop_is_ours,
                                        .read = loop_read,
                                        .read_head = loop_read_head,
                                        .advanced = loop_advanced,
                                        .events = loop->service->public_streams,
                                        .read_start = loop->service->start_query ? loop_read_start : NULL,
                                        .load_mark = loop->service->mark_query ? loop_load_mark : NULL,
                                        .save_mark = loop->service->save_mark_query ? loop_save_mark : NULL,
                                        .hold_ms = HOLD_MS,
                                        .tail_bytes_max = (size_t)settings_number(settings, "ZHITONG_TAIL_BYTES")};
    loop->publisher = publisher_open(&publish);
    struct follow_options follow = {.zmq = loop->zmq,
                                    .keys = &loop->keys,
                                    .service = loop->service,
                                    .context = loop,
                                    .window = (uint32_t)settings_number(settings, "ZHITONG_FOLLOW_WINDOW"),
                                    .received = loop_received,
                                    .hinted = loop_hinted,
                                    .peer_opened = loop_peer_opened};
    loop->links = follow_open(&follow);
    loop->reader = reader_open(loop->service, url, loop->in);
    open_lanes(loop, url);
    loop->mesh = mesh_open(&mesh);
    if (loop->service->extra != NULL)
        loop->own = loop->service->extra->open(loop, why);
    return loop->service->extra != NULL && loop->own == NULL ? -1 : 0;
}

static void take_letter(struct service_loop *loop, struct letter *letter) {
    switch (letter->kind) {
    case LETTER_WORK:
        (void)FAULT_POINT(loop_before_answer);
        loop_work_done(loop, (struct work *)letter);
        return;
    case LETTER_VIEW:
        loop_view(loop, (struct mesh_view *)letter);
        return;
    case LETTER_READ: {
        struct read_job *job = (struct read_job *)letter;
        job->done(job->context, job);
        read_job_close(&job);
        return;
    }
    case LETTER_CALL:
        ((struct call *)letter)->back((struct call *)letter);
        return;
    case LETTER_STOP:
    case LETTER_RELEASE:
    case LETTER_LEAVE:
        assert(!"nobody sends these to the loop");
    }
}

void loop_take_letters(struct service_loop *loop) {
    struct letter *letter;
    while ((letter = mailbox_take(loop->in)) != NULL)
        take_letter(loop, letter);
}

static void close_queue(struct service_loop *loop, struct waiting_queue *queue) {
    struct waiting *waiting;
    while ((waiting = queue_front(queue)) != NULL) {
        if (waiting->asker != NULL)
            loop_busy(loop, waiting->asker, HEADS_MS);
        frame_release(waiting->frame);
        queue_pop(queue);
    }
    free(queue->ring);
}

void loop_close(struct service_loop *loop) {
    loop->stopping = true; /* what the last letters say begins nothing any more */
    if (loop->own != NULL)
        loop->service->extra->stop(loop->own);
    for (size_t i = 0; i < loop->lane_count; i++)
        lane_close(&loop->lanes[i].lane);
    mesh_close(&loop->mesh);
    reader_close(&loop->reader);
    if (loop->in != NULL)
        loop_take_letters(loop);
    close_queue(loop, &loop->requests);
    for (size_t i = 0; i < loop->lane_count; i++)
        close_queue(loop, &loop->lanes[i].queue);
    if (loop->own != NULL)
        loop->service->extra->close(loop->own);
    loop->own = NULL;
    http_close(&loop->public_http);
    http_close(&loop->operations);
    publisher_close(&loop->publisher);
    follow_close(&loop->links);
    mesh_view_close(&loop->view);
    if (loop->city != NULL)
        city_close(&loop->city->city);
    free(loop->city);
    wire_close(&loop->mesh_socket);
    wire_close(&loop->public_socket);
    zap_close(&loop->zap);
    if (loop->zmq != NULL)
        zmq_ctx_term(loop->zmq);
    mailbox_close(&loop->in);
}
