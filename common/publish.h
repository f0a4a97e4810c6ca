/* Serving streams to followers: FOLLOW, credit, entries from the tail ring or the table, heads, MOVED, TRUNCATED.
 *
 * What is sent is bounded by the follower's credit; a slow follower costs table reads, never memory. Loop's thread only. */
#ifndef ZHITONG_PUBLISH_H
#define ZHITONG_PUBLISH_H

#include "common/tail.h"
#include "common/wire.h"

#define ENTRIES_PER_FRAME_MAX 500
#define FRAME_BYTES_MAX 1048576
#define READ_ENTRIES_MAX 2000    /* entries read back from the table at a time */
#define FOLLOW_CREDIT_MAX 100000 /* more is refused: it would be a promise to buffer without bound */

struct publisher;

struct publisher_options {
    void *context;
    size_t tail_bytes_max;
    /* Whether this user, connected to the public endpoint or the mesh's, may follow the stream. */
    bool (*may_follow)(void *context, bool is_public, const char *user, const char *stream, struct reason *why);
    /* Whether we serve the stream; if not, fills where else (endpoint and key may stay empty). */
    bool (*is_ours)(void *context, bool is_public, const char *stream, struct moved *moved);
    /* Starts a read of entries [from, from + count); publish_read_done brings them. */
    void (*read)(void *context, const char *stream, uint64_t from, uint32_t count);
    /* Starts a read of the stream's head; publish_head brings it. */
    void (*read_head)(void *context, const char *stream);
    /* A stream has got to this seq. NULL: not wanted. */
    void (*advanced)(void *context, const char *stream, uint64_t seq);
};

struct publisher *publisher_open(const struct publisher_options *options);
void publisher_close(struct publisher **publisher);

/* A message of a follower: hello, follow, credit, unfollow or lag. */
struct publish_from {
    void *socket;
    bool is_public;
};
void publish_packet(struct publisher *publisher, const struct publish_from *from, struct packet *packet,
                    enum message type);

void publish_head(struct publisher *publisher, const char *name, uint64_t head); /* committed by us or by a peer */
void publish_chunk(struct publisher *publisher, struct chunk *take_chunk);       /* committed by us */
/* first_seq 0: nothing was found; bodies are borrowed. */
struct read_rows {
    const char *stream;
    uint64_t from;  /* what was asked for */
    uint64_t first; /* seq of the first row */
    uint32_t count;
    const uint8_t *const *bodies;
    const size_t *sizes;
    bool failed;
};
void publish_read_done(struct publisher *publisher, const struct read_rows *rows);
/* We do not serve the stream any more: its followers hear where to go. */
void publish_dropped(struct publisher *publisher, const char *name);
/* Others may have appended without our hearing of it: the heads of followed streams are read anew. */
void publish_forget_heads(struct publisher *publisher);
/* Ends the follows of those who may not any more (a key was revoked). */
void publish_recheck(struct publisher *publisher);

/* Once a second: heads. */
void publish_turn(struct publisher *publisher);
/* Tells a follower that speaks for this member of our own service about a stream's head. */
void publish_hint(struct publisher *publisher, int32_t member, const char *stream, uint64_t seq);

/* Worst lag of the followers, in ms, leaving out those of the named service (NULL: none is left out). */
int64_t publish_behind_ms(const struct publisher *publisher, const char *except_service);

#endif
