/* Serving streams to followers: FOLLOW, credit, entries from the tail ring or the table, heads, SKIP, MOVED, TRUNCATED, groups.
 *
 * What is sent is bounded by the follower's credit; a slow follower costs table reads, never memory. Loop's thread only.
 * proto/PROTOCOL.md says what each side does. */
#ifndef ZHITONG_PUBLISH_H
#define ZHITONG_PUBLISH_H

#include "common/city.h"
#include "common/tail.h"
#include "common/wire.h"

#define ENTRIES_PER_FRAME_MAX 500
#define FRAME_BYTES_MAX 1048576
#define READ_ENTRIES_MAX 2000 /* entries read back from the table at a time */
#define FOLLOW_FROM_AT_MS_MAX \
    INT64_C(253402300799999)     /* the end of the year 9999; PostgreSQL cannot compare with any instant */
#define GROUPS_PER_STREAM_MAX 32 /* each keeps a mark and what is under way */
#define FOLLOW_CREDIT_MAX 100000 /* more is refused: it would be a promise to buffer without bound */
/* Sent to departments and not yet applied by them, in all. Beyond it each may have its share only, and no less than the second. */
#define UNAPPLIED_BYTES_MAX 134217728
#define UNAPPLIED_SHARE_BYTES_MIN 65536
#define FRAMES_PER_SECOND_MAX 10000 /* of one department's connection; what comes beyond it is not looked at */
#define GROUP_SILENCE_MS 10000      /* a member that says nothing for so long has left its group */
#define GROUP_SAVE_MS 200           /* a group's mark is saved this often while it moves */

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
    bool
        events; /* entries of the public endpoint are events (common/event.h) around case_moved; filters are understood */
    /* Looks where a follow begins; publish_started brings it, with the token. NULL: only seqs are understood, and what lies
     * ahead of the head is waited for. */
    void (*read_start)(void *context, const char *stream, int64_t from_at, uint64_t token);
    /* A group's mark; publish_mark_loaded and publish_mark_saved bring the outcome. NULL: there are no groups. */
    void (*load_mark)(void *context, const char *stream, const char *group);
    void (*save_mark)(void *context, const char *stream, const char *group, uint64_t mark);
    /* How long a follow of a stream that another replica has waits for news that it is ours, before its follower is sent there;
     * 0: not at all. */
    int64_t hold_ms;
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
/* `first` 0: nothing was found; bodies are borrowed. */
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

/* What a stream holds, and the first seq of an instant. */
struct stream_start {
    const char *stream;
    uint64_t token;
    uint64_t head;  /* last committed seq */
    uint64_t first; /* the oldest that is kept; head + 1: nothing is */
    uint64_t at;    /* the first of from_at or later; head + 1: none is; of no meaning without from_at */
    struct voids voids;
    bool failed;
};
void publish_started(struct publisher *publisher, const struct stream_start *start);

struct group_mark {
    const char *stream, *group;
    uint64_t mark;
    bool found; /* of a load: it was saved before */
    bool failed;
};
void publish_mark_loaded(struct publisher *publisher, const struct group_mark *loaded);
void publish_mark_saved(struct publisher *publisher, const struct group_mark *saved);

/* The city that events come from and that filters are held against; borrowed until the next call. */
void publish_city(struct publisher *publisher, const struct city *city);

/* We do not serve the stream any more: its followers hear where to go. */
void publish_dropped(struct publisher *publisher, const char *name);
/* Others may have appended without our hearing of it: the heads of followed streams are read anew. */
void publish_forget_heads(struct publisher *publisher);
/* The view is another: ends the follows of those who may not any more (a key was revoked), sends those on whose stream another
 * replica has, and begins those that wait for a stream which nobody else has (of a group: which is ours). */
void publish_recheck(struct publisher *publisher);

/* Once a second: heads. */
void publish_turn(struct publisher *publisher);
/* In every turn of the loop: marks of groups. */
void publish_marks_turn(struct publisher *publisher);
/* In every turn of the loop: who has waited for long enough is sent on. */
void publish_held_turn(struct publisher *publisher);
/* How long the loop may wait for the next mark or the next who waits, in ms; -1: no limit. */
int publish_wait_ms(const struct publisher *publisher);
/* Tells a follower that speaks for this member of our own service about a stream's head. */
void publish_hint(struct publisher *publisher, int32_t member, const char *stream, uint64_t seq);

/* Worst lag of the followers, in ms, leaving out those of the named service (NULL: none is left out). */
int64_t publish_behind_ms(const struct publisher *publisher, const char *except_service);

#endif
