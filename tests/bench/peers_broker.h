/* What tests/bench/peers asks of a broker: durable queues that hand a message to one of those who take from them, and keep it
 * until it is acknowledged. */
#ifndef ZHITONG_PEERS_BROKER_H
#define ZHITONG_PEERS_BROKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"

#define PREFETCH_MAX 500 /* messages of one batch: as many as our own services take */
#define ID_SIZE 96
#define TAKE_MS_MAX 100           /* how long a link waits for a first message */
#define KEPT_MESSAGES_MAX 1000000 /* where a broker keeps what was acknowledged, so many of a queue */
#define UNACKED_MAX 100000

enum queue { QUEUE_REPORTS, QUEUE_ROUTED, QUEUE_ARMED, QUEUE_TOLD, QUEUES, QUEUE_NONE = -1 };
static const char *const queue_names[QUEUES] = {"reports", "routed", "armed", "told"};

struct letter {
    size_t at, size;  /* in the bytes of its letters */
    char id[ID_SIZE]; /* what the broker calls it, to acknowledge it */
};

struct letters {
    struct bytes bytes;
    struct letter each[PREFETCH_MAX];
    size_t count;
};

static inline void letters_reset(struct letters *letters) {
    letters->bytes.size = 0;
    letters->count = 0;
}

static inline struct letter *letters_add(struct letters *letters, const void *data, size_t size) {
    struct letter *letter = &letters->each[letters->count++];
    letter->at = letters->bytes.size;
    letter->size = size;
    letter->id[0] = '\0';
    bytes_append(&letters->bytes, data, size);
    return letter;
}

struct address {
    char host[64];
    int port;
};

/* A link belongs to one thread: it takes from one queue and hands on to another; either may be QUEUE_NONE. All functions but
 * close say -1 and a reason when the broker does not do what it must. */
struct broker {
    const char *name;
    MUST_CHECK int (*prepare)(const struct address *address, struct reason *why); /* makes the queues; once */
    MUST_CHECK int (*open)(void **link, const struct address *address, const enum queue ends[2], struct reason *why);
    void (*close)(void **link);
    /* Waits up to TAKE_MS_MAX for a first message and takes those that are there. */
    MUST_CHECK int (*take)(void *link, struct letters *in, struct reason *why);
    /* Puts all into the next queue and returns when the broker has said that they are durable. */
    MUST_CHECK int (*put)(void *link, const struct letters *out, struct reason *why);
    MUST_CHECK int (*acknowledge)(void *link, const struct letters *in, struct reason *why);
};

#endif
