#include "zhitong_follower.h"

#include <time.h>

#include "zhitong_connection.h"

#define CREDIT_MS 100    /* what was acknowledged is told so often at most */
#define ALIVE_MS 1000    /* a credit of nothing says that we live, and where we are */
#define FRAMES_BESIDE 64 /* heads and the like that may wait beside entries */

int64_t follower_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool follower_grouped(const struct zhitong_follower *follower) {
    return follower->group[0] != '\0';
}

const char *follower_endpoint(const struct zhitong_follower *follower) {
    return follower->endpoint == follower->endpoint_count ? follower->moved_to
                                                          : follower->endpoints[follower->endpoint];
}

/* ---- connecting and asking ------------------------------------------------------------------------------------------- */

void follower_drop_frame(struct zhitong_follower *follower) {
    if (follower->has_frame)
        zmq_msg_close(&follower->frame);
    follower->has_frame = false;
}

void follower_ask(struct zhitong_follower *follower) {
    struct follow_words words = {.stream = follower->stream,
                                 .filter = follower->filter,
                                 .group = follower->group,
                                 .from = follower->placed ? follower->received + 1 : 0,
                                 .from_at = follower->placed ? 0 : follower->from_at,
                                 .credit = follower->credit - follower->handed_count};
    follower->stage = FOLLOWING;
    follower->allowance = words.credit;
    follower->freed = 0;
    follower->told_ms = follower->progress_ms = follower_now_ms();
    (void)connection_follow(follower->socket, &words);
}

void follower_connect(struct zhitong_follower *follower) {
    bool moved = follower->endpoint == follower->endpoint_count;
    struct connection_keys keys = {moved && follower->moved_key[0] != '\0' ? follower->moved_key : follower->server_key,
                                   follower->public_key, follower->secret_key};
    connection_close(&follower->socket, 0);
    follower_drop_frame(follower);
    if (follower_grouped(follower))
        follower->handed_count = follower->applied = 0;
    follower->opened_ms = follower_now_ms();
    follower->heard_ms = follower->again_ms = 0;
    follower->head = 0;
    follower->socket = connection_open(follower->zmq, &keys, follower_endpoint(follower),
                                       2 * follower->credit + FRAMES_BESIDE);
    if (follower->socket == NULL)
        return; /* silence, and then the next one */
    (void)connection_hello(follower->socket);
    follower_ask(follower);
}

void follower_connect_next(struct zhitong_follower *follower) {
    follower->endpoint = follower->endpoint >= follower->endpoint_count - 1 ? 0 : follower->endpoint + 1;
    follower_connect(follower);
}

void follower_connect_later(struct zhitong_follower *follower, int64_t pause_ms) {
    connection_close(&follower->socket, 0);
    follower_drop_frame(follower);
    follower->again_ms = follower_now_ms() + pause_ms;
}

void follower_stop(struct zhitong_follower *follower) {
    connection_close(&follower->socket, 0);
    follower_drop_frame(follower);
    follower->stage = STOPPED;
}

/* ---- what was handed out, and credit for more -------------------------------------------------------------------------- */

void follower_hand(struct zhitong_follower *follower, uint64_t seq) {
    follower->handed[(follower->handed_at + follower->handed_count++) % follower->credit] = seq;
    if (follower_grouped(follower))
        return; /* where a group is knows the server */
    follower->received = seq;
    follower->placed = true;
}

/* How many of the ring are done with this seq; 0 when it was not handed out. */
static uint32_t done_with(const struct zhitong_follower *follower, uint64_t seq) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < follower->handed_count; i++) {
        uint64_t handed = follower->handed[(follower->handed_at + i) % follower->credit];
        if (!follower_grouped(follower) && handed > seq)
            break;
        if (!follower_grouped(follower) || handed == seq)
            count = i + 1;
        if (follower_grouped(follower) && handed == seq)
            return count;
    }
    return follower_grouped(follower) ? 0 : count;
}

void follower_tell(struct zhitong_follower *follower) {
    struct credit_words words = {follower->stream, follower->applied, follower->freed};
    if (!connection_credit(follower->socket, &words))
        return;
    follower->allowance += follower->freed;
    follower->freed = 0;
    follower->told_ms = follower_now_ms();
}

void follower_grant(struct zhitong_follower *follower) {
    int64_t now = follower_now_ms();
    if (follower->stage != FOLLOWING || follower->socket == NULL || follower->heard_ms == 0)
        return;
    bool much = follower->freed > 0 && follower->freed >= follower->credit / 2;
    bool some = follower->freed > 0 && now - follower->told_ms >= CREDIT_MS;
    if (much || some || now - follower->told_ms >= ALIVE_MS)
        follower_tell(follower);
}

void zhitong_follow_ack(struct zhitong_follower *follower, uint64_t seq) {
    uint32_t count = done_with(follower, seq);
    if (count > 0)
        follower->applied = follower->handed[(follower->handed_at + count - 1) % follower->credit];
    follower->handed_at = (follower->handed_at + count) % follower->credit;
    follower->handed_count -= count;
    follower->freed += count;
    follower_grant(follower);
}
