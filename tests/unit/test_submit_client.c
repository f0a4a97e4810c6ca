/* A client of intake and several replicas: one that is not there, one that goes, some that say busy. */
#include "wire_harness.h"

#include "common/submit_client.h"

#define REPLICAS 2
#define SOON_MS 2000 /* less than the three seconds after which a report is sent again for want of an answer */
#define LONG_MS 60000

enum manner { ACCEPTS, SAYS_BUSY, SAYS_NOTHING };

struct replica {
    void *socket;
    char endpoint[64];
    enum manner manner;
    uint64_t busy_ms, heard;
};

struct stage {
    struct wire_bed bed;
    struct wire_keys keys, client_keys;
    struct replica replicas[REPLICAS];
    struct submit_client *client;
    uint64_t sent, accepted;
};

static void on_answer(void *context, const struct submit_answer *answer) {
    struct stage *stage = context;
    assert_true(answer->accepted);
    stage->accepted++;
}

static void open_stage(struct stage *stage) {
    memset(stage, 0, sizeof *stage);
    bed_open(&stage->bed);
    wire_keys_make(&stage->keys);
    wire_keys_make(&stage->client_keys);
    bed_allow(&stage->bed, "public", &stage->client_keys, "app");
    for (int i = 0; i < REPLICAS; i++)
        stage->replicas[i].socket = bed_router(&stage->bed, &stage->keys, "public", stage->replicas[i].endpoint);
}

static void connect_client(struct stage *stage) {
    char endpoints[200];
    struct reason why;
    snprintf(endpoints, sizeof endpoints, "%s,%s", stage->replicas[0].endpoint, stage->replicas[1].endpoint);
    const struct submit_options options = {.zmq = stage->bed.zmq,
                                           .keys = &stage->client_keys,
                                           .server_key = stage->keys.public_key,
                                           .endpoints = endpoints,
                                           .window = 100,
                                           .context = stage,
                                           .answered = on_answer};
    assert_int_equal(submit_client_open(&stage->client, &options, &why), 0);
}

static void close_stage(struct stage *stage) {
    submit_client_close(&stage->client);
    for (int i = 0; i < REPLICAS; i++)
        wire_close(&stage->replicas[i].socket);
    bed_close(&stage->bed);
}

static void answer(struct replica *replica, struct packet *packet) {
    struct submit report;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    assert_int_equal(message_decode(MESSAGE_submit, data, size, &report, NULL), 0);
    replica->heard++;
    if (replica->manner == ACCEPTS) {
        struct accepted accepted = {.case_id = 129};
        memcpy(accepted.key, report.key, sizeof accepted.key);
        assert_int_equal(wire_send(replica->socket, &packet->peer, MESSAGE_accepted, &accepted), 0);
    } else if (replica->manner == SAYS_BUSY) {
        struct busy busy = {.retry_after_ms = replica->busy_ms};
        memcpy(busy.key, report.key, sizeof busy.key);
        assert_int_equal(wire_send(replica->socket, &packet->peer, MESSAGE_busy, &busy), 0);
    }
}

static void turn(struct stage *stage) {
    (void)bed_wait(&stage->bed, NULL, 0);
    for (int i = 0; i < REPLICAS; i++) {
        struct packet packet;
        while (stage->replicas[i].socket != NULL && packet_read(&packet, stage->replicas[i].socket, true) == 1) {
            answer(&stage->replicas[i], &packet);
            packet_close(&packet);
        }
    }
    submit_client_turn(stage->client, 1);
}

static void send_reports(struct stage *stage, int count) {
    struct submit report = {.key = "", .channel = "app", .item = "lamp", .area = "north"};
    struct reason why;
    for (int i = 0; i < count; i++) {
        snprintf(report.key, sizeof report.key, "report-%d", (int)stage->sent);
        assert_int_equal(submit_client_send(stage->client, &report, stage->sent++, &why), 0);
    }
}

static void turn_for(struct stage *stage, int64_t milliseconds) {
    for (struct spell spell = spell_of(milliseconds); spell_lasts(&spell);)
        turn(stage);
}

static void turn_until_accepted(struct stage *stage) {
    for (struct spell spell = spell_of(SOON_MS); stage->accepted < stage->sent && spell_lasts(&spell);)
        turn(stage);
    assert_int_equal(stage->accepted, stage->sent);
}

static void reports_go_where_there_is_a_connection(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage);
    wire_close(&stage.replicas[0].socket);
    connect_client(&stage);
    send_reports(&stage, 20);
    turn_until_accepted(&stage);
    assert_int_equal(submit_client_counts(stage.client)->resent, 0);
    close_stage(&stage);
}

static void what_is_under_way_on_a_connection_that_is_lost_goes_to_the_next(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage);
    stage.replicas[0].manner = SAYS_NOTHING;
    connect_client(&stage);
    turn_for(&stage, QUIET_MS);
    send_reports(&stage, 10);
    turn_for(&stage, QUIET_MS);
    assert_true(stage.replicas[0].heard > 0 && stage.accepted < stage.sent);
    wire_close(&stage.replicas[0].socket);
    turn_for(&stage, QUIET_MS);
    send_reports(&stage, 2); /* one of them is for the lost one, whose turn it is */
    turn_until_accepted(&stage);
    assert_int_equal(submit_client_counts(stage.client)->resent, stage.replicas[0].heard);
    close_stage(&stage);
}

static void where_one_is_busy_another_is_asked_at_once(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage);
    stage.replicas[0].manner = SAYS_BUSY;
    stage.replicas[0].busy_ms = LONG_MS;
    connect_client(&stage);
    turn_for(&stage, QUIET_MS);
    send_reports(&stage, 20);
    turn_until_accepted(&stage);
    uint64_t asked = stage.replicas[0].heard;
    assert_true(asked > 0);
    send_reports(&stage, 20);
    turn_until_accepted(&stage);
    assert_int_equal(stage.replicas[0].heard, asked); /* it is left alone for as long as it said */
    close_stage(&stage);
}

static void when_all_are_busy_the_time_that_they_name_is_waited(void **state) {
    (void)state;
    struct stage stage;
    open_stage(&stage);
    for (int i = 0; i < REPLICAS; i++) {
        stage.replicas[i].manner = SAYS_BUSY;
        stage.replicas[i].busy_ms = LONG_MS;
    }
    connect_client(&stage);
    turn_for(&stage, QUIET_MS);
    send_reports(&stage, 5);
    turn_for(&stage, QUIET_MS);
    uint64_t busy = submit_client_counts(stage.client)->busy;
    assert_in_range(busy, 5, 5 * REPLICAS); /* no one is asked twice */
    assert_int_equal(stage.accepted, 0);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_go_where_there_is_a_connection),
        cmocka_unit_test(what_is_under_way_on_a_connection_that_is_lost_goes_to_the_next),
        cmocka_unit_test(where_one_is_busy_another_is_asked_at_once),
        cmocka_unit_test(when_all_are_busy_the_time_that_they_name_is_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
