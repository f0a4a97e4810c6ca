/* An owner of streams without a database: a publisher on real sockets, its table an array of bodies in memory, its reads
 * answered later, as the reader's thread would. Every entry says in "case" which seq it is. */
#ifndef ZHITONG_TESTS_PUBLISH_HARNESS_H
#define ZHITONG_TESTS_PUBLISH_HARNESS_H

#include <stdlib.h>

#include "common/publish.h"
#include "common/publish_parts.h"
#include "tests/unit/wire_harness.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define OWNER_STREAMS_MAX 4
#define READS_MAX 64
#define TAIL_BYTES_MAX 200000

struct owned_stream {
    char name[CODE_MAX + 1];
    uint64_t first, head; /* what the table holds; first 1 unless old entries were dropped */
    struct voids voids;
    size_t entry_bytes;
};

struct read_wanted {
    char stream[CODE_MAX + 1];
    uint64_t from;
    uint32_t count; /* 0: the head */
};

struct owner {
    struct wire_bed *bed;
    struct wire_keys keys;
    void *socket;
    char endpoint[64];
    struct publisher *publisher;
    struct owned_stream streams[OWNER_STREAMS_MAX];
    size_t stream_count;
    struct read_wanted reads[READS_MAX];
    size_t read_count;
    uint64_t entries_read;
    bool stalled;    /* reads are not answered for now */
    bool failing;    /* reads fail */
    bool is_public;  /* what its followers are told to be */
    bool gives_away; /* serves nothing: is_ours says where else */
    struct moved other;
    const char *revoked; /* this user may follow nothing */
    /* Of a harness with events: see publish_events.h. */
    uint64_t cases; /* 0: entries are as above; else case_moved of so many cases */
    struct start_wanted {
        char stream[CODE_MAX + 1];
        int64_t from_at;
        uint64_t token;
    } starts[READS_MAX];
    size_t start_count;
    bool load_wanted, save_wanted, marks_failing;
    bool mark_found;
    uint64_t mark, mark_to_save;
    int loads, saves;
};

static inline struct owned_stream *owner_stream(struct owner *owner, const char *name) {
    for (size_t i = 0; i < owner->stream_count; i++)
        if (strcmp(owner->streams[i].name, name) == 0)
            return &owner->streams[i];
    assert_true(owner->stream_count < OWNER_STREAMS_MAX);
    struct owned_stream *stream = &owner->streams[owner->stream_count++];
    snprintf(stream->name, sizeof stream->name, "%s", name);
    stream->first = 1;
    stream->head = 0;
    stream->entry_bytes = 100;
    return stream;
}

static inline void append_entry(struct bytes *out, uint64_t seq, size_t size) {
    static const uint8_t zeros[65536];
    uint8_t head[] = {0x82, 0xa4, 'c', 'a', 's', 'e', 0xcf, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1, 'p', 0xc5, 0, 0};
    size_t rest = size > sizeof head ? size - sizeof head : 0;
    for (int i = 0; i < 8; i++)
        head[7 + i] = (uint8_t)(seq >> (56 - 8 * i));
    head[18] = (uint8_t)(rest >> 8);
    head[19] = (uint8_t)rest;
    bytes_append(out, head, sizeof head);
    bytes_append(out, zeros, rest);
}

/* Entry SEQ of case SEQ % cases + 1, at SEQ seconds; every third one is red. */
static inline void append_moved(struct bytes *out, uint64_t seq, uint64_t cases) {
    struct case_moved moved = {.case_id = seq % cases + 1,
                               .version = seq,
                               .at = (int64_t)seq * 1000,
                               .move = "sign",
                               .from = "dispatched",
                               .state = "handling",
                               .tier = 1,
                               .unit = "works",
                               .actor = "li",
                               .channel = "app",
                               .item = "lamp",
                               .area = "north"};
    strcpy(moved.severity, seq % 3 == 0 ? "red" : "yellow");
    message_encode(MESSAGE_case_moved, &moved, out);
}

static inline bool owner_may_follow(void *context, bool is_public, const char *user, const char *stream,
                                    struct reason *why) {
    const struct owner *owner = context;
    assert_int_equal(is_public, owner->is_public);
    if (owner->revoked != NULL && strcmp(owner->revoked, user) == 0)
        return refuse(why, "key", "this key was revoked") == 0;
    if (strncmp(stream, "secret", 6) == 0)
        return refuse(why, "stream", "not for %s", user) == 0;
    return true;
}

static inline bool owner_is_ours(void *context, bool is_public, const char *stream, struct moved *moved) {
    const struct owner *owner = context;
    (void)is_public;
    (void)stream;
    if (owner->gives_away)
        *moved = owner->other;
    return !owner->gives_away;
}

static inline void owner_read(void *context, const char *stream, uint64_t from, uint32_t count) {
    struct owner *owner = context;
    assert_true(count <= READ_ENTRIES_MAX && owner->read_count < READS_MAX);
    struct read_wanted *wanted = &owner->reads[owner->read_count++];
    snprintf(wanted->stream, sizeof wanted->stream, "%s", stream);
    wanted->from = from;
    wanted->count = count;
}

static inline void owner_read_head(void *context, const char *stream) {
    owner_read(context, stream, 0, 0);
}

static inline void owner_open(struct owner *owner, struct wire_bed *bed) {
    *owner = (struct owner){.bed = bed};
    struct publisher_options options = {.context = owner,
                                        .tail_bytes_max = TAIL_BYTES_MAX,
                                        .may_follow = owner_may_follow,
                                        .is_ours = owner_is_ours,
                                        .read = owner_read,
                                        .read_head = owner_read_head};
    wire_keys_make(&owner->keys);
    owner->socket = bed_router(bed, &owner->keys, "mesh", owner->endpoint);
    owner->publisher = publisher_open(&options);
}

static inline void owner_close(struct owner *owner) {
    publisher_close(&owner->publisher);
    wire_close(&owner->socket);
}

/* The process died and another one listens at its place, with the same table. */
static inline void owner_restart(struct owner *owner) {
    struct publisher_options options = owner->publisher->options;
    struct wire_router_options at = {.keys = &owner->keys,
                                     .host = "127.0.0.1",
                                     .port = atoi(strrchr(owner->endpoint, ':') + 1),
                                     .domain = "mesh",
                                     .frame_max = WIRE_FRAME_MAX};
    struct reason why;
    int port;
    owner_close(owner);
    owner->read_count = 0;
    int64_t end = clock_monotonic_ms() + PATIENCE_MS; /* the old socket frees the port when its thread gets to it */
    do {
        (void)bed_wait(owner->bed, NULL, 10);
        owner->socket = wire_router(owner->bed->zmq, &at, &port, &why);
    } while (owner->socket == NULL && clock_monotonic_ms() < end);
    assert_non_null(owner->socket);
    owner->publisher = publisher_open(&options);
}

/* Commits so many entries more, in one chunk. */
static inline void owner_commit(struct owner *owner, const char *name, uint32_t count) {
    struct owned_stream *stream = owner_stream(owner, name);
    struct chunk *chunk = chunk_open(name, stream->head + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (owner->cases > 0)
            append_moved(&chunk->data, ++stream->head, owner->cases);
        else
            append_entry(&chunk->data, ++stream->head, stream->entry_bytes);
        chunk_mark(chunk);
    }
    publish_chunk(owner->publisher, chunk);
}

static inline void answer_read(struct owner *owner, const struct read_wanted *wanted) {
    static struct bytes bodies[READ_ENTRIES_MAX];
    const uint8_t *pointers[READ_ENTRIES_MAX];
    size_t sizes[READ_ENTRIES_MAX];
    const struct owned_stream *stream = owner_stream(owner, wanted->stream);
    uint64_t first = voids_going(&stream->voids, wanted->from > stream->first ? wanted->from : stream->first);
    struct read_rows rows = {.stream = wanted->stream, .from = wanted->from, .first = first, .failed = owner->failing};
    uint64_t end = first + wanted->count;
    while (!owner->failing && first + rows.count < end && first + rows.count <= stream->head &&
           voids_going(&stream->voids, first + rows.count) == first + rows.count) {
        if (owner->cases > 0)
            append_moved(&bodies[rows.count], first + rows.count, owner->cases);
        else
            append_entry(&bodies[rows.count], first + rows.count, stream->entry_bytes);
        pointers[rows.count] = bodies[rows.count].data;
        sizes[rows.count] = bodies[rows.count].size;
        rows.count++;
    }
    if (rows.count == 0)
        rows.first = 0;
    rows.bodies = pointers;
    rows.sizes = sizes;
    owner->entries_read += rows.count;
    publish_read_done(owner->publisher, &rows);
    for (uint32_t i = 0; i < rows.count; i++)
        bytes_close(&bodies[i]);
}

static inline void answer_start(struct owner *owner, const struct start_wanted *wanted) {
    const struct owned_stream *stream = owner_stream(owner, wanted->stream);
    uint64_t at = (uint64_t)(wanted->from_at + 999) / 1000;
    at = at < stream->first ? stream->first : at;
    struct stream_start start = {.stream = wanted->stream,
                                 .token = wanted->token,
                                 .head = stream->head,
                                 .first = stream->first,
                                 .at = at > stream->head ? stream->head + 1 : at,
                                 .voids = stream->voids,
                                 .failed = owner->failing};
    publish_started(owner->publisher, &start);
}

static inline void answer_marks(struct owner *owner) {
    const char *stream = owner->streams[0].name;
    if (owner->load_wanted) {
        struct group_mark loaded = {stream, "g", owner->mark, owner->mark_found, owner->marks_failing};
        owner->load_wanted = false;
        publish_mark_loaded(owner->publisher, &loaded);
    }
    if (owner->save_wanted) {
        struct group_mark saved = {stream, "g", owner->mark_to_save, false, owner->marks_failing};
        owner->save_wanted = false;
        if (!owner->marks_failing && (!owner->mark_found || owner->mark < saved.mark))
            owner->mark = saved.mark;
        owner->mark_found = owner->mark_found || !owner->marks_failing;
        publish_mark_saved(owner->publisher, &saved);
    }
}

/* Deals with what followers said and with the reads; never waits. */
static inline void owner_turn(struct owner *owner) {
    struct packet packet;
    struct publish_from from = {owner->socket, owner->is_public};
    zap_turn(owner->bed->zap, bed_find, owner->bed);
    while (packet_read(&packet, owner->socket, true) == 1) {
        size_t size;
        const uint8_t *data = packet_data(&packet, &size);
        publish_packet(owner->publisher, &from, &packet, message_peek(data, size));
        packet_close(&packet);
    }
    while (owner->read_count > 0 && !owner->stalled) {
        struct read_wanted wanted = owner->reads[0];
        memmove(owner->reads, owner->reads + 1, --owner->read_count * sizeof *owner->reads);
        if (wanted.count > 0)
            answer_read(owner, &wanted);
        else if (!owner->failing)
            publish_head(owner->publisher, wanted.stream, owner_stream(owner, wanted.stream)->head);
    }
    while (owner->start_count > 0 && !owner->stalled) {
        struct start_wanted wanted = owner->starts[0];
        memmove(owner->starts, owner->starts + 1, --owner->start_count * sizeof *owner->starts);
        answer_start(owner, &wanted);
    }
    answer_marks(owner);
    publish_marks_turn(owner->publisher);
    publish_held_turn(owner->publisher);
}

#endif
