/* A follower: where it is, whom it asks, and what is under way. Inside libzhitong-follow. */
#ifndef ZHITONG_FOLLOWER_H
#define ZHITONG_FOLLOWER_H

#include <zmq.h>

#include "zhitong_follow.h"
#include "zhitong_reader.h"

#define FOLLOWER_ENDPOINT_MAX 128
#define FOLLOWER_CODE_MAX 48
#define FOLLOWER_FILTER_MAX 480

enum follower_stage { STOPPED, FOLLOWING, NOBODY };

struct zhitong_follower {
    char endpoints[ZHITONG_ENDPOINTS_MAX][FOLLOWER_ENDPOINT_MAX + 1];
    size_t endpoint_count, endpoint; /* endpoint == endpoint_count: moved_to */
    char moved_to[FOLLOWER_ENDPOINT_MAX + 1], moved_key[ZHITONG_CURVE_KEY_SIZE];
    char server_key[ZHITONG_CURVE_KEY_SIZE], public_key[ZHITONG_CURVE_KEY_SIZE], secret_key[ZHITONG_CURVE_KEY_SIZE];
    char stream[FOLLOWER_CODE_MAX + 1], filter[FOLLOWER_FILTER_MAX + 1], group[FOLLOWER_CODE_MAX + 1];
    uint32_t credit;
    int64_t from_at;

    void *zmq, *socket;
    enum follower_stage stage;
    int64_t opened_ms, heard_ms, told_ms, progress_ms, again_ms; /* monotonic; heard_ms, again_ms 0: not */
    int moves;                                                   /* one after the other, without an entry */

    bool placed;       /* where we are is known */
    uint64_t received; /* last seq handed out or passed over */
    uint64_t head, applied;
    uint64_t void_from; /* of the last truncated */
    uint32_t allowance; /* entries that the owner may still send */
    uint32_t freed;     /* entries that are done and not granted anew */

    zmq_msg_t frame; /* of entries, while some of it is to be handed out */
    bool has_frame;
    struct reader rest;
    uint64_t rest_first, rest_count;

    uint64_t *handed; /* ring of seqs handed out and not acknowledged, in their order */
    uint32_t handed_at, handed_count;
};

int64_t follower_now_ms(void); /* monotonic */
bool follower_grouped(const struct zhitong_follower *follower);
const char *follower_endpoint(const struct zhitong_follower *follower);

/* Asks for the stream from where the follower is, on the connection that it has. */
void follower_ask(struct zhitong_follower *follower);
/* A new connection for every new beginning: nothing of an earlier follow can be under way in it. In a group what was handed out and
 * not acknowledged is dealt anew, so that it is not ours any more. */
void follower_connect(struct zhitong_follower *follower);
void follower_connect_next(struct zhitong_follower *follower);
void follower_connect_later(struct zhitong_follower *follower, int64_t pause_ms);
/* Nothing more until the caller says from where. */
void follower_stop(struct zhitong_follower *follower);
void follower_drop_frame(struct zhitong_follower *follower);

/* The entry goes to the caller: it is under way until it is acknowledged. */
void follower_hand(struct zhitong_follower *follower, uint64_t seq);
/* Tells what was acknowledged, and each second that we live, when it is time. */
void follower_grant(struct zhitong_follower *follower);
/* The same at once. */
void follower_tell(struct zhitong_follower *follower);

#endif
