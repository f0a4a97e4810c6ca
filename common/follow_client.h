/* A department's side of following its stream at notification's public endpoints (proto/PROTOCOL.md).
 *
 * `entry` is called for every entry that the filter wants, in order, without a gap or a double, whatever reconnects, moves or dies;
 * in a group for those that fall to this member, at least once, the entries of a case in their order. What the caller has made durable
 * when it calls follow_client_turn again counts as applied and is granted anew. One thread. */
#ifndef ZHITONG_FOLLOW_CLIENT_H
#define ZHITONG_FOLLOW_CLIENT_H

#include "common/endpoints.h"
#include "common/event.h"
#include "common/wire.h"

#define FOLLOW_FROM_END UINT64_MAX /* from what is appended after we connected */

enum follow_event {
    FOLLOW_CONNECTED, /* the owner answered; detail: its endpoint */
    FOLLOW_SILENT,    /* nothing was heard for seconds; the next endpoint is asked; detail: the silent one */
    FOLLOW_MOVED,     /* another replica has the stream; detail: its endpoint, or "" when nobody has it yet */
    FOLLOW_TRUNCATED, /* entries up to first - 1 are gone: nothing comes until follow_client_from */
    FOLLOW_REFUSED    /* field and detail: the reason; nothing comes until follow_client_from */
};

struct follow_news {
    enum follow_event event;
    const char *detail;
    const char *field;  /* of FOLLOW_REFUSED, else "" */
    uint64_t first;     /* of FOLLOW_TRUNCATED: the oldest entry that is kept */
    uint64_t void_from; /* of FOLLOW_TRUNCATED: a restore has undone what we have from this seq on; 0: nothing */
};

struct follow_client_options {
    void *zmq;
    const struct wire_keys *keys;
    const char *server_key; /* Z85, of notification's public endpoints */
    const char *endpoints;  /* of one or several replicas, separated by commas */
    const char *stream;     /* code of the unit */
    uint64_t from;          /* first wanted seq, from 1, or FOLLOW_FROM_END; 0: from from_at on */
    int64_t from_at;        /* with from 0: unix ms, from 1 */
    const char *filter;     /* common/filter.h; NULL: everything */
    const char *group;      /* NULL: none; else from counts for the first member ever only */
    uint32_t credit;        /* entries that may be under way, 2 to 10000 */
    void *context;
    void (*entry)(void *context, const struct event *event); /* its data is borrowed */
    void (*news)(void *context, const struct follow_news *news);
};

struct follow_client;

/* Refuses (endpoint, server_key, stream, from, from_at, filter, group, credit) what it cannot use. Connects in the background. */
MUST_CHECK int follow_client_open(struct follow_client **out, const struct follow_client_options *options,
                                  struct reason *why);
void follow_client_close(struct follow_client **client);

/* Waits up to timeout_ms for what the owner says, deals with all that waits, and with silence. */
void follow_client_turn(struct follow_client *client, int timeout_ms);
void *follow_client_socket(const struct follow_client *client); /* to poll; may change in every turn; NULL: none now */
/* The cursor: the last entry that was given to `entry` or left out; 0: none is known. Of no meaning in a group. */
uint64_t follow_client_seq(const struct follow_client *client);
/* Says at once that what was given is applied: before an end. */
void follow_client_applied(struct follow_client *client);
uint64_t follow_client_head(const struct follow_client *client); /* last seq that the owner told of */
/* Follows on from this seq: after FOLLOW_TRUNCATED or FOLLOW_REFUSED, by the caller's decision. */
void follow_client_from(struct follow_client *client, uint64_t from);

#endif
