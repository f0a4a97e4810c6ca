#include "common/publish.h"

#include "tests/unit/publish_listener.h"

static void replay_runs_into_live_without_a_gap(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 5000); /* before anybody followed: in the table only */
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 20000);
    for (int i = 0; i < 300; i++) { /* while the replay runs */
        owner_commit(&stage.owner, "5", 1 + (uint32_t)i % 7);
        hear(&listener, 1, NULL, 0);
    }
    hear_entries(&listener, owner_stream(&stage.owner, "5")->head);
    assert_true(stage.owner.entries_read >= 5000);
    assert_true(stage.owner.entries_read < listener.got); /* the last ones came from the ring */
    assert_true(listener.largest <= ENTRIES_PER_FRAME_MAX);
    assert_int_equal(metric_value(METRIC_followers), 1);
    wire_close(&listener.socket);
    close_stage(&stage);
    assert_int_equal(metric_value(METRIC_followers), 0);
}

static void who_keeps_up_costs_no_reads(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, FOLLOW_CREDIT_MAX);
    await_followers(&listener, 1);
    for (int i = 0; i < 200; i++) {
        owner_commit(&stage.owner, "5", 3);
        hear(&listener, 1, NULL, 0);
    }
    hear_entries(&listener, 600);
    owner_commit(&stage.owner, "5", 1);
    hear_entries(&listener, 601);
    assert_int_equal(stage.owner.entries_read, 0);
    assert_int_equal(publish_behind_ms(stage.owner.publisher, NULL), 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void streams_of_one_follower_do_not_mix(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage), other = listen_to(&stage);
    follow(&listener, "5", 1, 1000);
    follow(&other, "6", 3, 1000);
    await_followers(&listener, 2);
    owner_commit(&stage.owner, "5", 40);
    owner_commit(&stage.owner, "6", 50);
    owner_commit(&stage.owner, "7", 60);
    hear_entries(&listener, 40);
    hear_entries(&other, 48);
    hear(&listener, 20, NULL, 0);
    hear_entries(&listener, 40);
    wire_close(&listener.socket);
    wire_close(&other.socket);
    close_stage(&stage);
}

static void entries_of_any_size_fit_their_frames(void **state) {
    static const size_t sizes[] = {20, 3000, 60000};
    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        struct stage stage;
        open_stage(&stage);
        owner_stream(&stage.owner, "5")->entry_bytes = sizes[i];
        owner_commit(&stage.owner, "5", 100);
        struct listener listener = listen_to(&stage);
        follow(&listener, "5", 1, 5000);
        hear_entries(&listener, 100); /* from the table */
        owner_commit(&stage.owner, "5", 700);
        hear_entries(&listener, 800); /* from the ring */
        assert_int_equal(stage.owner.entries_read, 100);
        wire_close(&listener.socket);
        close_stage(&stage);
    }
}

/* ---- credit ------------------------------------------------------------------------------------------------------- */

static void no_more_is_sent_than_was_granted(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 3000);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 0);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.got, 0);
    srandom(3);
    while (listener.got < 4000) { /* the listener itself asserts at every frame */
        grant(&listener, "5", 1 + (uint64_t)random() % 600);
        if (owner_stream(&stage.owner, "5")->head < 4000)
            owner_commit(&stage.owner, "5", 100);
        uint64_t there = owner_stream(&stage.owner, "5")->head;
        hear_entries(&listener, listener.granted < there ? listener.granted : there);
        assert_true(stage.owner.entries_read <= listener.granted); /* nor read */
    }
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void a_slow_follower_costs_reads_but_no_memory(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 100);
    await_followers(&listener, 1);
    for (int i = 0; i < 300; i++) {
        owner_commit(&stage.owner, "5", 100);
        assert_true(stage.owner.publisher->tail.bytes <= TAIL_BYTES_MAX);
        owner_turn(&stage.owner);
        assert_true(stage.owner.read_count <= 1);
    }
    hear_entries(&listener, 100);
    assert_true(stage.owner.entries_read == 0); /* nothing is read ahead of credit */
    (void)bed_wait(&stage.bed, NULL, 20);
    assert_true(publish_behind_ms(stage.owner.publisher, NULL) >= 20);
    grant(&listener, "5", 30000);
    hear_entries(&listener, 30000);
    assert_true(stage.owner.entries_read > 20000);
    assert_int_equal(publish_behind_ms(stage.owner.publisher, NULL), 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

/* Followers that come and go on one stream while another's follower stands still. */
static void followers_that_come_and_go_leave_nothing_behind(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener quiet = listen_to(&stage), listener = listen_to(&stage);
    follow(&quiet, "6", 1, 10);
    await_followers(&quiet, 1);
    owner_commit(&stage.owner, "6", 1);
    for (int i = 0; i < 100; i++) {
        uint64_t head = owner_stream(&stage.owner, "5")->head;
        follow(&listener, "5", head + 1, 100);
        hear(&listener, 3, NULL, 0);
        owner_commit(&stage.owner, "5", 10);
        hear_entries(&listener, 10);
        wire_send(listener.socket, NULL, MESSAGE_unfollow, &(struct unfollow){.stream = "5"});
        await_followers(&listener, 1);
        assert_true(stage.owner.publisher->tail.bytes <= TAIL_BYTES_MAX);
    }
    owner_commit(&stage.owner, "5", 10); /* nobody follows any more */
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.got, 10);
    assert_int_equal(metric_value(METRIC_followers), 1);
    wire_close(&quiet.socket);
    wire_close(&listener.socket);
    close_stage(&stage);
}

/* ---- heads, and reads that fail -------------------------------------------------------------------------------------- */

static void followers_hear_heads_and_that_the_owner_lives(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 7);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 8, 0);
    hear(&listener, QUIET_MS, NULL, 0);
    publish_turn(stage.owner.publisher);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.head, 7);
    int alive = listener.alive;
    publish_turn(stage.owner.publisher);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.alive, alive + 1);
    assert_int_equal(wire_send(listener.socket, NULL, MESSAGE_hello, &(struct hello){.service = "x", .protocol = 1}),
                     0);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.alive, alive + 2); /* a greeting is answered at once */
    wire_close(&listener.socket);
    close_stage(&stage);
}

/* Also on a quiet stream whose head is known for long: who follows from the end learns from it where the end is. */
static void whoever_follows_is_told_the_head(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 7);
    struct listener first = listen_to(&stage), second = listen_to(&stage);
    follow(&first, "5", 8, 10);
    hear(&first, QUIET_MS, NULL, 0);
    publish_turn(stage.owner.publisher);
    hear(&first, PATIENCE_MS, &first.head, 7);
    follow(&second, "5", 1, 0);
    hear(&second, PATIENCE_MS, &second.head, 7);
    assert_int_equal(second.head, 7);
    assert_int_equal(second.got, 0);
    wire_close(&first.socket);
    wire_close(&second.socket);
    close_stage(&stage);
}

static void a_read_that_fails_is_tried_again(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 100);
    stage.owner.failing = true;
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 1000);
    for (int i = 0; i < 5; i++) {
        hear(&listener, 20, NULL, 0);
        publish_turn(stage.owner.publisher);
    }
    assert_int_equal(listener.got, 0);
    stage.owner.failing = false;
    publish_turn(stage.owner.publisher);
    hear_entries(&listener, 100);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void following_anew_while_a_read_is_under_way_starts_where_it_says(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 3000);
    stage.owner.stalled = true;
    publish_head(stage.owner.publisher, "5", 3000);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 5000);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(stage.owner.read_count, 1);
    follow(&listener, "5", 2900, 5000); /* replaces the first */
    hear(&listener, QUIET_MS, NULL, 0);
    stage.owner.stalled = false;
    hear_entries(&listener, 101);
    follow(&listener, "5", 1, 5000); /* and back */
    hear_entries(&listener, 3000);
    wire_close(&listener.socket);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_runs_into_live_without_a_gap),
        cmocka_unit_test(who_keeps_up_costs_no_reads),
        cmocka_unit_test(streams_of_one_follower_do_not_mix),
        cmocka_unit_test(entries_of_any_size_fit_their_frames),
        cmocka_unit_test(no_more_is_sent_than_was_granted),
        cmocka_unit_test(a_slow_follower_costs_reads_but_no_memory),
        cmocka_unit_test(followers_that_come_and_go_leave_nothing_behind),
        cmocka_unit_test(followers_hear_heads_and_that_the_owner_lives),
        cmocka_unit_test(whoever_follows_is_told_the_head),
        cmocka_unit_test(a_read_that_fails_is_tried_again),
        cmocka_unit_test(following_anew_while_a_read_is_under_way_starts_where_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
