/* Following the upstreams' logs: one DEALER a replica of an upstream, one cursor a shard and upstream.
 *
 * Nothing in a socket counts: what was received is only a position from which to ask again; the committed cursor is in
 * the shard row. Entries come in order without gaps or repeats, whatever reconnects or moves. Loop's thread only. */
#ifndef ZHITONG_FOLLOW_H
#define ZHITONG_FOLLOW_H

#include "common/mesh.h"

struct follow_links;

struct followed { /* a run of entries that arrived; frame holds them and is taken by the callee */
    uint8_t upstream;
    uint16_t shard;
    uint64_t first; /* seq of the first entry that is new */
    uint32_t count;
    const uint8_t *entries; /* inside frame: count msgpack maps, checked by the guard */
    size_t size;
    zmq_msg_t *frame;
};

struct follow_options {
    void *zmq;
    const struct wire_keys *keys;
    const struct service *service;
    uint32_t window; /* credit of one shard's stream, in entries */
    void *context;
    void (*received)(void *context, struct followed *followed);
    /* A peer of our own service appended to a stream that we serve. */
    void (*hinted)(void *context, const char *stream, uint64_t head);
    /* From now on that peer's hints arrive; those of before may be lost. */
    void (*peer_opened)(void *context);
};

struct follow_links *follow_open(const struct follow_options *options);
void follow_close(struct follow_links **links);

/* Connects to new replicas, leaves dead ones, follows shards where they live now. `view` is borrowed until the next. */
void follow_view(struct follow_links *links, const struct mesh_view *view);
/* We own the shard and have applied these cursors: follow on from there. */
void follow_start(struct follow_links *links, uint16_t shard, const struct cursors *cursors);
void follow_stop(struct follow_links *links, uint16_t shard);
/* Entries up to seq are committed: grants credit when half the window is used. */
void follow_applied(struct follow_links *links, uint16_t shard, uint8_t upstream, uint64_t seq);

/* The sockets to poll; at most `room`. */
size_t follow_sockets(const struct follow_links *links, void **sockets, size_t room);
void follow_read(struct follow_links *links); /* everything that waits */
/* Four times a second: silence, retries, and how far we are behind, per upstream. */
void follow_turn(struct follow_links *links, const int64_t behind_ms[UPSTREAMS_MAX]);

#endif
