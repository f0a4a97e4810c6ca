#include "common/http_inner.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/metrics.h"

#define BACKLOG_MAX 511
#define POOL_BYTES (2 * HTTP_HEAD_BYTES_MAX) /* per connection: libmicrohttpd keeps records beside the bytes */

void http_set_deadline(struct http_request *request, int64_t after_ms) {
    request->started_ms = clock_monotonic_ms();
    request->deadline_ms = request->started_ms + after_ms;
    if (request->deadline_ms < request->http->next_deadline_ms)
        request->http->next_deadline_ms = request->deadline_ms;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    struct http *http = context;
    struct http_request *request = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        request = calloc(1, sizeof *request);
        *socket_context = request;
        if (request == NULL)
            return;
        request->http = http;
        request->connection = connection;
        request->next = http->first;
        if (http->first != NULL)
            http->first->previous = request;
        http->first = request;
        http_set_deadline(request, http->options.request_ms_max);
        return;
    }
    if (request == NULL)
        return;
    *(request->previous != NULL ? &request->previous->next : &http->first) = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    http_reset(request);
    free(request);
    *socket_context = NULL;
}

/* libmicrohttpd answers some malformed heads and chunks itself, in HTML. */
static void count_refused_by_library(const struct http_request *request) {
    bool ours = request->state != HTTP_HEAD && request->state != HTTP_BODY;

    if (ours || MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_HTTP_STATUS) == NULL)
        return;
    metric_add(METRIC_refused_total, 1);
    metric_add(METRIC_http_requests_total, 1);
}

static void on_completed(void *http, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    struct http_request *request = *context;

    (void)http;
    (void)connection;
    (void)code;
    if (request == NULL)
        return;
    *context = NULL;
    count_refused_by_library(request);
    http_reset(request);
    if (request->state == HTTP_CUT)
        return;
    request->state = HTTP_IDLE;
    http_set_deadline(request, request->http->options.request_ms_max);
}

/* What a client may still do is bounded while it sends; once we have the request, our own time is not its fault, and
 * a client that does not take its answer falls to libmicrohttpd's idle timeout. */
static bool is_timed(const struct http_request *request) {
    return request->state == HTTP_IDLE || request->state == HTTP_HEAD || request->state == HTTP_BODY ||
           request->state == HTTP_CUT;
}

static void expire(struct http_request *request) {
    int fd = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    bool idle = request->state == HTTP_IDLE && request->served > 0;
    struct reason why;

    if (request->state != HTTP_CUT && !idle) {
        refuse(&why, "request", "was not complete after %d ms", request->http->options.request_ms_max);
        http_cut(request, MHD_HTTP_REQUEST_TIMEOUT, &why);
    }
    shutdown(fd, SHUT_RDWR); /* libmicrohttpd reads the end and closes */
    request->state = HTTP_CUT;
    request->deadline_ms = INT64_MAX;
}

/* Seldom more than once in request_ms_max: every deadline set lies that far ahead, but for cut clients. */
static void expire_due(struct http *http) {
    int64_t now = clock_monotonic_ms();

    if (now < http->next_deadline_ms)
        return;
    http->next_deadline_ms = INT64_MAX;
    for (struct http_request *request = http->first; request != NULL; request = request->next) {
        if (!is_timed(request))
            continue;
        if (request->deadline_ms <= now)
            expire(request);
        if (request->deadline_ms < http->next_deadline_ms)
            http->next_deadline_ms = request->deadline_ms;
    }
}

static int bind_listener(const struct http_options *options, const struct addrinfo *address, struct reason *why) {
    int on = 1;
    int off = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return refuse(why, "address", "no socket for %s: %s", options->address, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6) /* "::" is every address, IPv4's too */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG_MAX) != 0) {
        const char *field = errno == EADDRNOTAVAIL ? "address" : "port";
        refuse(why, field, "cannot listen at %s port %u: %s", options->address, (unsigned)options->port,
               strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

static int open_listener(const struct http_options *options, struct reason *why) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *address = NULL;
    char port[8];

    snprintf(port, sizeof port, "%u", (unsigned)options->port);
    if (getaddrinfo(options->address, port, &hints, &address) != 0)
        return refuse(why, "address", "%s is no numeric IP address", options->address);
    int fd = bind_listener(options, address, why);
    freeaddrinfo(address);
    return fd;
}

static uint16_t bound_port(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): getsockname filled it */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static struct MHD_Daemon *start_daemon(struct http *http) {
    /* The idle timeout only backs our own deadlines; it counts whole seconds. */
    unsigned idle_seconds = (unsigned)http->options.request_ms_max / 1000 + 2;

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL, http_on_access,
                            http, MHD_OPTION_LISTEN_SOCKET, http->listener, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)http->options.connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)http->options.connections_per_address_max, MHD_OPTION_CONNECTION_TIMEOUT,
                            idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
                            MHD_OPTION_URI_LOG_CALLBACK, http_on_target, http, MHD_OPTION_UNESCAPE_CALLBACK,
                            http_on_escape, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
}

int http_open(struct http **out, const struct http_options *options, struct reason *why) {
    assert(options->request_ms_max > 0 && options->connections_max > 0);
    struct http *http = calloc(1, sizeof *http);

    assert(http != NULL);
    http->options = *options;
    http->options.address = NULL; /* borrowed only for this call */
    http->routes = options->routes;
    http->route_count = options->route_count;
    http->context = options->context;
    http->next_deadline_ms = INT64_MAX;
    http->listener = open_listener(options, why);
    if (http->listener < 0)
        goto fail;
    http->port = bound_port(http->listener);
    http->daemon = start_daemon(http);
    if (http->daemon == NULL) {
        refuse(why, "port", "the HTTP library does not start: %s", strerror(errno));
        close(http->listener);
        goto fail;
    }
    http->fd = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    *out = http;
    return 0;
fail:
    free(http);
    return -1;
}

static bool has_unsent(const struct http *http) {
    for (const struct http_request *request = http->first; request != NULL; request = request->next)
        if (request->state == HTTP_ANSWERED || request->state == HTTP_SENDING)
            return true;
    return false;
}

static void answer_waiting(struct http *http) {
    struct reason why;

    refuse(&why, "", "the service is stopping; try again");
    for (struct http_request *request = http->first; request != NULL; request = request->next)
        if (request->state == HTTP_WAITING)
            http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, &why);
}

void http_close(struct http **open) {
    struct http *http = *open;

    if (http == NULL)
        return;
    http->closing = true;
    int listener = MHD_quiesce_daemon(http->daemon); /* no new connections; the socket is ours again */
    answer_waiting(http);
    http_stream_close_all(http);
    int64_t until = clock_monotonic_ms() + HTTP_CLOSE_MS_MAX;
    do {
        http_turn(http);
        struct pollfd ready = {.fd = http->fd, .events = POLLIN};
        if (has_unsent(http))
            poll(&ready, 1, 10);
    } while (has_unsent(http) && clock_monotonic_ms() < until);
    MHD_stop_daemon(http->daemon);
    if (listener >= 0)
        close(listener);
    assert(http->first == NULL);
    free(http);
    *open = NULL;
}

uint16_t http_port(const struct http *http) {
    return http->port;
}

int http_fd(const struct http *http) {
    return http->fd;
}

int http_timeout_ms(struct http *http) {
    MHD_UNSIGNED_LONG_LONG idle = 0;
    int64_t timeout = http->resumed ? 0 : INT64_MAX;

    if (timeout > 0 && MHD_get_timeout(http->daemon, &idle) == MHD_YES)
        timeout = idle > INT_MAX ? INT_MAX : (int64_t)idle;
    if (http->next_deadline_ms != INT64_MAX) {
        int64_t left = http->next_deadline_ms - clock_monotonic_ms();
        if (left < timeout)
            timeout = left < 0 ? 0 : left;
    }
    if (timeout == INT64_MAX)
        return -1;
    return timeout > INT_MAX ? INT_MAX : (int)timeout;
}

void http_turn(struct http *http) {
    http->resumed = false;
    MHD_run(http->daemon);
    expire_due(http);
}

void http_peer(const struct http_request *request, char peer[HTTP_PEER_BYTES_MAX + 1]) {
    const struct sockaddr *address =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    socklen_t size = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (getnameinfo(address, size, peer, HTTP_PEER_BYTES_MAX + 1, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(peer, HTTP_PEER_BYTES_MAX + 1, "unknown");
}
