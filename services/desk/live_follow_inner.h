/* What live_follow.c (asking and timers) and live_follow_hear.c (what is heard) share. Nobody else includes it. */
#ifndef ZHITONG_DESK_LIVE_FOLLOW_INNER_H
#define ZHITONG_DESK_LIVE_FOLLOW_INNER_H

#include "services/desk/live_follow.h"

#define LIVE_RETRY_MS 200        /* pause while nobody is known, and after moved */
#define LIVE_STREAM_BUCKETS 1024 /* a power of two */

enum stage {
    WAITING, /* asked again at ask_at */
    SEEKING, /* asked where it ends */
    FOLLOWING,
    STOPPED /* truncated: whoever follows decides */
};

struct followed_stream {
    struct followed_stream *next; /* in its bucket */
    char name[CODE_MAX + 1];
    enum stage stage;
    int32_t member; /* whom it was asked of; 0: nobody */
    bool from_end;
    uint64_t received, allowed, head;
    int64_t ask_at, progress_ms; /* monotonic */
};

struct follow_link {
    struct member peer;
    void *socket;
    bool heard;
    int64_t heard_ms; /* monotonic; when it was opened, until it was heard */
};

struct live_follow {
    struct live_follow_options options;
    struct follow_link links[LIVE_LINKS_MAX];
    size_t link_count;
    struct followed_stream *buckets[LIVE_STREAM_BUCKETS];
    int64_t check_at;
};

/* live_follow.c */
struct followed_stream **live_follow_place(struct live_follow *follow, const char *name);
/* Asks whoever serves the stream now. */
void live_follow_ask(struct live_follow *follow, struct followed_stream *stream);
void live_follow_credit(struct live_follow *follow, struct followed_stream *stream, uint64_t more);

/* live_follow_hear.c: everything that waits there */
void live_follow_read(struct live_follow *follow, struct follow_link *link);

#endif
