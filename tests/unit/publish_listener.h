/* A follower that does by hand what it is told, and holds every entry against what may come: no gap, no double, never
 * more than was granted. */
#ifndef ZHITONG_TESTS_PUBLISH_LISTENER_H
#define ZHITONG_TESTS_PUBLISH_LISTENER_H

#include "common/entry.h"
#include "common/metrics.h"
#include "proto/guard.h"
#include "tests/unit/publish_harness.h"

struct listener {
    struct owner *owner;
    void *socket;
    uint64_t next;    /* seq that must come next */
    uint64_t got;     /* entries in all */
    uint64_t granted; /* in all */
    size_t largest;   /* entries in one frame */
    uint64_t head;
    int alive; /* heads without a stream */
    struct moved moved;
    struct truncated truncated;
    struct refused refused;
    int moves, cuts, refusals;
};

struct stage {
    struct wire_bed bed;
    struct owner owner;
    struct wire_keys keys;
};

static inline void open_stage(struct stage *stage) {
    bed_open(&stage->bed);
    owner_open(&stage->owner, &stage->bed);
    wire_keys_make(&stage->keys);
    bed_allow(&stage->bed, "mesh", &stage->keys, "routing/7");
}

static inline void close_stage(struct stage *stage) {
    owner_close(&stage->owner);
    bed_close(&stage->bed);
}

static inline struct listener listen_to(struct stage *stage) {
    struct listener listener = {.owner = &stage->owner};
    listener.socket = wire_dealer(stage->bed.zmq, &stage->keys, stage->owner.endpoint, stage->owner.keys.public_key);
    assert_non_null(listener.socket);
    return listener;
}

static inline void follow(struct listener *listener, const char *stream, uint64_t from, uint64_t credit) {
    struct follow wanted = {.from = from, .credit = credit};
    strcpy(wanted.stream, stream);
    listener->next = from;
    listener->got = 0;
    listener->granted = credit;
    assert_int_equal(wire_send(listener->socket, NULL, MESSAGE_follow, &wanted), 0);
}

static inline void grant(struct listener *listener, const char *stream, uint64_t more) {
    struct credit credit = {.applied = listener->next - 1, .more = more};
    strcpy(credit.stream, stream);
    listener->granted += more;
    assert_int_equal(wire_send(listener->socket, NULL, MESSAGE_credit, &credit), 0);
}

/* No gap, no double, every entry the one that its seq says. */
static inline void take_entries(struct listener *listener, struct packet *packet, const struct entries *entries) {
    assert_true(packet->has_frame);
    size_t skip, size = zmq_msg_size(&packet->frame);
    const uint8_t *data = zmq_msg_data(&packet->frame);
    assert_int_equal(guard_array_count(data, size, &skip), entries->count);
    assert_int_equal(entries->first, listener->next);
    assert_true(size <= FRAME_BYTES_MAX + 3 || entries->count == 1);
    size_t at = skip;
    for (uint64_t i = 0; i < entries->count; i++) {
        size_t length = guard_object_size(data + at, size - at);
        assert_int_equal(entry_case(data + at, length), listener->next++);
        at += length;
    }
    assert_int_equal(at, size);
    listener->got += entries->count;
    listener->largest = entries->count > listener->largest ? entries->count : listener->largest;
    assert_true(listener->got <= listener->granted);
}

static inline void take_packet(struct listener *listener, struct packet *packet) {
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    struct head head;
    struct entries entries;
    int status = 0;
    if (type == MESSAGE_entries) {
        status = message_decode(type, data, size, &entries, NULL);
        take_entries(listener, packet, &entries);
    }
    if (type == MESSAGE_head) {
        status = message_decode(type, data, size, &head, NULL);
        listener->alive += head.stream[0] == '\0';
        listener->head = head.stream[0] == '\0' ? listener->head : head.seq;
    }
    if (type == MESSAGE_moved)
        status = message_decode(type, data, size, &listener->moved, NULL);
    if (type == MESSAGE_truncated)
        status = message_decode(type, data, size, &listener->truncated, NULL);
    if (type == MESSAGE_refused)
        status = message_decode(type, data, size, &listener->refused, NULL);
    assert_int_equal(status, 0);
    listener->moves += type == MESSAGE_moved;
    listener->cuts += type == MESSAGE_truncated;
    listener->refusals += type == MESSAGE_refused;
}

/* What owner and followers say to each other within the time, or until `enough` counts to its target. */
static inline void hear(struct listener *listener, int64_t milliseconds, const uint64_t *enough, uint64_t target) {
    struct spell spell = spell_of(milliseconds);
    while (!(enough != NULL && *enough >= target) && spell_lasts(&spell)) {
        struct packet packet;
        owner_turn(listener->owner);
        zmq_pollitem_t poll[] = {{.socket = listener->socket, .events = ZMQ_POLLIN},
                                 {.socket = listener->owner->socket, .events = ZMQ_POLLIN}};
        zmq_poll(poll, 2, 2);
        while (packet_read(&packet, listener->socket, false) == 1) {
            take_packet(listener, &packet);
            packet_close(&packet);
        }
    }
}

static inline void hear_entries(struct listener *listener, uint64_t target) {
    hear(listener, PATIENCE_MS, &listener->got, target);
    if (listener->got != target)
        fail_msg("%llu entries came, not %llu", (unsigned long long)listener->got, (unsigned long long)target);
}

/* Until the owner has taken so many follows, all together. */
static inline void await_followers(struct listener *listener, long long count) {
    for (struct spell spell = spell_of(PATIENCE_MS); metric_value(METRIC_followers) != count && spell_lasts(&spell);)
        hear(listener, 2, NULL, 0);
    assert_int_equal(metric_value(METRIC_followers), count);
}

static inline void hear_word(struct listener *listener, const int *word) {
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; *word == 0 && clock_monotonic_ms() < end;)
        hear(listener, 5, NULL, 0);
    assert_int_equal(*word, 1);
}

#endif
