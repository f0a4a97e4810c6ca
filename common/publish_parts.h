/* The publisher's parts, shared by publish.c (what it sends) and publish_table.c (whom and what it knows). */
#ifndef ZHITONG_PUBLISH_PARTS_H
#define ZHITONG_PUBLISH_PARTS_H

#include "common/publish.h"

#define STREAM_BUCKETS 1024
#define FOLLOWER_BUCKETS 1024

struct follower { /* one connection */
    struct follower *next_same_hash;
    void *socket;
    bool is_public;
    struct wire_peer peer;
    char user[WIRE_USER_MAX + 1];
    char service[25];
    int32_t member;
    bool listens; /* no member of the chain: it said hello without a member's number, and holds nobody up */
    int64_t lag_ms;
    struct subscription *subscriptions;
};

struct subscription { /* one follower on one stream */
    struct subscription *next_of_stream, *next_of_follower;
    struct stream *stream;
    struct follower *follower;
    uint64_t next;        /* seq to send next */
    uint64_t credit;      /* entries that may still be sent */
    uint64_t reading;     /* seq being read from the table, 0: none */
    int64_t behind_since; /* monotonic ms; 0: it has everything */
};

struct publisher {
    struct publisher_options options;
    struct tail tail;
    struct stream *streams[STREAM_BUCKETS];
    struct follower *followers[FOLLOWER_BUCKETS];
};

struct stream *stream_find(struct publisher *publisher, const char *name);
struct stream *stream_add(struct publisher *publisher, const char *name); /* finds or makes */
struct follower *follower_find(struct publisher *publisher, void *socket, const struct wire_peer *peer);
struct follower *follower_add(struct publisher *publisher, const struct publish_from *from,
                              const struct packet *packet);
void follower_drop(struct publisher *publisher, struct follower *follower);
struct subscription *subscription_find(const struct stream *stream, const struct follower *follower);
struct subscription *subscription_add(struct stream *stream, struct follower *follower);
void subscription_drop(struct publisher *publisher, struct subscription *subscription);
/* Sends what the credit allows: from the ring at once, from the table as soon as it is read. May drop the follower. */
void subscription_pump(struct publisher *publisher, struct subscription *to);

#endif
