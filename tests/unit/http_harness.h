/* A server of common/http.h in a thread of its own and a client that sends raw bytes. For test_http*.c. */
#ifndef ZHITONG_HTTP_HARNESS_H
#define ZHITONG_HTTP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/http_json.h"

#define BODY_BYTES_MAX 1000
#define REQUEST_MS_MAX 300
#define KEPT_MAX 64
#define ANSWER_BYTES_MAX 65536
#define PATIENCE_MS 30000

struct server {
    struct http *http;
    uint16_t port;
    pthread_t thread;
    atomic_bool stop;    /* close the server … */
    atomic_bool release; /* answer what /later keeps */
    atomic_int kept_count;
    struct http_request *kept[KEPT_MAX];
};

static inline void pause_ms(int ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static inline void say_now(struct http_request *request, void *context) {
    (void)context;
    http_answer(request, 200, "text/plain", "now", 3);
}

static inline void say_body(struct http_request *request, void *context) {
    size_t size;
    const uint8_t *body = http_body(request, &size);
    (void)context;
    http_answer(request, 201, "application/json", (const char *)body, size);
}

static inline void say_query(struct http_request *request, void *context) {
    const char *value = http_query(request, "q");
    (void)context;
    if (value == NULL)
        value = "absent";
    http_answer(request, 200, "text/plain; charset=utf-8", value, strlen(value));
}

static inline void say_segment(struct http_request *request, void *context) {
    const char *segment = http_path_rest(request);
    (void)context;
    http_answer(request, 200, "text/plain", segment, strlen(segment));
}

static inline void say_two(struct http_request *request, void *context) {
    char text[520], peer[HTTP_PEER_BYTES_MAX + 1];
    (void)context;
    http_peer(request, peer);
    snprintf(text, sizeof text, "%s|%s|%s", http_path_part(request, 0), http_path_part(request, 1), peer);
    http_add_header(request, "X-First", "1");
    http_add_header(request, "X-Second", "two");
    http_answer(request, 200, "text/plain", text, strlen(text));
}

static inline void say_header(struct http_request *request, void *context) {
    const char *value = http_header(request, "x-word");
    (void)context;
    http_answer(request, 200, "text/plain", value == NULL ? "absent" : value, strlen(value == NULL ? "absent" : value));
}

static inline void say_json(struct http_request *request, void *context) {
    struct reason why;
    json_t *json = http_body_object(request, &why);
    (void)context;
    if (json == NULL)
        http_refuse(request, 400, &why);
    else if (json_object_size(json) > 0)
        http_answer_json(request, 200, json_incref(json));
    else
        http_refuse_field(request, 422, "body", "has %d names", 0);
    json_decref(json);
}

static inline void say_busy(struct http_request *request, void *context) {
    struct reason why;
    (void)context;
    refuse(&why, "queue", "say \"later\"\n");
    http_refuse(request, 503, &why);
}

static inline void keep(struct http_request *request, void *context) {
    struct server *server = context;
    assert_true(server->kept_count < KEPT_MAX);
    server->kept[server->kept_count] = request;
    server->kept_count++;
}

static const struct http_route harness_routes[] = {
    {"GET", "/now", say_now, "at once", NULL},
    {"POST", "/echo", say_body, "the body back", NULL},
    {"POST", "/json", say_json, "an object back", NULL},
    {"GET", "/query", say_query, "what q says", NULL},
    {"GET", "/parts/*", say_segment, "what the star matched", NULL},
    {"GET", "/parts/*/of/*", say_two, "what both stars matched", NULL},
    {"GET", "/header", say_header, "X-Word back", NULL},
    {"GET", "/busy", say_busy, "never has time", NULL},
    {"GET", "/later", keep, "keeps the request", NULL},
    {"POST", "/later", keep, "keeps the request", NULL},
    {"GET", "/strict", say_query, "what q says, and takes nothing but q and r", "q r"},
};

static inline void *serve(void *argument) {
    struct server *server = argument;

    while (!server->stop) {
        struct pollfd ready = {.fd = http_fd(server->http), .events = POLLIN};
        int timeout = http_timeout_ms(server->http);
        poll(&ready, 1, timeout < 0 || timeout > 5 ? 5 : timeout);
        http_turn(server->http);
        if (!server->release)
            continue;
        for (int i = 0; i < server->kept_count; i++)
            http_answer(server->kept[i], 200, "text/plain", "late", 4);
        server->kept_count = 0;
    }
    http_close(&server->http);
    return NULL;
}

static inline void server_start(struct server *server, int connections_max) {
    struct http_options options = {.address = "127.0.0.1",
                                   .body_bytes_max = BODY_BYTES_MAX,
                                   .request_ms_max = REQUEST_MS_MAX,
                                   .connections_max = connections_max,
                                   .routes = harness_routes,
                                   .route_count = sizeof harness_routes / sizeof harness_routes[0],
                                   .context = server};
    struct reason why;

    memset(server, 0, sizeof *server);
    assert_int_equal(http_open(&server->http, &options, &why), 0);
    server->port = http_port(server->http);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static inline void server_stop(struct server *server) {
    server->stop = true;
    pthread_join(server->thread, NULL);
    assert_null(server->http);
}

static inline void server_await_kept(struct server *server, int count) {
    for (int i = 0; i < PATIENCE_MS && server->kept_count != count; i++)
        pause_ms(1);
    assert_int_equal(server->kept_count, count);
}

static inline int client_connect(const struct server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* False when the server has closed. */
static inline int client_send(int fd, const char *bytes, size_t size) {
    return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Reads until the server closes, or until `enough` has arrived (NULL: only the end counts). Returns the bytes. */
static inline size_t client_read(int fd, char answer[ANSWER_BYTES_MAX], const char *enough) {
    size_t size = 0;

    answer[0] = '\0';
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) <= 0)
            fail_msg("no answer and no end in %d ms; so far: %s", PATIENCE_MS, answer);
        ssize_t got = recv(fd, answer + size, ANSWER_BYTES_MAX - 1 - size, 0);
        if (got <= 0)
            return size;
        size += (size_t)got;
        answer[size] = '\0';
        if (enough != NULL && strstr(answer, enough) != NULL)
            return size;
    }
}

static inline int status_of(const char *answer) {
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

static inline int answers_in(const char *text) {
    int count = 0;
    for (const char *at = strstr(text, "HTTP/1.1 "); at != NULL; at = strstr(at + 1, "HTTP/1.1 "))
        count++;
    return count;
}

#endif
