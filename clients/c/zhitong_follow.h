/* libzhitong-follow: a department's stream over ZeroMQ, in a C program. Needs libzmq (with CURVE) and msgpack-c only; the protocol is
 * proto/PROTOCOL.md, events carry the attributes of CloudEvents 1.0.
 *
 *     open → next → do the work → store the cursor → ack → next …
 *
 * Delivery is at least once: what was not acknowledged when a program or a server died comes again, with the same id. Without a group
 * events come in order and without a gap, and the cursor is yours: store it after the work is done (zhitong_cursor_write, or better
 * in the transaction of the work), and open from cursor + 1. In a group the server keeps the cursor, and a seq may be lower than the
 * one before it: an event that another member did not finish.
 *
 * Reconnects, moves to another replica and silence are dealt with inside. Memory: `credit` events at most are under way (an event has
 * 20 KB at most, mostly 1 KB), and what would be more stays in the server. One thread to a follower; call zhitong_follow_next again
 * within 10 s, or a group deals your events to others. */
#ifndef ZHITONG_FOLLOW_H
#define ZHITONG_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zhitong_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZHITONG_FOLLOW_CREDIT_MAX 10000

struct zhitong_follow_options {
    const char *endpoints;                   /* notification's public endpoints, tcp://HOST:PORT, separated by commas */
    char server_key[ZHITONG_CURVE_KEY_SIZE]; /* public key of notification's public endpoint */
    char public_key[ZHITONG_CURVE_KEY_SIZE], secret_key[ZHITONG_CURVE_KEY_SIZE]; /* of the department */
    const char *stream;                                                          /* code of the unit */
    uint64_t from;      /* first wanted seq, from 1; 0: from from_at on, or, without it, only what comes from now on */
    int64_t from_at;    /* with from 0: unix ms; 0: none */
    const char *filter; /* NULL: everything; see Filters in the protocol */
    const char *group;  /* NULL: alone; members of a group share the stream */
    uint32_t credit;    /* events under way, 2 to ZHITONG_FOLLOW_CREDIT_MAX; 0: 1000 */
};

/* What zhitong_follow_next returns. */
enum zhitong_follow_word {
    ZHITONG_FOLLOW_NOTHING,   /* the time is over */
    ZHITONG_FOLLOW_EVENT,     /* `event` is an event: do the work, store seq, acknowledge it */
    ZHITONG_FOLLOW_SKIPPED,   /* up to seq nothing is for you: store seq, acknowledge it; never in a group */
    ZHITONG_FOLLOW_CONNECTED, /* detail: the endpoint that answered */
    ZHITONG_FOLLOW_SILENT, /* detail: the endpoint that does not answer (or does not know the key); the next is tried */
    ZHITONG_FOLLOW_MOVED, /* detail: the replica that has the stream now and is asked; "": none has it, asked again in a second */
    /* seq: the next that there is; zhitong_follow_void_from: why. Nothing comes until zhitong_follow_from. */
    ZHITONG_FOLLOW_TRUNCATED,
    ZHITONG_FOLLOW_REFUSED, /* detail and field: why; nothing comes until zhitong_follow_from */
    ZHITONG_FOLLOW_BROKEN /* detail: the endpoint that said what no server says; it is connected to anew in a second */
};

/* Attributes are texts with a NUL; data is borrowed until the next call with this follower. */
struct zhitong_event {
    char id[65];         /* CASE.VERSION, unique: the same id is the same event */
    char source[97];     /* /zhitong/CITY */
    char type[65];       /* zhitong.case.MOVE */
    char subject[33];    /* the case, decimal */
    char time[33];       /* RFC 3339, UTC */
    const uint8_t *data; /* msgpack map: case_moved of the protocol; its whole length and depth have been checked */
    size_t size;
};

struct zhitong_follow_said {
    uint64_t seq;
    struct zhitong_event event;
    char field[49];
    char detail[257];
};

struct zhitong_follower;
/* Connects in the background. NULL, `why` says what is wrong with the options: no endpoint, no key, a credit out of range, a text
 * that is too long. Options are copied. */
struct zhitong_follower *zhitong_follow_open(const struct zhitong_follow_options *options, const char **why);
/* Tells the server what was acknowledged, and that this follower goes; waits 200 ms at most for that to leave. */
void zhitong_follow_close(struct zhitong_follower **pointer);

/* The next thing that the server has to say, or that is to be said of it; waits timeout_ms at most (0: not at all). */
enum zhitong_follow_word zhitong_follow_next(struct zhitong_follower *follower, struct zhitong_follow_said *said,
                                             int timeout_ms);
/* Everything up to the event with this seq, in the order in which it was handed out, is done and stored. Not every event needs one;
 * without any nothing more comes once `credit` events are under way. A seq that was not handed out is passed over. */
void zhitong_follow_ack(struct zhitong_follower *follower, uint64_t seq);
/* Follows on from this seq (0: from now on): after TRUNCATED or REFUSED, by your decision. */
void zhitong_follow_from(struct zhitong_follower *follower, uint64_t from);

/* A file descriptor to poll beside others, -1: none now. When it is readable, and each second, call zhitong_follow_next with timeout
 * 0 until it says NOTHING, then ask for the descriptor again: it may have changed. */
int zhitong_follow_fd(const struct zhitong_follower *follower);
uint64_t zhitong_follow_head(
    const struct zhitong_follower *follower); /* last seq of the stream that the server told of */
/* Of the last TRUNCATED. 0: what lies before its seq is no longer kept. Else the city was restored to an earlier point: what you have
 * from this seq on is void, take it back or mark it; when the last that you have lies below it, nothing was lost. */
uint64_t zhitong_follow_void_from(const struct zhitong_follower *follower);

/* ---- what is in an event's data ------------------------------------------------------------------------------------------ */

/* Copies a text with a NUL, cut to room - 1 bytes at the end of a character. Bytes of the whole text, or -1: there is no such
 * text; `to` is empty then. */
long zhitong_event_text(const struct zhitong_event *event, const char *name, char *to, size_t room);
/* false: there is no such number, or it does not fit; *value is untouched. */
bool zhitong_event_whole(const struct zhitong_event *event, const char *name, int64_t *value);
bool zhitong_event_number(const struct zhitong_event *event, const char *name, double *value);
bool zhitong_event_flag(const struct zhitong_event *event, const char *name); /* absent: false */

/* ---- a cursor in a file, replaced as a whole ------------------------------------------------------------------------------ */

/* 1: *seq was read; 0: there is no such file; -1: it cannot be read, or holds no seq. */
int zhitong_cursor_read(const char *path, uint64_t *seq);
/* On disk when it returns 0; -1: it could not be written, the old one stands. One program to a file. */
int zhitong_cursor_write(const char *path, uint64_t seq);

#ifdef __cplusplus
}
#endif

#endif
