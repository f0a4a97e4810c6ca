/* Opening and closing a follower, and what is said of it from outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zhitong_connection.h"
#include "zhitong_follower.h"

#define CREDIT 1000
#define CREDIT_MIN 2
#define GOODBYE_MS 200

static bool fits(const char *text, size_t most) {
    return text == NULL || strlen(text) <= most;
}

static const char *fault_of(const struct zhitong_follow_options *options) {
    if (options->endpoints == NULL || options->endpoints[0] == '\0')
        return "endpoints: none is given";
    if (options->stream == NULL || options->stream[0] == '\0' || !fits(options->stream, FOLLOWER_CODE_MAX))
        return "stream: must have 1 to 48 bytes";
    if (!fits(options->filter, FOLLOWER_FILTER_MAX))
        return "filter: must have 480 bytes at most";
    if (!fits(options->group, FOLLOWER_CODE_MAX))
        return "group: must have 48 bytes at most";
    if (options->credit == 1 || options->credit > ZHITONG_FOLLOW_CREDIT_MAX)
        return "credit: must lie between 2 and 10000";
    if (options->from != 0 && options->from_at != 0)
        return "from_at: goes with from 0 only";
    return NULL;
}

static const char *read_endpoints(struct zhitong_follower *follower, const char *at) {
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        if (length == 0 || length > FOLLOWER_ENDPOINT_MAX)
            return "endpoints: one of them is empty or longer than 128 bytes";
        if (follower->endpoint_count == ZHITONG_ENDPOINTS_MAX)
            return "endpoints: more than 16";
        memcpy(follower->endpoints[follower->endpoint_count++], at, length);
        at += length + (at[length] == ',');
    }
    return NULL;
}

/* A text that is absent is empty. */
static void copy(char *to, size_t room, const char *text) {
    snprintf(to, room, "%s", text == NULL ? "" : text);
}

static const char *begin(struct zhitong_follower *follower, const struct zhitong_follow_options *options) {
    copy(follower->stream, sizeof follower->stream, options->stream);
    copy(follower->filter, sizeof follower->filter, options->filter);
    copy(follower->group, sizeof follower->group, options->group);
    memcpy(follower->server_key, options->server_key, sizeof follower->server_key);
    memcpy(follower->public_key, options->public_key, sizeof follower->public_key);
    memcpy(follower->secret_key, options->secret_key, sizeof follower->secret_key);
    follower->credit = options->credit == 0 ? CREDIT : options->credit;
    follower->placed = options->from > 0;
    follower->received = options->from > 0 ? options->from - 1 : 0;
    follower->from_at = options->from_at;
    follower->handed = calloc(follower->credit, sizeof *follower->handed);
    follower->zmq = zmq_ctx_new();
    const char *fault = read_endpoints(follower, options->endpoints);
    if (fault != NULL)
        return fault;
    if (follower->handed == NULL || follower->zmq == NULL)
        return "no memory";
    follower_connect(follower);
    return follower->socket != NULL ? NULL
                                    : "endpoints: the first is no tcp://HOST:PORT, or one of the keys is no CURVE key";
}

struct zhitong_follower *zhitong_follow_open(const struct zhitong_follow_options *options, const char **why) {
    const char *fault = fault_of(options);
    struct zhitong_follower *follower = fault == NULL ? calloc(1, sizeof *follower) : NULL;
    if (fault == NULL)
        fault = follower == NULL ? "no memory" : begin(follower, options);
    if (fault == NULL)
        return follower;
    if (why != NULL)
        *why = fault;
    zhitong_follow_close(&follower);
    return NULL;
}

void zhitong_follow_close(struct zhitong_follower **pointer) {
    struct zhitong_follower *follower = *pointer;
    if (follower == NULL)
        return;
    if (follower->socket != NULL && follower->stage == FOLLOWING && follower->heard_ms != 0) {
        follower_tell(follower);
        (void)connection_unfollow(follower->socket, follower->stream);
    }
    follower_drop_frame(follower);
    connection_close(&follower->socket, GOODBYE_MS);
    if (follower->zmq != NULL)
        zmq_ctx_term(follower->zmq);
    free(follower->handed);
    free(follower);
    *pointer = NULL;
}

void zhitong_follow_from(struct zhitong_follower *follower, uint64_t from) {
    follower->placed = from > 0;
    follower->received = from > 0 ? from - 1 : 0;
    follower->from_at = 0;
    if (follower->endpoint == follower->endpoint_count)
        follower->endpoint = 0; /* who refused is not asked first */
    follower_connect(follower);
}

int zhitong_follow_fd(const struct zhitong_follower *follower) {
    int fd = -1;
    size_t size = sizeof fd;
    if (follower->socket == NULL || zmq_getsockopt(follower->socket, ZMQ_FD, &fd, &size) != 0)
        return -1;
    return fd;
}

uint64_t zhitong_follow_head(const struct zhitong_follower *follower) {
    return follower->head;
}

uint64_t zhitong_follow_void_from(const struct zhitong_follower *follower) {
    return follower->void_from;
}
