#include "common/operations.h"

#include <stdio.h>
#include <string.h>

#include "common/loop.h"
#include "common/metrics.h"

#define METRICS_BYTES_MAX 65536

static void say(struct http_request *request, int status, const char *text) {
    http_answer(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void healthy(struct http_request *request, void *context) {
    (void)context;
    say(request, 200, "ok\n");
}

static void ready(struct http_request *request, void *context) {
    const struct service_loop *loop = context;
    if (loop->stopping)
        say(request, 503, "stopping\n");
    else if (!loop->connected)
        say(request, 503, "no database\n");
    else if (loop->city == NULL)
        say(request, 503, "no city is loaded; run `zhitong city load FOLDER`\n");
    else
        say(request, 200, "ok\n");
}

static void metrics(struct http_request *request, void *context) {
    (void)context;
    char text[METRICS_BYTES_MAX];
    size_t size = metrics_write(text, sizeof text);
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

const struct http_route operations_routes[] = {
    {"GET", "/healthz", healthy, "200 while the process runs", NULL},
    {"GET", "/readyz", ready, "200 when it can take work; 503 says what is missing", NULL},
    {"GET", "/metrics", metrics, "Prometheus text", NULL},
};
const size_t operations_route_count = sizeof operations_routes / sizeof operations_routes[0];
