#include "common/wire.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/wire_harness.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct pair { /* a ROUTER, and a DEALER whose key it knows */
    struct wire_bed bed;
    struct wire_keys server, client;
    void *router, *dealer;
    char endpoint[64];
};

static const struct hello hello = {.service = "routing", .member = 7, .protocol = 1};

static void open_pair(struct pair *pair) {
    bed_open(&pair->bed);
    wire_keys_make(&pair->server);
    wire_keys_make(&pair->client);
    bed_allow(&pair->bed, "mesh", &pair->client, "routing/7");
    pair->router = bed_router(&pair->bed, &pair->server, "mesh", pair->endpoint);
    pair->dealer = wire_dealer(pair->bed.zmq, &pair->client, pair->endpoint, pair->server.public_key);
    assert_non_null(pair->dealer);
}

static void close_pair(struct pair *pair) {
    wire_close(&pair->dealer);
    wire_close(&pair->router);
    assert_null(pair->router);
    wire_close(&pair->router);
    bed_close(&pair->bed);
}

static void read_packet(struct pair *pair, void *socket, struct packet *packet) {
    if (!bed_wait(&pair->bed, socket, PATIENCE_MS))
        fail_msg("nothing came");
    assert_int_equal(packet_read(packet, socket, socket == pair->router), 1);
}

/* Says hello, so that the ROUTER knows the way back. */
static struct wire_peer greet(struct pair *pair) {
    struct packet packet;
    assert_int_equal(wire_send(pair->dealer, NULL, MESSAGE_hello, &hello), 0);
    read_packet(pair, pair->router, &packet);
    struct wire_peer peer = packet.peer;
    packet_close(&packet);
    return peer;
}

static void a_known_key_comes_through_and_is_named(void **state) {
    struct pair pair;
    struct packet packet;
    struct hello got;
    size_t size;
    (void)state;
    open_pair(&pair);
    assert_int_equal(packet_read(&packet, pair.router, true), 0);
    assert_int_equal(wire_send(pair.dealer, NULL, MESSAGE_hello, &hello), 0);
    read_packet(&pair, pair.router, &packet);
    assert_string_equal(packet.user, "routing/7");
    assert_false(packet.has_frame);
    const uint8_t *data = packet_data(&packet, &size);
    assert_int_equal(message_decode(MESSAGE_hello, data, size, &got, NULL), 0);
    assert_string_equal(got.service, "routing");
    assert_int_equal(got.member, 7);
    assert_int_equal(wire_send(pair.router, &packet.peer, MESSAGE_head, &(struct head){.stream = "5", .seq = 9}), 0);
    packet_close(&packet);
    read_packet(&pair, pair.dealer, &packet);
    data = packet_data(&packet, &size);
    assert_int_equal(message_peek(data, size), MESSAGE_head);
    packet_close(&packet);
    assert_int_equal(packet_read(&packet, pair.dealer, false), 0);
    close_pair(&pair);
}

static void entries_travel_in_a_second_frame(void **state) {
    struct pair pair;
    struct packet packet;
    struct entries got, entries = {.stream = "5", .first = 41, .count = 2};
    size_t size;
    (void)state;
    open_pair(&pair);
    struct wire_peer peer = greet(&pair);
    for (size_t bytes = 3; bytes < 4000000; bytes *= 1000) {
        zmq_msg_t frame;
        zmq_msg_init_size(&frame, bytes);
        memset(zmq_msg_data(&frame), 'e', bytes);
        assert_int_equal(wire_send_frame(pair.router, &peer, &entries, &frame), 0);
        read_packet(&pair, pair.dealer, &packet);
        assert_true(packet.has_frame);
        const uint8_t *data = packet_data(&packet, &size);
        assert_int_equal(message_decode(MESSAGE_entries, data, size, &got, NULL), 0);
        assert_int_equal(got.first, 41);
        assert_int_equal(got.count, 2);
        assert_int_equal(zmq_msg_size(&packet.frame), bytes);
        assert_int_equal(((uint8_t *)zmq_msg_data(&packet.frame))[bytes - 1], 'e');
        packet_close(&packet);
        assert_false(packet.has_frame);
    }
    close_pair(&pair);
}

static void who_has_no_key_hears_nothing_and_is_not_heard(void **state) {
    struct pair pair;
    struct wire_keys stranger;
    (void)state;
    open_pair(&pair);
    wire_keys_make(&stranger);
    bed_allow(&pair.bed, "public", &stranger, "someone"); /* known, but at another door */
    const struct {
        const struct wire_keys *keys;
        const char *server_key;
    } cases[] = {
        {&stranger, pair.server.public_key},   /* nobody's key here */
        {&pair.client, stranger.public_key},   /* meant for another server */
        {&pair.server, pair.server.public_key} /* the server's own key is no client's */
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        void *dealer = wire_dealer(pair.bed.zmq, cases[i].keys, pair.endpoint, cases[i].server_key);
        assert_non_null(dealer);
        assert_int_equal(wire_send(dealer, NULL, MESSAGE_hello, &hello), 0);
        assert_false(bed_wait(&pair.bed, pair.router, QUIET_MS));
        assert_false(bed_wait(&pair.bed, dealer, 0));
        wire_close(&dealer);
    }
    void *plain = zmq_socket(pair.bed.zmq, ZMQ_DEALER); /* without CURVE */
    int none = 0;
    zmq_setsockopt(plain, ZMQ_LINGER, &none, sizeof none);
    assert_int_equal(zmq_connect(plain, pair.endpoint), 0);
    assert_int_equal(wire_send(plain, NULL, MESSAGE_hello, &hello), 0);
    assert_false(bed_wait(&pair.bed, pair.router, QUIET_MS));
    wire_close(&plain);
    (void)greet(&pair); /* all that did not harm who may */
    close_pair(&pair);
}

static void a_peer_that_is_gone_is_told(void **state) {
    struct pair pair;
    struct head head = {.seq = 1};
    (void)state;
    open_pair(&pair);
    struct wire_peer peer = greet(&pair), nobody = {.id = "nobody", .size = 6};
    assert_true(wire_peer_same(&peer, &peer));
    assert_false(wire_peer_same(&peer, &nobody));
    assert_int_equal(wire_send(pair.router, &nobody, MESSAGE_head, &head), -1);
    assert_int_equal(wire_send(pair.router, &peer, MESSAGE_head, &head), 0);
    wire_close(&pair.dealer);
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (wire_send(pair.router, &peer, MESSAGE_head, &head) == 0 && clock_monotonic_ms() < end)
        (void)bed_wait(&pair.bed, pair.router, 5);
    assert_int_equal(wire_send(pair.router, &peer, MESSAGE_head, &head), -1);
    zmq_msg_t frame; /* is taken all the same: the leak check would tell */
    zmq_msg_init_size(&frame, 100000);
    assert_int_equal(
        wire_send_frame(pair.router, &peer, &(struct entries){.stream = "5", .first = 1, .count = 1}, &frame), -1);
    close_pair(&pair);
}

static void packets_of_another_shape_are_dropped_whole(void **state) {
    static const struct { int frames, status; } cases[] = {{1, 1}, {2, 1}, {3, -1}, {4, -1}, {9, -1}};
    struct pair pair;
    (void)state;
    open_pair(&pair);
    (void)greet(&pair);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct packet packet;
        for (int frame = 0; frame < cases[i].frames; frame++)
            zmq_send(pair.dealer, "x", frame % 2, frame + 1 < cases[i].frames ? ZMQ_SNDMORE : 0);
        assert_true(bed_wait(&pair.bed, pair.router, PATIENCE_MS));
        assert_int_equal(packet_read(&packet, pair.router, true), cases[i].status);
        if (cases[i].status == 1)
            packet_close(&packet);
        (void)greet(&pair); /* the next packet starts where it should */
    }
    close_pair(&pair);
}

static void a_frame_beyond_the_limit_ends_its_connection(void **state) {
    static uint8_t large[5000];
    struct pair pair;
    struct wire_keys keys;
    struct packet packet;
    struct reason why;
    int port;
    char endpoint[64];
    (void)state;
    open_pair(&pair);
    wire_keys_make(&keys);
    struct wire_router_options options = {.keys = &keys, .host = "127.0.0.1", .domain = "mesh", .frame_max = 4096};
    void *narrow = wire_router(pair.bed.zmq, &options, &port, &why);
    assert_non_null(narrow);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    void *dealer = wire_dealer(pair.bed.zmq, &pair.client, endpoint, keys.public_key);
    zmq_send(dealer, large, 3000, 0);
    assert_true(bed_wait(&pair.bed, narrow, PATIENCE_MS));
    assert_int_equal(packet_read(&packet, narrow, true), 1);
    packet_close(&packet);
    zmq_send(dealer, large, sizeof large, 0);
    assert_false(bed_wait(&pair.bed, narrow, QUIET_MS));
    wire_close(&dealer);
    wire_close(&narrow);
    close_pair(&pair);
}

static void what_cannot_be_an_address_or_a_key_is_refused(void **state) {
    struct pair pair;
    struct reason why;
    int port;
    (void)state;
    open_pair(&pair);
    void *zmq = pair.bed.zmq;
    const char *key = pair.server.public_key;
    assert_null(wire_dealer(zmq, &pair.client, "nonsense", key));
    assert_null(wire_dealer(zmq, &pair.client, "", key));
    assert_null(wire_dealer(zmq, &pair.client, pair.endpoint, ""));
    assert_null(wire_dealer(zmq, &pair.client, pair.endpoint, "short"));
    assert_null(wire_dealer(zmq, &pair.client, pair.endpoint,
                            "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
                            "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""));
    struct wire_router_options taken = {.keys = &pair.server,
                                        .host = "127.0.0.1",
                                        .domain = "mesh",
                                        .port = atoi(strrchr(pair.endpoint, ':') + 1),
                                        .frame_max = 1000};
    assert_null(wire_router(zmq, &taken, &port, &why));
    assert_string_equal(why.field, pair.endpoint);
    close_pair(&pair);
}

static void a_key_file_has_both_keys_or_is_refused(void **state) {
#define P "public 0123456789012345678901234567890123456789\n"
#define S "secret abcdefghijabcdefghijabcdefghijabcdefghij\n"
    static const struct {
        const char *text;
        int status;
    } cases[] = {{P S, 0},
                 {S P, 0},
                 {"name x\n" P "unit y\n" S, 0},
                 {P, -1},
                 {S, -1},
                 {"", -1},
                 {P "secret short\n", -1},
                 {"public\n" S, -1},
                 {P "secret 01234567890123456789012345678901234567890\n", -1}};
    char path[] = "/tmp/zhitong_keys_XXXXXX";
    struct wire_keys keys;
    struct reason why;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, cases[i].text, strlen(cases[i].text), 0), strlen(cases[i].text));
        memset(&keys, 0, sizeof keys);
        assert_int_equal(wire_keys_read(&keys, path, &why), cases[i].status);
        if (cases[i].status == 0) {
            assert_string_equal(keys.public_key, "0123456789012345678901234567890123456789");
            assert_string_equal(keys.secret_key, "abcdefghijabcdefghijabcdefghijabcdefghij");
        } else {
            assert_string_equal(why.field, path);
            assert_string_equal(keys.public_key, ""); /* untouched */
        }
    }
    close(fd);
    unlink(path);
    assert_int_equal(wire_keys_read(&keys, path, &why), -1);
    assert_string_equal(why.field, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_comes_through_and_is_named),
        cmocka_unit_test(entries_travel_in_a_second_frame),
        cmocka_unit_test(who_has_no_key_hears_nothing_and_is_not_heard),
        cmocka_unit_test(a_peer_that_is_gone_is_told),
        cmocka_unit_test(packets_of_another_shape_are_dropped_whole),
        cmocka_unit_test(a_frame_beyond_the_limit_ends_its_connection),
        cmocka_unit_test(what_cannot_be_an_address_or_a_key_is_refused),
        cmocka_unit_test(a_key_file_has_both_keys_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
