/* The service's loop: what all its parts share. One thread; lanes, reader and mesh talk to it through one mailbox. */
#ifndef ZHITONG_LOOP_H
#define ZHITONG_LOOP_H

#include "common/follow.h"
#include "common/lane.h"
#include "common/mesh.h"
#include "common/publish.h"
#include "common/reader.h"
#include "common/service.h"

#define LANES_MAX 8
#define TURN_MS 250   /* lag, silence, retries */
#define HEADS_MS 1000 /* heads to followers */
#define RETRY_MS 100  /* first pause after the world failed; doubles up to RETRY_MS_MAX */
#define RETRY_MS_MAX 2000
#define STUCK_MS 2000             /* a work that takes longer waits for something: no more requests are taken for it */
#define REPLAY_CHECK_MS 1000      /* how often parked entries are looked at for a replay */
#define RELEASES_UNCLAIMED_MAX 16 /* shards that are given away and that nobody has yet */
#define HOLD_MS 100 /* a follow of what another replica has waits for news that it is ours: views come apart by less */
#define CLOSE_SECONDS_MAX 3   /* after that: how long threads that wait for the database may take to end */
#define DRAIN_MS_MAX 5000     /* after SIGTERM: how long works under way may take */
#define HAND_OVER_MS_MAX 1000 /* after that: how long others may take to claim our shards */
#define LATECOMERS_MS 1000    /* after that: how long departments may be on their way here */

struct frame { /* bytes that several inputs point into */
    int refs;
    zmq_msg_t message;
};
struct frame *frame_of(zmq_msg_t *take_message);
void frame_release(struct frame *frame);

struct asker { /* who waits for an answer: a peer of a ROUTER, or a function */
    void *socket;
    struct wire_peer peer;
    char key[65];
    char client[WIRE_USER_MAX + 1];
    request_answer *answer;
    void *context;
};

struct waiting { /* an input that has not been given to a lane */
    enum input_kind kind;
    enum message type;
    uint16_t shard; /* SHARD_ANY: whichever the lane takes */
    uint8_t upstream;
    uint64_t seq;
    const uint8_t *body;
    size_t size;
    int64_t arrived_ms;
    struct frame *frame;
    struct asker *asker;
};

struct waiting_queue {
    struct waiting *ring;
    size_t first, count, room; /* room is a power of two */
};
struct waiting *queue_push(struct waiting_queue *queue);
struct waiting *queue_push_front(struct waiting_queue *queue);
struct waiting *queue_front(struct waiting_queue *queue); /* NULL when empty */
void queue_pop(struct waiting_queue *queue);

struct shard_state {
    bool owned;
    bool busy;  /* in a work under way */
    bool check; /* an attempt ended without an answer: the lane reads the row first */
    bool parked;
    int64_t epoch;
    struct cursors cursors; /* committed */
};

struct lane_state {
    struct lane *lane;
    struct waiting_queue queue; /* entries and requests for shards of this lane */
    struct work *work;          /* under way, NULL: idle */
    int64_t work_at;            /* monotonic ms when it was given */
    int64_t retry_at, retry_ms; /* monotonic; pause after a failure */
    int64_t wake_at;            /* when the tick has work, unix ms */
    int64_t replay_at;          /* monotonic ms of the last look at parked entries */
    bool ticked_last;
    uint16_t mint; /* last shard that new cases were minted in */
};

struct city_hold { /* a city and how many works use it */
    struct city *city;
    int refs;
};

struct service_loop {
    const struct service *service;
    struct settings *settings;
    void *zmq;
    struct wire_keys keys, public_keys;
    void *mesh_socket, *public_socket;
    struct zap *zap;
    struct mailbox *in;
    struct mesh *mesh;
    struct mesh_view *view; /* NULL until the first */
    struct reader *reader;
    struct follow_links *links;
    struct publisher *publisher;
    struct http *operations, *public_http;
    struct city_hold *city;
    struct shard_state shards[SHARD_COUNT];
    struct lane_state lanes[LANES_MAX];
    size_t lane_count;
    size_t batch_max, requests_max;
    struct waiting_queue requests; /* those of any shard */
    size_t requests_waiting;       /* in all queues and works */
    int64_t chain_lag_max_ms;
    int64_t behind_ms[UPSTREAMS_MAX], worst_ms;
    int64_t refusals_from;                   /* monotonic ms; of keys, counted since then */
    uint32_t refusals_told, refusals_untold; /* lines in the journal, and those that were left out */
    int64_t turn_at, heads_at;               /* monotonic ms of the last rounds */
    bool connected, stopping;
    bool left; /* the mesh: nothing is begun any more, followers are told where to go */
    bool gone; /* nothing is served any more, whoever has it next */
    void *own; /* of the service: service->extra->open() */
};

/* loop_open.c: the parts, from settings. Refuses what cannot be opened; loop_close takes a half-open loop. */
MUST_CHECK int loop_open(struct service_loop *loop, struct reason *why);
void loop_close(struct service_loop *loop);
void loop_take_letters(struct service_loop *loop); /* from lanes, reader and mesh */

/* loop_turn.c: one turn, and how long the loop may wait for the next, in ms */
void loop_turn(struct service_loop *loop);
int loop_wait_ms(const struct service_loop *loop);

/* loop_shards.c: the mesh's view, and who may connect */
void loop_view(struct service_loop *loop, struct mesh_view *take_view);
/* Gives a few idle shards to replicas that have fewer, if we own more than our share. */
void loop_give_excess(struct service_loop *loop);
/* Before the end: followers that do not know yet where to go are sent to any other replica, which knows or will know. */
void loop_last_word(struct service_loop *loop);
uint16_t loop_stream_shard(const struct service_loop *loop, const char *stream);
bool loop_is_ours(void *context, bool is_public, const char *stream, struct moved *moved);
bool loop_may_follow(void *context, bool is_public, const char *user, const char *stream, struct reason *why);
bool loop_may_request(const struct service_loop *loop, const char *user, struct reason *why);
/* Before the first view every key would be refused: handshakes wait for it instead. */
bool loop_knows_keys(const struct service_loop *loop);
bool loop_zap_find(void *context, const struct zap_who *who, char user[WIRE_USER_MAX + 1]);

/* loop_requests.c: requests in, answers out */
void loop_packet(struct service_loop *loop, void *socket, struct packet *packet);
void loop_answer(struct service_loop *loop, struct asker *take_asker, const struct bytes *reply);
void loop_busy(struct service_loop *loop, struct asker *take_asker, uint64_t retry_after_ms);
/* Requests that wait for a lane since STUCK_MS while none can take them are answered busy. */
void loop_busy_waiting(struct service_loop *loop);

/* loop_works.c: feeding the lanes and taking works back */
void loop_received(void *context, struct followed *followed);
void loop_feed(struct service_loop *loop);
void loop_work_done(struct service_loop *loop, struct work *take_work);
/* loop_back.c: requests are answered, entries that are still pending go back to the front of the queue, in their order. */
void loop_take_back(struct service_loop *loop, struct lane_state *lane, struct work *work);
bool loop_idle(const struct service_loop *loop);

/* loop_reads.c: reads for followers and for HTTP */
void loop_read(void *context, const char *stream, uint64_t from, uint32_t count);
void loop_read_head(void *context, const char *stream);
void loop_read_start(void *context, const char *stream, int64_t from_at, uint64_t token);
void loop_load_mark(void *context, const char *stream, const char *group);
void loop_save_mark(void *context, const char *stream, const char *group, uint64_t mark);
void loop_advanced(void *context, const char *stream, uint64_t seq);
void loop_hinted(void *context, const char *stream, uint64_t head);
void loop_peer_opened(void *context);

/* common_settings.c: what every service can be told */
extern const struct setting common_settings[];
extern const size_t common_setting_count;

#endif
