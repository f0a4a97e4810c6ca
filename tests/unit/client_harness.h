/* A server of streams that says what a test wants, and a follower of libzhitong-follow beside it. One thread: they take turns. */
#ifndef ZHITONG_TESTS_CLIENT_HARNESS_H
#define ZHITONG_TESTS_CLIENT_HARNESS_H

#include <msgpack.h>
#include <stdlib.h>

#include "clients/c/zhitong_follow.h"
#include "tests/unit/wire_harness.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define STREAM "north"
#define TURN_MS 5

struct server {
    void *socket;
    char endpoint[64];
    struct wire_peer peer; /* who followed last */
    struct follow follow;  /* what it asked for */
    int hellos, follows, credits, unfollows;
    uint64_t applied, granted; /* last applied; sum of more since the follow */
};

struct stage {
    struct wire_bed bed;
    struct wire_keys keys, department;
    struct server servers[2];
    size_t count;
    struct zhitong_follower *follower;
    struct zhitong_follow_said said;
};

static inline void stage_open(struct stage *stage, size_t servers) {
    memset(stage, 0, sizeof *stage);
    bed_open(&stage->bed);
    wire_keys_make(&stage->keys);
    wire_keys_make(&stage->department);
    bed_allow(&stage->bed, "public", &stage->department, "department");
    for (stage->count = 0; stage->count < servers; stage->count++)
        stage->servers[stage->count].socket = bed_router(&stage->bed, &stage->keys, "public",
                                                         stage->servers[stage->count].endpoint);
}

static inline void stage_close(struct stage *stage) {
    zhitong_follow_close(&stage->follower);
    for (size_t i = 0; i < stage->count; i++)
        wire_close(&stage->servers[i].socket);
    bed_close(&stage->bed);
}

static inline void follow_it(struct stage *stage, struct zhitong_follow_options options) {
    char endpoints[160] = "";
    const char *why = "";
    for (size_t i = 0; i < stage->count; i++)
        snprintf(endpoints + strlen(endpoints), sizeof endpoints - strlen(endpoints), "%s%s", i > 0 ? "," : "",
                 stage->servers[i].endpoint);
    options.endpoints = endpoints;
    options.stream = STREAM;
    memcpy(options.server_key, stage->keys.public_key, sizeof options.server_key);
    memcpy(options.public_key, stage->department.public_key, sizeof options.public_key);
    memcpy(options.secret_key, stage->department.secret_key, sizeof options.secret_key);
    stage->follower = zhitong_follow_open(&options, &why);
    if (stage->follower == NULL)
        fail_msg("%s", why);
}

static inline void take_packet(struct server *server, struct packet *packet) {
    union {
        struct hello hello;
        struct follow follow;
        struct credit credit;
        struct unfollow unfollow;
    } message;
    struct reason why;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    assert_int_equal(message_decode(type, data, size, &message, &why), 0);
    if (type == MESSAGE_hello)
        server->hellos++;
    if (type == MESSAGE_follow) {
        server->follow = message.follow;
        server->peer = packet->peer;
        server->follows++;
        server->granted = 0;
    }
    if (type == MESSAGE_credit) {
        server->credits++;
        server->applied = message.credit.applied;
        server->granted += message.credit.more;
    }
    if (type == MESSAGE_unfollow)
        server->unfollows++;
}

static inline void servers_turn(struct stage *stage) {
    for (size_t i = 0; i < stage->count; i++) {
        struct packet packet;
        (void)bed_wait(&stage->bed, stage->servers[i].socket, TURN_MS);
        while (stage->servers[i].socket != NULL && packet_read(&packet, stage->servers[i].socket, true) == 1) {
            take_packet(&stage->servers[i], &packet);
            packet_close(&packet);
        }
    }
}

/* The next thing that the follower says; NOTHING after so many ms. */
static inline enum zhitong_follow_word hear(struct stage *stage, int64_t milliseconds) {
    struct spell spell = spell_of(milliseconds);
    do {
        enum zhitong_follow_word word = zhitong_follow_next(stage->follower, &stage->said, TURN_MS);
        if (word != ZHITONG_FOLLOW_NOTHING)
            return word;
        servers_turn(stage);
    } while (spell_lasts(&spell));
    return ZHITONG_FOLLOW_NOTHING;
}

/* Until the follower says this; anything but CONNECTED and SILENT before it is a fault. */
static inline void hear_word(struct stage *stage, enum zhitong_follow_word wanted) {
    enum zhitong_follow_word word;
    do {
        word = hear(stage, PATIENCE_MS);
    } while (word != wanted && (word == ZHITONG_FOLLOW_CONNECTED || word == ZHITONG_FOLLOW_SILENT));
    assert_int_equal(word, wanted);
}

static inline void hear_event(struct stage *stage, uint64_t seq) {
    hear_word(stage, ZHITONG_FOLLOW_EVENT);
    assert_int_equal(stage->said.seq, seq);
}

/* Lets both go on until this number of the server's has reached the target; nothing may be said to the caller. */
static inline void go_on(struct stage *stage, const int *number, int target) {
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (*number < target && clock_monotonic_ms() < end) {
        enum zhitong_follow_word word = zhitong_follow_next(stage->follower, &stage->said, TURN_MS);
        assert_true(word == ZHITONG_FOLLOW_NOTHING || word == ZHITONG_FOLLOW_CONNECTED);
        servers_turn(stage);
    }
    assert_true(*number >= target);
}

/* Until the server has heard what was finished last, and was granted so much since the follow. */
static inline void tell_done(struct stage *stage, const struct server *server, uint64_t applied, uint64_t granted) {
    struct spell spell = spell_of(PATIENCE_MS);
    while ((server->applied != applied || server->granted < granted) && spell_lasts(&spell))
        assert_int_equal(hear(stage, TURN_MS), ZHITONG_FOLLOW_NOTHING);
    assert_int_equal(server->applied, applied);
    assert_int_equal(server->granted, granted);
}

/* ---- what the server says ------------------------------------------------------------------------------------------------ */

static inline void server_says(struct server *server, enum message type, const void *value) {
    assert_int_equal(wire_send(server->socket, &server->peer, type, value), 0);
}

static inline void put_pair(msgpack_packer *packer, const char *name, const char *text) {
    msgpack_pack_str(packer, strlen(name));
    msgpack_pack_str_body(packer, name, strlen(name));
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static inline void put_event(msgpack_packer *packer, uint64_t seq) {
    char id[32];
    snprintf(id, sizeof id, "%u.1", (unsigned)seq);
    msgpack_pack_map(packer, 7);
    put_pair(packer, "specversion", "1.0");
    put_pair(packer, "id", id);
    put_pair(packer, "source", "/zhitong/smallcity");
    put_pair(packer, "type", "zhitong.case.open");
    put_pair(packer, "subject", "7");
    put_pair(packer, "time", "2026-01-01T00:00:00.000Z");
    msgpack_pack_str(packer, 4);
    msgpack_pack_str_body(packer, "data", 4);
    msgpack_pack_map(packer, 1);
    put_pair(packer, "t", "case_moved");
}

/* Raw: a frame of the test's own under a header that says so many entries. */
static inline void server_sends_frame(struct server *server, struct entries header, const void *data, size_t size) {
    zmq_msg_t frame;
    zmq_msg_init_size(&frame, size);
    memcpy(zmq_msg_data(&frame), data, size);
    snprintf(header.stream, sizeof header.stream, "%s", STREAM);
    assert_int_equal(wire_send_frame(server->socket, &server->peer, &header, &frame), 0);
}

static inline void server_sends(struct server *server, uint64_t first, uint32_t count) {
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, count);
    for (uint32_t i = 0; i < count; i++)
        put_event(&packer, first + i);
    server_sends_frame(server, (struct entries){.first = first, .count = count}, buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
}

#endif
