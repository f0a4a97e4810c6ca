/* What live_hub.c (units and the whole), live_client.c (what one client is told) and live_replay.c share. Nobody else includes it. */
#ifndef ZHITONG_DESK_LIVE_HUB_INNER_H
#define ZHITONG_DESK_LIVE_HUB_INNER_H

#include "common/event.h"
#include "services/desk/live_follow.h"
#include "services/desk/live_hub.h"
#include "services/desk/live_ring.h"

#define LIVE_WINDOW_ENTRIES 256 /* under way from notification, of each unit and of each replay */
#define REPLAYS_MAX 32          /* units at once; the others wait */
#define SLOW_MS 2000 /* who takes nothing for so long and fell behind, or has not taken a window of a replay, is cut */
#define UNIT_LINGER_MS 30000 /* how long a unit is followed after its last client left */
#define LIVE_TURN_MS 100
#define LEFT_CHECK_MS 2000 /* how often it is looked whether a client that rests has left */
#define NOTE_BYTES_MAX 512 /* what is told beside entries */

struct live_client {
    struct live_client *next, *previous; /* of its unit */
    struct live_hub *hub;
    struct live_unit *unit;
    struct http_request *request;
    struct filter filter;
    int privacy;
    char digest[DIGEST_TEXT_SIZE];
    size_t place;
    uint64_t mark;
    uint64_t seq;      /* of the entry that is told next; 0: from the end, as soon as that is known */
    uint64_t told;     /* last seq of which the client knows the id */
    size_t offset;     /* of that entry, what has been taken */
    int64_t said_ms;   /* monotonic: when it was last told something */
    int64_t woken_ms;  /* monotonic: when there was something for it again */
    int64_t looked_ms; /* monotonic: when its connection was last looked at */
    bool rests;        /* has taken everything */
    bool caught_up;    /* has rested at the end of the stream */
    bool ends;         /* nothing after the note */
    char note[NOTE_BYTES_MAX];
    size_t note_size, note_at;
};

struct live_unit {
    struct live_unit *next; /* in its bucket */
    char code[CODE_MAX + 1];
    struct live_ring live, replay;
    bool known; /* where the stream ends: live.first counts */
    bool news;  /* since its clients were woken */
    bool replaying;
    uint64_t granted;  /* last seq that the replay may bring */
    int64_t replay_ms; /* monotonic: when it last brought something */
    int64_t left_ms;   /* monotonic: when the last client left */
    struct live_client *clients;
    size_t client_count;
};

#define UNIT_BUCKETS 1024 /* a power of two */

struct live_hub {
    struct live_hub_options options;
    struct live_store store;
    struct live_follow *live, *replay;
    struct live_unit *buckets[UNIT_BUCKETS];
    struct live_client **places; /* clients_max of them */
    size_t client_count, replays;
    uint64_t marks;
    int64_t check_at; /* monotonic */
    char source[EVENT_SOURCE_MAX + 1];
};

/* live_client.c */
/* The seq after that of a Last-Event-ID, UNIT.SEQ of this unit; 0: it is none. Pure. */
uint64_t live_seq_after(const char *last_id, const char *unit);
struct live_client *live_client_open(struct live_hub *hub, const struct live_wish *wish);
/* Says something beside the entries, in front of the next one, after the notes that it has not taken yet. What does not fit behind
 * those is left out. */
void live_client_note(struct live_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
void live_client_wake(struct live_client *client);
void live_client_comment(struct live_client *client, int64_t now); /* where it was silent for long */
void live_client_cut(struct live_client *client);                  /* frees it */
void live_client_end(struct live_client *client, const char *reason);
void live_client_truncated(struct live_client *client, uint64_t first);

/* live_replay.c */
void live_replay_turn(struct live_hub *hub, struct live_unit *unit, int64_t now);
void live_replay_entry(struct live_unit *unit, uint64_t seq, const struct moved_facts *facts, const char *text,
                       size_t size);
void live_replay_truncated(struct live_hub *hub, struct live_unit *unit, uint64_t first);

#endif
