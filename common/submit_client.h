/* A client of intake: hands in reports and sees each one through to its answer, whatever happens to replicas and
 * connections. Every report keeps its idempotency key when it is sent again, so nothing is doubled:
 *
 *   busy                       sent again at once to an endpoint that has not said so, else after the time that the answer names
 *   the connection is lost     sent again to the next endpoint; one that has no connection is left out
 *   no answer for 3 seconds    the same
 *   accepted, refused          the end: `answered` is called once
 *
 * One thread, never blocks but in submit_client_turn. */
#ifndef ZHITONG_SUBMIT_CLIENT_H
#define ZHITONG_SUBMIT_CLIENT_H

#include "common/endpoints.h"
#include "common/wire.h"

#define SUBMIT_WINDOW_MAX 100000

struct submit_answer {
    uint64_t tag; /* as given to submit_client_send */
    bool accepted;
    bool repeated;      /* accepted before: the case is the first answer's */
    uint64_t case_id;   /* when accepted */
    char receipt[25];   /* when accepted: for the reporter alone; may be empty */
    int64_t latency_us; /* since submit_client_send */
    struct reason why;  /* when refused */
};

struct submit_options {
    void *zmq;
    const struct wire_keys *keys;
    const char *server_key; /* Z85, of intake's public endpoints */
    const char *endpoints;  /* of one or several replicas, separated by commas */
    uint32_t window;        /* reports that may be under way, 1 to SUBMIT_WINDOW_MAX */
    void *context;
    /* May call submit_client_send. */
    void (*answered)(void *context, const struct submit_answer *answer);
};

struct submit_counts {
    uint64_t sent;   /* reports handed in */
    uint64_t busy;   /* answers that said so */
    uint64_t resent; /* to the next endpoint, for want of an answer or a connection */
    uint64_t strays; /* refusals that name no report of ours; stray holds the last */
    struct reason stray;
};

struct submit_client;

/* Refuses (endpoints, window, server_key) what it cannot use. Connects in the background. */
MUST_CHECK int submit_client_open(struct submit_client **out, const struct submit_options *options, struct reason *why);
void submit_client_close(struct submit_client **client);

uint32_t submit_client_room(const struct submit_client *client);    /* reports that may be sent now */
uint32_t submit_client_waiting(const struct submit_client *client); /* reports without an answer yet */
/* There must be room (asserted). Refuses what message_check refuses; then `answered` is not called. */
MUST_CHECK int submit_client_send(struct submit_client *client, const struct submit *report, uint64_t tag,
                                  struct reason *why);
/* Waits up to timeout_ms (less when something is due) for answers and deals with all that wait. */
void submit_client_turn(struct submit_client *client, int timeout_ms);
/* The sockets that it listens to, for whoever waits elsewhere and then calls submit_client_turn with 0. */
size_t submit_client_sockets(const struct submit_client *client, void **sockets, size_t room);

const struct submit_counts *submit_client_counts(const struct submit_client *client);
/* For how long no endpoint has said anything although answers are due, in ms; 0: all is well. */
int64_t submit_client_silent_ms(const struct submit_client *client);

#endif
