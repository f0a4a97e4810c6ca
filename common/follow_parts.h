/* The following side's parts, shared by follow.c (whom it asks) and follow_take.c (what it hears). */
#ifndef ZHITONG_FOLLOW_PARTS_H
#define ZHITONG_FOLLOW_PARTS_H

#include "common/follow.h"

#define LINKS_MAX 64

struct link { /* a connection to one replica */
    int32_t member;
    int8_t upstream; /* -1: a peer of our own service */
    void *socket;
    int64_t opened_at, heard_at; /* monotonic; heard_at 0: not yet */
    int doublings;               /* of the time until the first word */
    char endpoint[ENDPOINT_MAX + 1];
    char curve_key[WIRE_KEY_SIZE];
};

struct cursor { /* one shard of one upstream */
    bool active;
    bool asked;                 /* FOLLOW was sent on `link` */
    bool lost;                  /* what we need is no longer kept: an operator must act */
    int32_t member;             /* whom we asked */
    uint64_t received, applied; /* last received; last committed here */
    uint64_t allowed, head;     /* last that the credit allows; last known at the owner */
    int64_t moved_at;           /* monotonic ms of the last sign of progress */
};

struct follow_links {
    struct follow_options options;
    const struct mesh_view *view;
    struct link links[LINKS_MAX];
    size_t count;
    struct cursor cursors[UPSTREAMS_MAX][SHARD_COUNT];
};

/* Connects anew; what was asked on the old connection must be asked again. */
void follow_open_link(struct follow_links *links, struct link *link);
/* Sends FOLLOW from the cursor on to whoever owns the shard, unless that was done. */
void follow_ask(struct follow_links *links, uint8_t upstream, uint16_t shard);
void follow_ask_all(struct follow_links *links);

#endif
