/* A follow may come a moment before its new owner knows that the stream is its own. */
#include "common/publish.h"

#include "common/publish_parts.h"
#include "tests/unit/publish_listener.h"

#define LONG_MS 60000
#define SHORT_MS 60

static void stage_elsewhere(struct stage *stage, int64_t hold_ms) {
    open_stage(stage);
    stage->owner.publisher->options.hold_ms = hold_ms;
    owner_commit(&stage->owner, "5", 3);
    stage->owner.gives_away = true;
    strcpy(stage->owner.other.endpoint, "tcp://127.0.0.1:7");
}

static void drop_all_followers(struct publisher *publisher) {
    for (size_t i = 0; i < FOLLOWER_BUCKETS; i++)
        while (publisher->followers[i] != NULL)
            follower_drop(publisher, publisher->followers[i]);
}

static void view_says_ours(struct stage *stage) {
    stage->owner.gives_away = false;
    publish_recheck(stage->owner.publisher);
}

/* Until everything that the listener said has arrived: the word behind it is answered at once. */
static void hear_answer(struct listener *listener) {
    const struct hello hello = {.service = "routing", .member = 7, .protocol = 1};
    listener->alive = 0;
    assert_int_equal(wire_send(listener->socket, NULL, MESSAGE_hello, &hello), 0);
    hear_word(listener, &listener->alive);
}

static void who_comes_before_the_stream_does_waits_for_it(void **state) {
    struct stage stage;
    (void)state;
    stage_elsewhere(&stage, LONG_MS);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    hear_answer(&listener);
    assert_int_equal(stage.owner.publisher->held_count, 1);
    publish_recheck(stage.owner.publisher); /* a view that changes nothing for it */
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.moves, 0);
    view_says_ours(&stage);
    hear_entries(&listener, 3);
    assert_int_equal(listener.moves, 0);
    assert_int_equal(stage.owner.publisher->held_count, 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void who_waits_in_vain_is_sent_on(void **state) {
    struct stage stage;
    (void)state;
    stage_elsewhere(&stage, SHORT_MS);
    struct listener listener = listen_to(&stage);
    int64_t began = clock_monotonic_ms();
    follow(&listener, "5", 1, 10);
    hear_word(&listener, &listener.moves);
    assert_true(clock_monotonic_ms() - began >= SHORT_MS);
    assert_string_equal(listener.moved.endpoint, "tcp://127.0.0.1:7");
    assert_int_equal(stage.owner.publisher->held_count, 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void what_nobody_has_begins_at_once(void **state) {
    struct stage stage;
    (void)state;
    stage_elsewhere(&stage, 0);
    stage.owner.other.endpoint[0] = '\0'; /* it was released, and no other has claimed it */
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    hear_entries(&listener, 3);
    assert_int_equal(listener.moves, 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

/* What is said while it waits counts: credit is added, another follow takes its place, and who goes away does not wait. */
static void a_follow_that_waits_hears_what_else_is_said(void **state) {
    enum { MORE, AGAIN, UNFOLLOW, GONE, WAYS };
    (void)state;
    for (int way = 0; way < WAYS; way++) {
        struct stage stage;
        stage_elsewhere(&stage, LONG_MS);
        struct listener listener = listen_to(&stage);
        const struct unfollow unfollow = {.stream = "5"};
        struct publisher *publisher = stage.owner.publisher;
        follow(&listener, "5", 1, 2);
        if (way == MORE)
            grant(&listener, "5", 1);
        if (way == AGAIN)
            follow(&listener, "5", 2, 2);
        if (way == UNFOLLOW)
            assert_int_equal(wire_send(listener.socket, NULL, MESSAGE_unfollow, &unfollow), 0);
        hear_answer(&listener);
        assert_int_equal(publisher->held_count, way == UNFOLLOW ? 0 : 1);
        if (way == GONE) {
            drop_all_followers(publisher);
            assert_int_equal(publisher->held_count, 0);
        }
        view_says_ours(&stage);
        hear_entries(&listener, way == MORE ? 3 : way == AGAIN ? 2 : 0);
        wire_close(&listener.socket);
        close_stage(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_before_the_stream_does_waits_for_it),
        cmocka_unit_test(who_waits_in_vain_is_sent_on),
        cmocka_unit_test(what_nobody_has_begins_at_once),
        cmocka_unit_test(a_follow_that_waits_hears_what_else_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
