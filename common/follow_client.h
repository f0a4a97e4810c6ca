/* A department's side of following its stream at notification's public endpoints (proto/PROTOCOL.md).
 *
 * `entry` is called for every entry, in order, without a gap or a double, whatever reconnects, moves or dies. What the
 * caller has made durable when it calls follow_client_turn again counts as applied and is granted anew. One thread. */
#ifndef ZHITONG_FOLLOW_CLIENT_H
#define ZHITONG_FOLLOW_CLIENT_H

#include "common/endpoints.h"
#include "common/wire.h"

#define FOLLOW_FROM_END UINT64_MAX /* from what is appended after we connected */

enum follow_event {
    FOLLOW_CONNECTED, /* the owner answered; detail: its endpoint */
    FOLLOW_SILENT,    /* nothing was heard for seconds; the next endpoint is asked; detail: the silent one */
    FOLLOW_MOVED,     /* another replica has the stream; detail: its endpoint, or "" when nobody has it yet */
    FOLLOW_TRUNCATED, /* entries up to first - 1 are gone: nothing comes until follow_client_from */
    FOLLOW_REFUSED    /* detail: the reason; nothing comes until follow_client_from */
};

struct follow_news {
    enum follow_event event;
    const char *detail;
    uint64_t first; /* of FOLLOW_TRUNCATED: the oldest entry that is kept */
};

struct follow_client_options {
    void *zmq;
    const struct wire_keys *keys;
    const char *server_key; /* Z85, of notification's public endpoints */
    const char *endpoints;  /* of one or several replicas, separated by commas */
    const char *stream;     /* code of the unit */
    uint64_t from;          /* first wanted seq, from 1, or FOLLOW_FROM_END */
    uint32_t credit;        /* entries that may be under way, 2 to 10000 */
    void *context;
    /* One entry: a msgpack map of `size` bytes that the guard has passed; borrowed. */
    void (*entry)(void *context, uint64_t seq, const uint8_t *data, size_t size);
    void (*news)(void *context, const struct follow_news *news);
};

struct follow_client;

/* Refuses (endpoint, server_key, stream, from, credit) what it cannot use. Connects in the background. */
MUST_CHECK int follow_client_open(struct follow_client **out, const struct follow_client_options *options,
                                  struct reason *why);
void follow_client_close(struct follow_client **client);

/* Waits up to timeout_ms for what the owner says, deals with all that waits, and with silence. */
void follow_client_turn(struct follow_client *client, int timeout_ms);
void *follow_client_socket(const struct follow_client *client);  /* to poll; may change in every turn; NULL: none now */
uint64_t follow_client_seq(const struct follow_client *client);  /* last entry given to `entry` */
uint64_t follow_client_head(const struct follow_client *client); /* last seq that the owner told of */
/* Follows on from this seq: after FOLLOW_TRUNCATED or FOLLOW_REFUSED, by the caller's decision. */
void follow_client_from(struct follow_client *client, uint64_t from);

#endif
