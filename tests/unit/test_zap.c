#include "tests/unit/wire_harness.h"

#define FRAMES_MAX 12
#define FRAME_MAX 300

struct question {
    int count;
    const char *mechanism;
    int key_size;
    const char *status; /* that is answered */
};

/* RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
static void ask(void *socket, const struct question *question, const uint8_t key[32]) {
    static const char padding[FRAME_MAX] = "0";
    const char *texts[] = {"1.0", "id-1", "mesh", "127.0.0.1", "", question->mechanism};
    for (int i = 0; i < question->count; i++) {
        const void *data = i < 6 ? texts[i] : i == 6 ? (const void *)key : padding;
        size_t size = i < 6 ? strlen(texts[i]) : i == 6 ? (size_t)question->key_size : sizeof padding;
        assert_true(zmq_send(socket, data, size, i + 1 < question->count ? ZMQ_SNDMORE : 0) >= 0);
    }
}

static int hear(struct wire_bed *bed, void *socket, char frames[FRAMES_MAX][FRAME_MAX]) {
    int count = 0, more = 1;
    assert_true(bed_wait(bed, socket, PATIENCE_MS));
    while (more) {
        size_t length = sizeof more;
        int size = zmq_recv(socket, frames[count], FRAME_MAX - 1, 0);
        assert_true(size >= 0);
        frames[count++][size] = '\0';
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &length);
    }
    return count;
}

/* 300 closes the connection without a word, and the client knocks again: the key may only not be known yet. */
static void only_a_known_curve_key_is_let_in(void **state) {
    static const struct question questions[] = {
        {7, "CURVE", 32, "200"}, {7, "NULL", 32, "300"},  {7, "PLAIN", 32, "300"}, {7, "CURVE", 31, "300"},
        {7, "CURVE", 0, "300"},  {6, "CURVE", 0, "300"},  {8, "CURVE", 32, "300"}, {12, "CURVE", 32, "300"},
        {2, "CURVE", 0, "300"},  {7, "CURVE", 32, "200"}, /* nothing above spoiled it */
    };
    struct wire_bed bed;
    struct wire_keys keys;
    uint8_t key[32];
    (void)state;
    bed_open(&bed);
    wire_keys_make(&keys);
    zmq_z85_decode(key, keys.public_key);
    bed_allow(&bed, "mesh", &keys, "routing/7");
    void *socket = zmq_socket(bed.zmq, ZMQ_REQ);
    assert_int_equal(zmq_connect(socket, "inproc://zeromq.zap.01"), 0);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        char frames[FRAMES_MAX][FRAME_MAX];
        ask(socket, &questions[i], key);
        assert_int_equal(hear(&bed, socket, frames), 6);
        assert_string_equal(frames[0], "1.0");
        assert_string_equal(frames[1], "id-1"); /* the answer names its question */
        if (strcmp(frames[2], questions[i].status) != 0)
            fail_msg("question %zu: %s", i, frames[2]);
        assert_string_equal(frames[4], strcmp(frames[2], "200") == 0 ? "routing/7" : "");
    }
    wire_close(&socket);
    bed_close(&bed);
}

static void a_key_counts_in_its_own_domain_only(void **state) {
    static const struct question question = {7, "CURVE", 32, "300"};
    struct wire_bed bed;
    struct wire_keys keys;
    uint8_t key[32];
    char frames[FRAMES_MAX][FRAME_MAX];
    (void)state;
    bed_open(&bed);
    wire_keys_make(&keys);
    zmq_z85_decode(key, keys.public_key);
    bed_allow(&bed, "public", &keys, "t-centre");
    void *socket = zmq_socket(bed.zmq, ZMQ_REQ);
    assert_int_equal(zmq_connect(socket, "inproc://zeromq.zap.01"), 0);
    ask(socket, &question, key);
    assert_int_equal(hear(&bed, socket, frames), 6);
    assert_string_equal(frames[2], "300");
    key[31] ^= 1;
    ask(socket, &question, key);
    (void)hear(&bed, socket, frames);
    assert_string_equal(frames[2], "300");
    wire_close(&socket);
    bed_close(&bed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_known_curve_key_is_let_in),
        cmocka_unit_test(a_key_counts_in_its_own_domain_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
