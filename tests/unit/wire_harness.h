/* Real sockets on the loopback, under CURVE, with a table of keys that ZAP is answered from. One thread: whoever waits
 * for a socket answers ZAP meanwhile. */
#ifndef ZHITONG_TESTS_WIRE_HARNESS_H
#define ZHITONG_TESTS_WIRE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/wire.h"

#define PATIENCE_MS 10000 /* for what must come */
#define QUIET_MS 200      /* for what must not come */
#define SPELL_TURN_MS_MAX 10
#define KEYS_MAX 16

struct known_key {
    char domain[16], key[WIRE_KEY_SIZE], user[WIRE_USER_MAX + 1];
};

struct wire_bed {
    void *zmq;
    struct zap *zap;
    struct known_key keys[KEYS_MAX];
    size_t count;
};

static inline void bed_open(struct wire_bed *bed) {
    memset(bed, 0, sizeof *bed);
    bed->zmq = zmq_ctx_new();
    bed->zap = zap_open(bed->zmq);
}

static inline void bed_close(struct wire_bed *bed) {
    zap_close(&bed->zap);
    zmq_ctx_term(bed->zmq);
}

static inline void bed_allow(struct wire_bed *bed, const char *domain, const struct wire_keys *keys, const char *user) {
    assert_true(bed->count < KEYS_MAX);
    struct known_key *known = &bed->keys[bed->count++];
    snprintf(known->domain, sizeof known->domain, "%s", domain);
    snprintf(known->key, sizeof known->key, "%s", keys->public_key);
    snprintf(known->user, sizeof known->user, "%s", user);
}

static inline bool bed_find(void *context, const struct zap_who *who, char user[WIRE_USER_MAX + 1]) {
    const struct wire_bed *bed = context;
    for (size_t i = 0; i < bed->count; i++) {
        if (strcmp(bed->keys[i].domain, who->domain) != 0 || strcmp(bed->keys[i].key, who->public_key) != 0)
            continue;
        snprintf(user, WIRE_USER_MAX + 1, "%s", bed->keys[i].user);
        return true;
    }
    return false;
}

static inline void *bed_router(struct wire_bed *bed, const struct wire_keys *keys, const char *domain,
                               char endpoint[64]) {
    struct wire_router_options options = {
        .keys = keys, .host = "127.0.0.1", .domain = domain, .frame_max = WIRE_FRAME_MAX};
    struct reason why;
    int port;
    void *socket = wire_router(bed->zmq, &options, &port, &why);
    if (socket == NULL)
        fail_msg("%s: %s", why.field, why.text);
    snprintf(endpoint, 64, "tcp://127.0.0.1:%d", port);
    return socket;
}

/* A time that a test gives others. It does not pass while the machine stands still: a turn counts for SPELL_TURN_MS_MAX at most. */
struct spell {
    int64_t left, at;
};

static inline struct spell spell_of(int64_t milliseconds) {
    return (struct spell){milliseconds, clock_monotonic_ms()};
}

static inline bool spell_lasts(struct spell *spell) {
    int64_t now = clock_monotonic_ms(), took = now - spell->at;
    spell->left -= took < SPELL_TURN_MS_MAX ? took : SPELL_TURN_MS_MAX;
    spell->at = now;
    return spell->left > 0;
}

/* Waits up to the time for something on the socket (NULL: for ZAP alone), answering ZAP. */
static inline bool bed_wait(struct wire_bed *bed, void *socket, int64_t milliseconds) {
    int64_t end = clock_monotonic_ms() + milliseconds;
    for (;;) {
        zmq_pollitem_t poll[] = {{.socket = zap_socket(bed->zap), .events = ZMQ_POLLIN},
                                 {.socket = socket, .events = ZMQ_POLLIN}};
        int64_t left = end - clock_monotonic_ms();
        zmq_poll(poll, socket != NULL ? 2 : 1, left > 0 ? left : 0);
        zap_turn(bed->zap, bed_find, bed);
        if (socket != NULL && (poll[1].revents & ZMQ_POLLIN) != 0)
            return true;
        if (left <= 0)
            return false;
    }
}

#endif
