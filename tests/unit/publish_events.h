/* An owner of units' streams, whose followers get events, and followers that note what they hear. */
#ifndef ZHITONG_TESTS_PUBLISH_EVENTS_H
#define ZHITONG_TESTS_PUBLISH_EVENTS_H

#include "common/event.h"
#include "common/metrics.h"
#include "proto/guard.h"
#include "tests/unit/publish_harness.h"

#define UNIT "works"
#define HEARD_MAX 60000

struct stage {
    struct wire_bed bed;
    struct owner owner;
    struct wire_keys keys;
};

struct ear { /* one connection */
    struct owner *owner;
    void *socket;
    uint64_t seqs[HEARD_MAX], cases[HEARD_MAX];
    uint64_t count;
    uint64_t next; /* without a group: seq that must come now, 0: whichever */
    bool in_group;
    uint64_t skips, skipped_to, head;
    struct refused refused;
    struct truncated truncated;
    uint64_t refusals, cuts, moves;
};

static inline void owner_read_start(void *context, const char *stream, int64_t from_at, uint64_t token) {
    struct owner *owner = context;
    assert_true(owner->start_count < READS_MAX);
    struct start_wanted *wanted = &owner->starts[owner->start_count++];
    snprintf(wanted->stream, sizeof wanted->stream, "%s", stream);
    wanted->from_at = from_at;
    wanted->token = token;
}

static inline void owner_load_mark(void *context, const char *stream, const char *group) {
    struct owner *owner = context;
    assert_string_equal(stream, owner->streams[0].name);
    assert_string_equal(group, "g");
    assert_false(owner->load_wanted);
    owner->load_wanted = true;
    owner->loads++;
}

static inline void owner_save_mark(void *context, const char *stream, const char *group, uint64_t mark) {
    struct owner *owner = context;
    (void)stream;
    assert_string_equal(group, "g");
    assert_false(owner->save_wanted); /* one at a time */
    owner->save_wanted = true;
    owner->mark_to_save = mark;
    owner->saves++;
}

static inline void open_stage(struct stage *stage, uint64_t cases) {
    bed_open(&stage->bed);
    owner_open(&stage->owner, &stage->bed);
    stage->owner.is_public = true;
    stage->owner.cases = cases;
    struct publisher_options *options = &stage->owner.publisher->options;
    options->events = true;
    options->read_start = owner_read_start;
    options->load_mark = owner_load_mark;
    options->save_mark = owner_save_mark;
    (void)owner_stream(&stage->owner, UNIT);
    wire_keys_make(&stage->keys);
    bed_allow(&stage->bed, "mesh", &stage->keys, UNIT);
}

static inline void close_stage(struct stage *stage) {
    owner_close(&stage->owner);
    bed_close(&stage->bed);
}

static inline struct ear *ear_open(struct stage *stage) {
    struct ear *ear = calloc(1, sizeof *ear);
    assert_non_null(ear);
    ear->owner = &stage->owner;
    ear->socket = wire_dealer(stage->bed.zmq, &stage->keys, stage->owner.endpoint, stage->owner.keys.public_key);
    assert_non_null(ear->socket);
    return ear;
}

static inline void ear_close(struct ear *ear) {
    wire_close(&ear->socket);
    free(ear);
}

static inline void ear_follow(struct ear *ear, struct follow wanted) {
    strcpy(wanted.stream, UNIT);
    ear->next = wanted.from;
    ear->in_group = wanted.group[0] != '\0';
    assert_int_equal(wire_send(ear->socket, NULL, MESSAGE_follow, &wanted), 0);
}

static inline void ear_credit(struct ear *ear, uint64_t applied, uint64_t more) {
    struct credit credit = {.stream = UNIT, .applied = applied, .more = more};
    assert_int_equal(wire_send(ear->socket, NULL, MESSAGE_credit, &credit), 0);
}

/* No gap without a skip, and every entry the event that its seq says. */
static inline void take_events(struct ear *ear, struct packet *packet, const struct entries *entries) {
    size_t skip, size = zmq_msg_size(&packet->frame);
    const uint8_t *data = zmq_msg_data(&packet->frame);
    assert_int_equal(guard_array_count(data, size, &skip), entries->count);
    size_t at = skip;
    for (uint64_t seq = entries->first; seq < entries->first + entries->count; seq++) {
        struct event event;
        struct reason why;
        size_t length = guard_object_size(data + at, size - at);
        if (event_read(&event, data + at, length, &why) != 0)
            fail_msg("%s: %s", why.field, why.text);
        assert_int_equal(event.seq, seq);
        assert_string_equal(event.unit, UNIT);
        if (!ear->in_group && ear->next != 0)
            assert_int_equal(seq, ear->next);
        ear->next = seq + 1;
        assert_true(ear->count < HEARD_MAX);
        ear->seqs[ear->count] = seq;
        ear->cases[ear->count++] = strtoull(event.subject, NULL, 10);
        at += length;
    }
    assert_int_equal(at, size);
}

static inline void ear_take(struct ear *ear, struct packet *packet) {
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    struct entries entries;
    struct skip skip;
    struct head head;
    int status = 0;
    if (type == MESSAGE_entries) {
        status = message_decode(type, data, size, &entries, NULL);
        take_events(ear, packet, &entries);
    }
    if (type == MESSAGE_skip) {
        status = message_decode(type, data, size, &skip, NULL);
        assert_false(ear->in_group);
        ear->skipped_to = skip.seq;
        ear->next = skip.seq + 1;
        ear->skips++;
    }
    if (type == MESSAGE_head) {
        status = message_decode(type, data, size, &head, NULL);
        ear->head = head.stream[0] == '\0' ? ear->head : head.seq;
    }
    if (type == MESSAGE_refused)
        status = message_decode(type, data, size, &ear->refused, NULL);
    if (type == MESSAGE_truncated)
        status = message_decode(type, data, size, &ear->truncated, NULL);
    assert_int_equal(status, 0);
    ear->refusals += type == MESSAGE_refused;
    ear->cuts += type == MESSAGE_truncated;
    ear->moves += type == MESSAGE_moved;
}

/* The owner and all ears (a NULL-ended list) speak for so long, or until `enough` counts to its target. */
static inline void converse(struct ear *const *ears, int64_t milliseconds, const uint64_t *enough, uint64_t target) {
    struct spell spell = spell_of(milliseconds);
    while (!(enough != NULL && *enough >= target) && spell_lasts(&spell)) {
        owner_turn(ears[0]->owner);
        zmq_pollitem_t poll = {.socket = ears[0]->owner->socket, .events = ZMQ_POLLIN};
        zmq_poll(&poll, 1, 1);
        for (int i = 0; ears[i] != NULL; i++) {
            struct packet packet;
            while (packet_read(&packet, ears[i]->socket, false) == 1) {
                ear_take(ears[i], &packet);
                packet_close(&packet);
            }
        }
    }
}

static inline void hear(struct ear *ear, const uint64_t *enough, uint64_t target) {
    converse((struct ear *const[]){ear, NULL}, PATIENCE_MS, enough, target);
    assert_int_equal(*enough, target);
}

static inline void hear_nothing_more(struct ear *ear) {
    uint64_t before = ear->count;
    converse((struct ear *const[]){ear, NULL}, QUIET_MS, NULL, 0);
    assert_int_equal(ear->count, before);
}

#endif
