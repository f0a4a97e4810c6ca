#include "common/operations.h"

#include <stdio.h>
#include <string.h>

#include "common/loop.h"
#include "common/metrics.h"

#define METRICS_BYTES_MAX 65536
/* Of labelled series: enough for SERIES_SHOWN_MAX rows of a few groups with names of the usual length. */
#define SERIES_BYTES_MAX 524288

static void say(struct http_request *request, int status, const char *text) {
    http_answer(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void healthy(struct http_request *request, void *context) {
    (void)context;
    say(request, 200, "ok\n");
}

static void ready(struct http_request *request, void *context) {
    const struct service_loop *loop = context;
    const struct service_extra *extra = loop->own != NULL ? loop->service->extra : NULL;
    const char *missing = extra != NULL && extra->missing != NULL ? extra->missing(loop->own) : NULL;
    if (loop->stopping)
        say(request, 503, "stopping\n");
    else if (!loop->connected)
        say(request, 503, "no database\n");
    else if (loop->city == NULL)
        say(request, 503, "no city is loaded; run `zhitong city load FOLDER`\n");
    else if (missing != NULL)
        say(request, 503, missing);
    else
        say(request, 200, "ok\n");
}

/* Bytes written; a line for which there is no room is left out with all after it. */
static size_t write_series(struct service_loop *loop, char *out, size_t room) {
    const struct service *service = loop->service;
    FILE *text = service->series_count > 0 ? fmemopen(out, room, "w") : NULL;
    if (text == NULL)
        return 0;
    series_write(text, service->name, service->series, service->series_count, loop);
    long size = ftell(text);
    fclose(text);
    size_t kept = size < 0 ? 0 : (size_t)size < room ? (size_t)size : room;
    while (kept > 0 && out[kept - 1] != '\n')
        kept--;
    return kept;
}

static void metrics(struct http_request *request, void *context) {
    struct service_loop *loop = context;
    static char text[METRICS_BYTES_MAX + SERIES_BYTES_MAX]; /* the loop's thread only */
    size_t size = metrics_write(text, METRICS_BYTES_MAX);
    size += write_series(loop, text + size, SERIES_BYTES_MAX);
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

const struct http_route operations_routes[] = {
    {"GET", "/healthz", healthy, "200 while the process runs", NULL},
    {"GET", "/readyz", ready, "200 when it can take work; 503 says what is missing", NULL},
    {"GET", "/metrics", metrics, "Prometheus text", NULL},
};
const size_t operations_route_count = sizeof operations_routes / sizeof operations_routes[0];
