/* A receiver of webhooks for measuring: counts what comes, and how long after its entry.
 *
 *     zt-bench-webhook_sink [PORT]     says its port on stdout
 *     POST /hang…  is never answered · POST /slow…  after a second · any other POST gets 204
 *     GET /counts  {"got":…,"p50":…,"p99":…,"worst":…} in ms from the entry's instant ("at" of its data); then counts from 0 */
#include <assert.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/histogram.h"

#define BODY_BYTES_MAX 32768
#define AT_FIELD "\"at\":"

struct incoming {
    char body[BODY_BYTES_MAX + 1];
    size_t size;
};

static struct histogram late;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text) {
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                                    MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say_counts(struct MHD_Connection *connection) {
    char text[200];
    snprintf(text, sizeof text, "{\"got\":%llu,\"p50\":%lld,\"p99\":%lld,\"worst\":%lld}\n",
             (unsigned long long)late.count, (long long)histogram_at(&late, 0.5), (long long)histogram_at(&late, 0.99),
             (long long)late.greatest);
    memset(&late, 0, sizeof late);
    return say(connection, 200, text);
}

static enum MHD_Result take(struct MHD_Connection *connection, const char *url, struct incoming *incoming) {
    incoming->body[incoming->size] = '\0';
    const char *at = strstr(incoming->body, AT_FIELD);
    histogram_add(&late, at != NULL ? now_ms() - strtoll(at + strlen(AT_FIELD), NULL, 10) : 0);
    if (strncmp(url, "/hang", 5) == 0) {
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    if (strncmp(url, "/slow", 5) == 0)
        sleep(1);
    return say(connection, 204, "");
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **own) {
    struct incoming *incoming = *own;
    (void)context;
    (void)version;
    if (strcmp(method, "GET") == 0)
        return say_counts(connection);
    if (incoming == NULL) {
        *own = incoming = malloc(sizeof *incoming);
        assert(incoming != NULL);
        incoming->size = 0;
        return MHD_YES;
    }
    if (*size == 0)
        return take(connection, url, incoming);
    size_t taken = *size < BODY_BYTES_MAX - incoming->size ? *size : BODY_BYTES_MAX - incoming->size;
    memcpy(incoming->body + incoming->size, data, taken);
    incoming->size += taken;
    *size = 0;
    return MHD_YES;
}

static void completed(void *context, struct MHD_Connection *connection, void **own,
                      enum MHD_RequestTerminationCode how) {
    (void)context;
    (void)connection;
    (void)how;
    free(*own);
    *own = NULL;
}

int main(int argc, char **argv) {
    uint16_t port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, port, NULL,
                                                 NULL, handle, NULL, MHD_OPTION_CONNECTION_LIMIT, 20000u,
                                                 MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "cannot listen on port %u\n", port);
        return 1;
    }
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    for (;;)
        pause();
}
