/* libzhitong-follow against servers that lie, options that cannot be, and cursor files that hold no seq. */
#include "tests/unit/client_harness.h"

#include <unistd.h>

#define BYTES(text) text, sizeof(text) - 1

static void begin(struct stage *stage, struct zhitong_follow_options options) {
    stage_open(stage, 1);
    follow_it(stage, options);
    go_on(stage, &stage->servers[0].follows, 1);
}

/* After each the follower is there again within seconds, and nothing of the frame was handed out. */
static void a_frame_that_lies_ends_its_connection_and_nothing_of_it_is_handed_out(void **state) {
    (void)state;
    static const struct {
        uint64_t first, count;
        const char *bytes;
        size_t size;
    } rows[] = {
        {1, 1, BYTES("\xdd\xdd\xdd\xdd\xdd\x7a")},
        {1, 1, BYTES("\x91\xdf\xff\xff\xff\xff")},
        {1, 1, BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01")},
        {1, 1, BYTES("\x91\x01")},     /* an entry that is no event */
        {1, 1, BYTES("\x91\x80")},     /* an event without attributes */
        {1, 1, BYTES("\x92\x80\x80")}, /* two under a header that says one */
        {1, 1, BYTES("\x91\x80\x80")}, /* something behind it */
        {1, 1, BYTES("")},
        {2, 1, BYTES("\x91\x80")},             /* a gap */
        {1, 4, BYTES("\x94\x80\x80\x80\x80")}, /* more than was granted */
    };
    struct stage stage;
    begin(&stage, (struct zhitong_follow_options){.from = 1, .credit = 3});
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct entries header = {.first = rows[i].first, .count = rows[i].count};
        int follows = stage.servers[0].follows;
        server_sends_frame(&stage.servers[0], header, rows[i].bytes, rows[i].size);
        hear_word(&stage, ZHITONG_FOLLOW_BROKEN);
        assert_string_equal(stage.said.detail, stage.servers[0].endpoint);
        go_on(&stage, &stage.servers[0].follows, follows + 1);
        assert_int_equal(stage.servers[0].follow.from, 1);
    }
    server_sends(&stage.servers[0], 1, 1);
    hear_event(&stage, 1);
    stage_close(&stage);
}

static void say_raw(struct server *server, const char *bytes, size_t size) {
    zmq_send(server->socket, server->peer.id, server->peer.size, ZMQ_SNDMORE);
    zmq_send(server->socket, bytes, size, 0);
}

static void a_header_that_is_none_ends_its_connection(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {BYTES("\xdf\xff\xff\xff\xff")},
        {BYTES("hello")},
        {BYTES("")},
        {BYTES("\x84\xa1t\xa7"
               "entries\xa6stream\xa5north\xa5"
               "first\x01\xa5"
               "count\x01")}, /* entries without a frame */
    };
    struct stage stage;
    begin(&stage, (struct zhitong_follow_options){.from = 1});
    for (size_t i = 0; i < LENGTH(rows); i++) {
        int follows = stage.servers[0].follows;
        say_raw(&stage.servers[0], rows[i].bytes, rows[i].size);
        hear_word(&stage, ZHITONG_FOLLOW_BROKEN);
        go_on(&stage, &stage.servers[0].follows, follows + 1);
    }
    stage_close(&stage);
}

/* A server that sends without end what has nothing for the caller does not keep the caller. */
static void a_flood_of_heads_does_not_keep_the_caller(void **state) {
    (void)state;
    struct stage stage;
    struct head head = {.stream = STREAM, .seq = 5};
    begin(&stage, (struct zhitong_follow_options){.from = 6, .credit = 2});
    for (int i = 0; i < 3000; i++)
        (void)wire_send(stage.servers[0].socket, &stage.servers[0].peer, MESSAGE_head, &head);
    int64_t began = clock_monotonic_ms();
    for (int i = 0; i < 4; i++) {
        enum zhitong_follow_word word = zhitong_follow_next(stage.follower, &stage.said, 10);
        assert_true(word == ZHITONG_FOLLOW_NOTHING || word == ZHITONG_FOLLOW_CONNECTED);
    }
    assert_true(clock_monotonic_ms() - began < 10000); /* not kept; but others may run on this machine */
    assert_int_equal(zhitong_follow_head(stage.follower), 5);
    stage_close(&stage);
}

static void options_that_cannot_be_are_refused(void **state) {
    (void)state;
    struct wire_keys keys;
    char long_text[500];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    wire_keys_make(&keys);
    const struct {
        struct zhitong_follow_options options;
        const char *why;
    } rows[] = {
        {{.stream = "n"}, "endpoints"},
        {{.stream = "n", .endpoints = ""}, "endpoints"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1,,tcp://127.0.0.1:2"}, "endpoints"},
        {{.stream = "n", .endpoints = long_text}, "endpoints"},
        {{.stream = "n", .endpoints = "nonsense"}, "endpoints"},
        {{.endpoints = "tcp://127.0.0.1:1"}, "stream"},
        {{.stream = long_text, .endpoints = "tcp://127.0.0.1:1"}, "stream"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1", .filter = long_text}, "filter"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1", .group = long_text}, "group"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1", .credit = 1}, "credit"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1", .credit = 10001}, "credit"},
        {{.stream = "n", .endpoints = "tcp://127.0.0.1:1", .from = 1, .from_at = 1}, "from_at"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct zhitong_follow_options options = rows[i].options;
        const char *why = "";
        memcpy(options.server_key, keys.public_key, sizeof options.server_key);
        memcpy(options.public_key, keys.public_key, sizeof options.public_key);
        memcpy(options.secret_key, keys.secret_key, sizeof options.secret_key);
        assert_null(zhitong_follow_open(&options, &why));
        assert_non_null(strstr(why, rows[i].why));
    }
    struct zhitong_follow_options keyless = {.stream = "n", .endpoints = "tcp://127.0.0.1:1"};
    assert_null(zhitong_follow_open(&keyless, NULL));
}

static void a_cursor_is_read_as_it_was_written_or_not_at_all(void **state) {
    (void)state;
    static const char *const bad[] = {"", "12", "x\n", "-\n", "99999999999999999999999\n"};
    char folder[] = "/tmp/zhitong-cursor.XXXXXX", path[64], temporary[80];
    uint64_t seq = 7;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/cursor", folder);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    assert_int_equal(zhitong_cursor_read(path, &seq), 0);
    assert_int_equal(seq, 7);
    assert_int_equal(zhitong_cursor_write(path, UINT64_MAX), 0);
    assert_int_equal(zhitong_cursor_read(path, &seq), 1);
    assert_true(seq == UINT64_MAX);
    assert_int_equal(access(temporary, F_OK), -1);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        FILE *file = fopen(path, "w");
        fputs(bad[i], file);
        fclose(file);
        seq = 7;
        assert_int_equal(zhitong_cursor_read(path, &seq), -1);
        assert_int_equal(seq, 7);
    }
    assert_int_equal(zhitong_cursor_write("/nowhere/at/all", 1), -1);
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_that_lies_ends_its_connection_and_nothing_of_it_is_handed_out),
        cmocka_unit_test(a_header_that_is_none_ends_its_connection),
        cmocka_unit_test(a_flood_of_heads_does_not_keep_the_caller),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(a_cursor_is_read_as_it_was_written_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
