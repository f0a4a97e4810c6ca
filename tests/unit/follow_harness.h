/* A follower of two replicas of one upstream, with a mesh_view made by hand. What arrives is held against what must come:
 * every shard's entries in order, each once. */
#ifndef ZHITONG_TESTS_FOLLOW_HARNESS_H
#define ZHITONG_TESTS_FOLLOW_HARNESS_H

#include "common/entry.h"
#include "common/follow.h"
#include "common/metrics.h"
#include "proto/guard.h"
#include "tests/unit/publish_harness.h"

#define OWNERS 2
#define SELF 10
#define TURN_MS 50 /* of both sides; faster than in service, to keep the tests short */

static const struct service follower_service = {.name = "routing", .upstreams = {"intake"}, .public_streams = true};

struct town {
    struct wire_bed bed;
    struct owner owners[OWNERS];
    struct wire_keys keys;
    struct follow_links *links;
    struct member members[OWNERS + 2];
    struct placement placement;
    struct mesh_view view;
    uint64_t received[SHARD_COUNT], applied[SHARD_COUNT];
    uint32_t window;
    bool stopped[SHARD_COUNT];
    bool applies; /* what is received is applied at once */
    bool quiet;   /* the owners do nothing */
    int64_t turned_at;
    char hinted[64];
    int peers_opened;
};

static inline void town_received(void *context, struct followed *followed) {
    struct town *town = context;
    uint16_t shard = followed->shard;
    const uint8_t *data = followed->entries;
    size_t size = followed->size;
    assert_int_equal(followed->upstream, 0);
    assert_false(town->stopped[shard]);
    assert_int_equal(followed->first, town->received[shard] + 1);
    for (uint32_t i = 0; i < followed->count; i++) {
        size_t length = guard_object_size(data, size);
        assert_int_equal(entry_case(data, length), ++town->received[shard]);
        data += length;
        size -= length;
    }
    assert_int_equal(size, 0);
    zmq_msg_close(followed->frame);
    if (town->received[shard] - town->applied[shard] > town->window)
        fail_msg("shard %u: %u entries under way, the window has %u", shard,
                 (unsigned)(town->received[shard] - town->applied[shard]), town->window);
}

static inline void town_hinted(void *context, const char *stream, uint64_t head) {
    struct town *town = context;
    snprintf(town->hinted, sizeof town->hinted, "%s %llu", stream, (unsigned long long)head);
}

static inline void town_peer_opened(void *context) {
    ((struct town *)context)->peers_opened++;
}

static inline struct member member_of(int32_t number, const char *service, const struct owner *owner) {
    struct member member = {.member = number};
    snprintf(member.service, sizeof member.service, "%s", service);
    snprintf(member.endpoint, sizeof member.endpoint, "%s", owner->endpoint);
    memcpy(member.curve_key, owner->keys.public_key, sizeof member.curve_key);
    return member;
}

/* Two replicas, members 1 and 2; member 1 owns every shard. */
static inline void town_open(struct town *town, uint32_t window) {
    memset(town, 0, sizeof *town);
    town->window = window;
    town->applies = true;
    bed_open(&town->bed);
    wire_keys_make(&town->keys);
    bed_allow(&town->bed, "mesh", &town->keys, "routing/10");
    for (int32_t i = 0; i < OWNERS; i++) {
        owner_open(&town->owners[i], &town->bed);
        town->members[i] = member_of(i + 1, "intake", &town->owners[i]);
    }
    strcpy(town->placement.service, "intake");
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        town->placement.owner[shard] = 1;
    town->view = (struct mesh_view){.connected = true,
                                    .self = SELF,
                                    .members = town->members,
                                    .member_count = OWNERS,
                                    .placements = &town->placement,
                                    .placement_count = 1};
    struct follow_options options = {.zmq = town->bed.zmq,
                                     .keys = &town->keys,
                                     .service = &follower_service,
                                     .window = window,
                                     .context = town,
                                     .received = town_received,
                                     .hinted = town_hinted,
                                     .peer_opened = town_peer_opened};
    town->links = follow_open(&options);
}

static inline void town_close(struct town *town) {
    follow_close(&town->links);
    for (int i = 0; i < OWNERS; i++)
        owner_close(&town->owners[i]);
    bed_close(&town->bed);
}

static inline void town_start(struct town *town, uint16_t shard, uint64_t cursor) {
    town->received[shard] = town->applied[shard] = cursor;
    town->stopped[shard] = false;
    follow_start(town->links, shard, &(struct cursors){.in_seq = {cursor}});
}

static inline void town_apply(struct town *town, uint16_t shard, uint64_t seq) {
    if (seq == town->applied[shard])
        return;
    town->applied[shard] = seq;
    follow_applied(town->links, shard, 0, seq);
}

static inline void town_step(struct town *town) {
    static const int64_t behind_ms[UPSTREAMS_MAX];
    void *sockets[8];
    zmq_pollitem_t poll[8 + OWNERS];
    int count = (int)follow_sockets(town->links, sockets, 8);
    for (int i = 0; i < count; i++)
        poll[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    for (int i = 0; i < OWNERS; i++)
        poll[count + i] = (zmq_pollitem_t){.socket = town->owners[i].socket, .events = ZMQ_POLLIN};
    zmq_poll(poll, count + OWNERS, 2);
    follow_read(town->links);
    for (uint16_t shard = 0; shard < SHARD_COUNT && town->applies; shard++)
        town_apply(town, shard, town->received[shard]);
    for (int i = 0; i < OWNERS && !town->quiet; i++)
        owner_turn(&town->owners[i]);
    if (clock_monotonic_ms() - town->turned_at < TURN_MS)
        return;
    town->turned_at = clock_monotonic_ms();
    follow_turn(town->links, behind_ms);
    for (int i = 0; i < OWNERS && !town->quiet; i++)
        publish_turn(town->owners[i].publisher);
}

static inline void town_run(struct town *town, int64_t milliseconds) {
    for (struct spell spell = spell_of(milliseconds); spell_lasts(&spell);)
        town_step(town);
}

/* Until the shard's entries up to seq have come, and no longer. */
static inline void town_hear(struct town *town, uint16_t shard, uint64_t seq) {
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; town->received[shard] < seq;) {
        town_step(town);
        if (clock_monotonic_ms() > end)
            fail_msg("shard %u: %llu came, %llu are missing", shard, (unsigned long long)town->received[shard],
                     (unsigned long long)(seq - town->received[shard]));
    }
    assert_int_equal(town->received[shard], seq);
}

#endif
