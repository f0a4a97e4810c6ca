/* A batch: what arrived for some shards since the last commit, decided together and saved in one transaction.
 *
 * The lane (common/lane.h) runs a service's three steps in order: load reads the rows that the inputs touch, the handler of
 * each input decides, save queues one statement per table. The lane adds the log rows, the parked rows and the fence,
 * and commits. Every step may run again from the start with fewer inputs: keep no state outside the batch. */
#ifndef ZHITONG_BATCH_H
#define ZHITONG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/city.h"
#include "common/db.h"
#include "common/ids.h"
#include "common/traceparent.h"
#include "proto/codec.h"

#define UPSTREAMS_MAX 2
#define BATCH_INPUTS_MAX 500

enum input_kind {
    INPUT_ENTRY,   /* an entry of an upstream's log */
    INPUT_REQUEST, /* somebody waits for an answer */
    INPUT_REPLAY   /* a parked entry that the operator wants tried again */
};

enum outcome {
    OUTCOME_PENDING, /* not decided yet; still so after the work: try again */
    OUTCOME_HANDLED,
    OUTCOME_PARKED,  /* an entry whose data is bad */
    OUTCOME_REFUSED, /* a request whose data is bad */
    OUTCOME_LOST     /* its shard is not ours any more: somebody else will handle it */
};

struct input {
    enum input_kind kind;
    enum outcome outcome;
    enum message type;
    uint16_t shard;
    uint8_t upstream;    /* of an entry: 0 or 1, its place in the service's table of upstreams */
    uint64_t seq;        /* of an entry, in the upstream's log */
    uint64_t case_id;    /* 0 where not known yet */
    const uint8_t *body; /* the message; borrowed from the work */
    size_t size;
    int64_t arrived_ms;                     /* monotonic */
    struct reason why;                      /* of OUTCOME_PARKED and OUTCOME_REFUSED */
    struct bytes reply;                     /* of a request: the encoded answer */
    char traceparent[TRACEPARENT_SIZE + 1]; /* of the message, where it has one; see batch_about */
    const char *client;                     /* of a request: who asks, as the key or the listener says; borrowed */
    void *decoded;                          /* the handler's own, in the batch's arena */
    struct frame *frame;                    /* the loop's own: what holds the body */
    struct asker *asker;                    /* the loop's own: whom to answer */
};

struct batch {
    struct db *db;
    const struct city *city;
    struct arena *arena;   /* emptied before the next attempt */
    void *own;             /* the lane's own state of the service: its columns */
    int64_t now;           /* unix ms; the one instant of everything decided in this batch */
    uint64_t incarnation;  /* of the city: part of every new case id */
    struct input **inputs; /* those not yet decided; handlers see them in order */
    size_t count;
    int64_t wake_at;         /* earliest instant at which the service's tick has work; INT64_MAX: none */
    struct attempt *attempt; /* the lane's own */
};

typedef int batch_step(struct batch *batch); /* -1: the database failed, see db_failure */
typedef void batch_handler(struct batch *batch, struct input *input);

/* Appends an entry to this service's log, in the given shard (which must be one of the batch's), and returns its seq. */
uint64_t batch_emit(struct batch *batch, uint64_t case_id, enum message type, const void *value);
/* The seq that the next entry of this shard will get. */
uint64_t batch_next_seq(const struct batch *batch, uint16_t shard);
/* The shards that this work may write, in order; *count of them. */
const int16_t *batch_shards(const struct batch *batch, size_t *count);

/* What a decoded input is about: for the journal. A traceparent that is none is left out. */
void batch_about(struct input *input, uint64_t case_id, const char *traceparent);
/* Answers a request once the batch is committed. */
void batch_reply(struct input *input, enum message type, const void *value);
/* Ends an input as parked (an entry) or refused (a request); `why` is copied. */
void batch_reject(struct input *input, const struct reason *why);
/* The tick's own wake-up: the service's tick runs again at this instant at the latest. */
void batch_wake_at(struct batch *batch, int64_t at);
/* A stream entry that this batch appended (services that keep streams of their own): handed to live followers after
 * the commit. Bytes are copied. */
void batch_publish(struct batch *batch, const char *stream, uint64_t seq, const void *data, size_t size);

#endif
