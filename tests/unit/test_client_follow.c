/* libzhitong-follow against a server that sends what it should, what it may, and what no server sends. */
#include "tests/unit/client_harness.h"

#include <time.h>

static void begin(struct stage *stage, size_t servers, struct zhitong_follow_options options) {
    stage_open(stage, servers);
    follow_it(stage, options);
    go_on(stage, &stage->servers[0].follows, 1);
}

static void events_come_in_order_and_what_is_acknowledged_is_granted_anew(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 41, .credit = 10, .filter = "area=north"});
    assert_int_equal(server->follow.from, 41);
    assert_int_equal(server->follow.credit, 10);
    assert_string_equal(server->follow.filter, "area=north");
    assert_string_equal(server->follow.group, "");
    server_sends(server, 41, 10);
    for (uint64_t seq = 41; seq <= 50; seq++)
        hear_event(&stage, seq);
    assert_string_equal(stage.said.event.id, "50.1");
    assert_string_equal(stage.said.event.type, "zhitong.case.open");
    go_on(&stage, &server->credits, 1); /* we live, and nothing is done yet */
    assert_true(server->granted == 0 && server->applied == 0);
    zhitong_follow_ack(stage.follower, 44);
    zhitong_follow_ack(stage.follower, 9999); /* was not handed out: everything before it was */
    tell_done(&stage, server, 50, 10);
    stage_close(&stage);
}

static void a_new_connection_asks_from_where_the_caller_is(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1, .credit = 10});
    server_sends(server, 1, 4);
    hear_event(&stage, 1);
    hear_event(&stage, 2);
    struct refused unknown = {.field = "hello", .reason = "this connection is new"};
    server_says(server, MESSAGE_refused, &unknown);
    hear_event(&stage, 3);
    hear_event(&stage, 4);
    go_on(&stage, &server->follows, 2);
    assert_int_equal(server->follow.from, 5);
    assert_int_equal(server->follow.credit, 6); /* four are under way */
    zhitong_follow_ack(stage.follower, 2);
    server_says(server, MESSAGE_head, &(struct head){.stream = STREAM, .seq = 4});
    hear_word(&stage, ZHITONG_FOLLOW_CONNECTED);
    tell_done(&stage, server, 2, 2);
    stage_close(&stage);
}

static void what_is_left_out_moves_the_cursor(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    struct skip skip = {.stream = STREAM, .seq = 900};
    begin(&stage, 1, (struct zhitong_follow_options){.from_at = 1700000000000, .credit = 10});
    assert_int_equal(server->follow.from, 0);
    assert_int_equal(server->follow.from_at, 1700000000000);
    server_says(server, MESSAGE_skip, &skip);
    hear_word(&stage, ZHITONG_FOLLOW_SKIPPED);
    assert_int_equal(stage.said.seq, 900);
    server_sends(server, 901, 1);
    skip.seq = 910;
    server_says(server, MESSAGE_skip, &skip);
    server_sends(server, 911, 1);
    hear_event(&stage, 901);
    hear_word(&stage, ZHITONG_FOLLOW_SKIPPED);
    hear_event(&stage, 911);
    zhitong_follow_ack(stage.follower, 911);
    skip.seq = 100; /* behind us: nothing new */
    server_says(server, MESSAGE_skip, &skip);
    tell_done(&stage, server, 911, 2); /* a skip costs no credit */
    stage_close(&stage);
}

static void what_was_handed_out_before_is_passed_over_and_granted(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1, .credit = 10});
    server_sends(server, 1, 3);
    server_sends(server, 2, 3);
    for (uint64_t seq = 1; seq <= 4; seq++)
        hear_event(&stage, seq);
    tell_done(&stage, server, 0, 2);
    stage_close(&stage);
}

static void silence_leads_to_the_next_endpoint(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, 2, (struct zhitong_follow_options){.from = 1});
    hear_word(&stage, ZHITONG_FOLLOW_SILENT);
    assert_string_equal(stage.said.detail, stage.servers[0].endpoint);
    go_on(&stage, &stage.servers[1].follows, 1);
    server_sends(&stage.servers[1], 1, 1);
    hear_event(&stage, 1);
    stage_close(&stage);
}

static void a_caller_that_was_away_for_long_hears_what_waits_before_silence_is_judged(void **state) {
    (void)state;
    struct stage stage;
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1});
    server_sends(&stage.servers[0], 1, 1);
    hear_event(&stage, 1);
    server_sends(&stage.servers[0], 2, 1);
    struct timespec pause = {3, 300000000};
    nanosleep(&pause, NULL);
    assert_int_equal(hear(&stage, QUIET_MS), ZHITONG_FOLLOW_EVENT);
    stage_close(&stage);
}

static void a_move_is_followed_and_nobody_is_asked_again(void **state) {
    (void)state;
    struct stage stage;
    struct moved moved = {.stream = STREAM};
    begin(&stage, 2, (struct zhitong_follow_options){.from = 1});
    server_says(&stage.servers[0], MESSAGE_moved, &moved);
    hear_word(&stage, ZHITONG_FOLLOW_MOVED);
    assert_string_equal(stage.said.detail, "");
    go_on(&stage, &stage.servers[0].follows, 2);
    snprintf(moved.endpoint, sizeof moved.endpoint, "%s", stage.servers[1].endpoint);
    server_says(&stage.servers[0], MESSAGE_moved, &moved);
    hear_word(&stage, ZHITONG_FOLLOW_MOVED);
    assert_string_equal(stage.said.detail, stage.servers[1].endpoint);
    go_on(&stage, &stage.servers[1].follows, 1);
    server_sends(&stage.servers[1], 1, 1);
    hear_event(&stage, 1);
    stage_close(&stage);
}

static void what_is_gone_stops_until_the_caller_decides(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1});
    struct truncated truncated = {.stream = STREAM, .first = 9001};
    server_says(server, MESSAGE_truncated, &truncated);
    hear_word(&stage, ZHITONG_FOLLOW_TRUNCATED);
    assert_int_equal(stage.said.seq, 9001);
    assert_int_equal(hear(&stage, 2000), ZHITONG_FOLLOW_NOTHING);
    assert_int_equal(server->follows, 1);
    zhitong_follow_from(stage.follower, stage.said.seq == 0 ? 9001 : 0);
    go_on(&stage, &server->follows, 2);
    assert_int_equal(server->follow.from, 9001);
    stage_close(&stage);
}

/* Each says it of itself: a later one without it does not repeat the first one's. */
static void what_a_restore_has_undone_is_told_with_where_it_begins(void **state) {
    static const uint64_t voids[] = {41, 0, 77};
    (void)state;
    struct stage stage;
    begin(&stage, 1, (struct zhitong_follow_options){.from = 60});
    assert_int_equal(zhitong_follow_void_from(stage.follower), 0);
    for (size_t i = 0; i < LENGTH(voids); i++) {
        struct truncated truncated = {.stream = STREAM, .first = 1000000000001, .void_from = voids[i]};
        server_says(&stage.servers[0], MESSAGE_truncated, &truncated);
        hear_word(&stage, ZHITONG_FOLLOW_TRUNCATED);
        assert_int_equal(stage.said.seq, 1000000000001);
        assert_int_equal(zhitong_follow_void_from(stage.follower), voids[i]);
        zhitong_follow_from(stage.follower, stage.said.seq);
        go_on(&stage, &stage.servers[0].follows, (int)i + 2);
    }
    stage_close(&stage);
}

static void a_refusal_stops_and_says_field_and_reason(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1});
    struct refused refused = {.key = STREAM, .field = "key", .reason = "this key was revoked"};
    server_says(server, MESSAGE_refused, &refused);
    hear_word(&stage, ZHITONG_FOLLOW_REFUSED);
    assert_string_equal(stage.said.field, "key");
    assert_string_equal(stage.said.detail, "this key was revoked");
    assert_int_equal(hear(&stage, 2000), ZHITONG_FOLLOW_NOTHING);
    assert_int_equal(server->follows, 1);
    stage_close(&stage);
}

static void a_member_of_a_group_takes_what_it_is_dealt(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1, .credit = 10, .group = "night"});
    assert_string_equal(server->follow.group, "night");
    server_sends(server, 7, 1);
    server_sends(server, 12, 2);
    server_sends(server, 3, 1); /* of a member that died */
    const uint64_t seqs[] = {7, 12, 13, 3};
    for (size_t i = 0; i < LENGTH(seqs); i++)
        hear_event(&stage, seqs[i]);
    zhitong_follow_ack(stage.follower, 12);
    tell_done(&stage, server, 12, 2); /* 7 and 12, not 3 */
    zhitong_follow_ack(stage.follower, 3);
    tell_done(&stage, server, 3, 4);
    server_sends(server, 14, 1);
    hear_event(&stage, 14);
    struct refused slow = {.key = STREAM, .field = "silence", .reason = "nothing was heard for 10 s: follow again"};
    server_says(server, MESSAGE_refused, &slow);
    go_on(&stage, &server->follows, 2);
    assert_int_equal(server->follow.from, 1); /* where the group is knows the server */
    assert_int_equal(server->follow.credit, 10);
    zhitong_follow_ack(stage.follower, 14); /* is dealt anew, perhaps to another */
    assert_int_equal(hear(&stage, QUIET_MS), ZHITONG_FOLLOW_NOTHING);
    assert_int_equal(server->granted, 0);
    stage_close(&stage);
}

static void whoever_closes_tells_what_is_done_and_goes(void **state) {
    (void)state;
    struct stage stage;
    struct server *server = &stage.servers[0];
    begin(&stage, 1, (struct zhitong_follow_options){.from = 1, .group = "night"});
    server_sends(server, 1, 2);
    hear_event(&stage, 1);
    hear_event(&stage, 2);
    zhitong_follow_ack(stage.follower, 2);
    zhitong_follow_close(&stage.follower);
    for (int i = 0; i < 100 && server->unfollows == 0; i++)
        servers_turn(&stage);
    assert_int_equal(server->applied, 2);
    assert_int_equal(server->unfollows, 1);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order_and_what_is_acknowledged_is_granted_anew),
        cmocka_unit_test(a_new_connection_asks_from_where_the_caller_is),
        cmocka_unit_test(what_is_left_out_moves_the_cursor),
        cmocka_unit_test(what_was_handed_out_before_is_passed_over_and_granted),
        cmocka_unit_test(silence_leads_to_the_next_endpoint),
        cmocka_unit_test(a_caller_that_was_away_for_long_hears_what_waits_before_silence_is_judged),
        cmocka_unit_test(a_move_is_followed_and_nobody_is_asked_again),
        cmocka_unit_test(what_is_gone_stops_until_the_caller_decides),
        cmocka_unit_test(what_a_restore_has_undone_is_told_with_where_it_begins),
        cmocka_unit_test(a_refusal_stops_and_says_field_and_reason),
        cmocka_unit_test(a_member_of_a_group_takes_what_it_is_dealt),
        cmocka_unit_test(whoever_closes_tells_what_is_done_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
