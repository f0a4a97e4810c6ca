/* The socket of a follower and what it says. Inside libzhitong-follow. */
#ifndef ZHITONG_CONNECTION_H
#define ZHITONG_CONNECTION_H

#include "zhitong_follow.h"

struct connection_keys {
    const char *server_key, *public_key, *secret_key; /* Z85 */
};

/* A DEALER that connects in the background and takes at most so many frames that wait. NULL: no endpoint, or no key. */
void *connection_open(void *zmq, const struct connection_keys *keys, const char *endpoint, uint32_t frames_max);
/* What was said leaves within so many ms, or not at all. */
void connection_close(void **socket, int linger_ms);

struct follow_words {
    const char *stream, *filter, *group; /* filter, group: may be empty */
    uint64_t from;
    int64_t from_at;
    uint32_t credit;
};
struct credit_words {
    const char *stream;
    uint64_t applied;
    uint32_t more;
};
/* Each sends one message without waiting. false: it cannot be sent now. */
bool connection_hello(void *socket);
bool connection_follow(void *socket, const struct follow_words *follow);
bool connection_credit(void *socket, const struct credit_words *credit);
bool connection_unfollow(void *socket, const char *stream);

#endif
