/* The publisher's parts: publish.c (what is committed and read), publish_send.c (frames), publish_follow.c (what followers say),
 * publish_hold.c (follows that wait), publish_start.c (where follows begin), publish_group.c (groups), publish_turn.c (rounds),
 * publish_table.c (whom it knows). */
#ifndef ZHITONG_PUBLISH_PARTS_H
#define ZHITONG_PUBLISH_PARTS_H

#include "common/event.h"
#include "common/filter.h"
#include "common/publish.h"
#include "common/publish_deal.h"

#define STREAM_BUCKETS 1024
#define FOLLOWER_BUCKETS 1024

struct follower { /* one connection */
    struct follower *next_same_hash;
    void *socket;
    bool is_public;
    bool opened; /* said hello or follow */
    struct wire_peer peer;
    char user[WIRE_USER_MAX + 1];
    char service[25];
    int32_t member;
    bool listens; /* no member of the chain: it said hello without a member's number, and holds nobody up */
    int64_t lag_ms;
    int64_t heard_ms;    /* monotonic; the last frame */
    int64_t frames_from; /* monotonic; `frames` counts since then */
    uint32_t frames;
    struct subscription *subscriptions;
};

enum start { STARTED, START_WANTED, START_ASKED };

struct subscription { /* one follower on one stream */
    struct subscription *next_of_stream, *next_of_follower;
    struct stream *stream;
    struct follower *follower;
    uint64_t next;         /* seq to send next */
    uint64_t told;         /* last seq that was sent or skipped, as the follower knows; UINT64_MAX: it knows none yet */
    uint64_t credit;       /* entries that may still be sent; of a group's member: until it is dealt to */
    uint64_t applied;      /* last seq that the follower says it has applied */
    uint64_t unapplied;    /* bytes sent behind it, about */
    uint64_t reading;      /* seq being read from the table, 0: none */
    int64_t behind_since;  /* monotonic ms; 0: it has everything */
    struct filter *filter; /* NULL: everything is wanted */
    enum start start;
    uint64_t token; /* of the start that is being read */
    uint64_t from;  /* as in follow, like from_at */
    int64_t from_at;
    struct gap gap; /* that a read found, until the start is read again; from 0: none; first 0: nothing is behind it */
    struct group *group; /* NULL: it has the stream for itself */
    int member;          /* of the group's deal, -1: not yet */
};

struct group { /* members that share a stream */
    struct group *next;
    struct stream *stream;
    char name[CODE_MAX + 1];
    char filter_text[FILTER_TEXT_MAX + 1];
    struct filter filter;
    bool gone; /* the stream is served elsewhere: only its mark is still saved */
    bool load_asked;
    bool loaded, found;
    uint64_t mark; /* as it was loaded */
    enum start start;
    uint64_t token, from;
    int64_t from_at;
    struct gap gap;    /* as in subscription */
    struct deal *deal; /* NULL until it has started */
    uint64_t reading;
    uint64_t saved; /* mark in the table */
    bool ever_saved, saving;
    int64_t saved_at; /* monotonic ms */
    struct subscription *members[DEAL_MEMBERS_MAX];
    int count; /* members, dealt to or not yet */
};

struct publisher {
    struct publisher_options options;
    struct tail tail;
    struct stream *streams[STREAM_BUCKETS];
    struct follower *followers[FOLLOWER_BUCKETS];
    struct group *groups;
    struct held_follow *held; /* in the order in which they came */
    size_t held_count;
    const struct city *city;
    char source[EVENT_SOURCE_MAX + 1];
    uint64_t tokens;
    struct bytes frame;   /* being made */
    uint64_t unapplied;   /* bytes of all departments' followers outside of groups */
    uint64_t departments; /* these followers */
};

/* ---- publish_table.c */
struct stream *stream_find(struct publisher *publisher, const char *name);
struct stream *stream_add(struct publisher *publisher, const char *name); /* finds or makes */
struct follower *follower_find(struct publisher *publisher, void *socket, const struct wire_peer *peer);
struct follower *follower_add(struct publisher *publisher, const struct publish_from *from,
                              const struct packet *packet);
void follower_drop(struct publisher *publisher, struct follower *follower);
struct subscription *subscription_find(const struct stream *stream, const struct follower *follower);
struct subscription *subscription_add(struct stream *stream, struct follower *follower);
void subscription_drop(struct publisher *publisher, struct subscription *subscription);

/* ---- publish_send.c */
struct run { /* entries that lie side by side: in a chunk of the ring, or row by row in a result */
    uint64_t first;
    uint32_t count;
    const struct chunk *chunk;
    const uint8_t *const *bodies; /* where chunk is NULL */
    const size_t *sizes;
};
struct run run_of_chunk(const struct chunk *chunk, uint64_t from);
const uint8_t *run_entry(const struct run *run, uint32_t number, size_t *size);
/* Sends from the run, which begins at to->next, what the credit allows; leaves out what the filter does. -1: the follower is gone and
 * was dropped; the subscription must not be touched any more. */
MUST_CHECK int subscription_send(struct publisher *publisher, struct subscription *to, const struct run *run);
/* Too much was sent to departments that they have not applied, and this one has its share of it: it gets no more for now. */
bool subscription_is_full(const struct publisher *publisher, const struct subscription *to, size_t in_frame);
/* The follower has applied what there is up to this seq; UINT64_MAX: it begins anew. */
void subscription_applied(struct publisher *publisher, struct subscription *to, uint64_t seq);
/* Tells what was left out since the last entry. -1 as above. */
MUST_CHECK int subscription_tell_skip(struct publisher *publisher, struct subscription *to);

/* Frames being made one after the other, for one follower and stream each; the entries of a frame follow each other. */
struct frame_run {
    struct subscription *to; /* NULL: nothing is in the frame */
    uint64_t first;
    uint32_t count;
};
void frame_add(struct publisher *publisher, struct frame_run *frame, const struct moved_facts *facts,
               const uint8_t *body, size_t size);
bool frame_full(const struct publisher *publisher, const struct frame_run *frame, size_t size);
/* Sends it, if there is anything. -1: the follower is gone and was dropped. */
MUST_CHECK int frame_flush(struct publisher *publisher, struct frame_run *frame);

void send_to(struct publisher *publisher, struct follower *follower, enum message type, const void *value);
void send_refusal(struct publisher *publisher, struct follower *follower, const char *key, const struct reason *why);
void send_moved(struct publisher *publisher, struct follower *follower, const char *stream);
/* Ends the follow, and says what comes next there; gap->first 0: what is committed next. */
void send_truncated(struct publisher *publisher, struct subscription *to, const struct gap *gap,
                    const struct voids *voids);
/* Ends the follow with a reason that names the field. */
void end_refused(struct publisher *publisher, struct subscription *to, const struct reason *why);

/* ---- publish.c */
/* Sends what the credit allows: from the ring at once, from the table as soon as it is read. May drop the follower. */
void subscription_pump(struct publisher *publisher, struct subscription *to);

/* ---- publish_follow.c */
/* Whether it is not for us, as far as we know. */
bool follow_elsewhere(const struct publisher *publisher, const struct follower *follower, const struct follow *follow);
/* Begins a follow, or refuses it; what is not for us waits for a moment if it may, else its follower hears who has it, if anybody. */
void subscription_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow,
                         bool may_wait);

/* ---- publish_hold.c */
/* Keeps a copy until hold_ms are over. false: it cannot wait. */
MUST_CHECK bool hold_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow);
/* The follower does not want the stream any more; NULL: any. */
void hold_forget(struct publisher *publisher, const struct follower *follower, const char *stream);
void hold_credit(struct publisher *publisher, const struct follower *follower, const struct credit *credit);
/* Who owns what may have changed: what nobody else has is begun. */
void hold_recheck(struct publisher *publisher);

/* ---- publish_start.c */
/* Asks for what was not asked for yet, or failed. */
void subscription_start(struct publisher *publisher, struct subscription *to);
void group_start(struct publisher *publisher, struct group *group);
/* Nothing was read at `rows->from`, or something behind it. What restores have undone is read again before it is told: one may have
 * happened since the follow began. */
void subscription_gap(struct publisher *publisher, struct subscription *to, const struct read_rows *rows);
/* The same of the gap that a group has found, as soon as everything before it is finished and saved: whoever goes on behind it would
 * else be brought back to what is not, and to the gap, for ever. */
void group_pass_gap(struct publisher *publisher, struct group *group);
/* Where a follow from `from` or `from_at` begins; 0: refused. */
uint64_t start_seq(uint64_t from, int64_t from_at, const struct stream_start *start, struct reason *why);

/* ---- publish_group.c */
/* Refuses (group, filter) who cannot be a member; then the subscription is as before. */
MUST_CHECK int group_join(struct publisher *publisher, struct subscription *to, const struct follow *follow,
                          struct reason *why);
void group_leave(struct subscription *member);
void group_started(struct publisher *publisher, struct group *group, const struct stream_start *start);
void group_pump(struct publisher *publisher, struct group *group);
void group_read_done(struct publisher *publisher, struct group *group, const struct read_rows *rows);
/* Refuses (applied, more) what cannot be. */
MUST_CHECK int group_credit(struct publisher *publisher, struct subscription *member, const struct credit *credit,
                            struct reason *why);
void groups_of_stream_gone(struct publisher *publisher, const struct stream *stream);
void groups_turn(struct publisher *publisher); /* once a second */
void groups_close(struct publisher *publisher);

#endif
