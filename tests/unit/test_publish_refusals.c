#include "common/publish.h"

#include "tests/unit/publish_listener.h"

static void who_may_not_follow_a_stream_hears_why(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "secret-5", 10);
    struct listener listener = listen_to(&stage);
    follow(&listener, "secret-5", 1, 100);
    hear_word(&listener, &listener.refusals);
    assert_string_equal(listener.refused.key, "secret-5");
    assert_string_equal(listener.refused.field, "stream");
    assert_non_null(strstr(listener.refused.reason, "routing/7")); /* the key decides, not what hello said */
    owner_commit(&stage.owner, "secret-5", 10);
    grant(&listener, "secret-5", 100);
    publish_turn(stage.owner.publisher);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.got, 0);
    assert_int_equal(listener.head, 0);
    assert_int_equal(stage.owner.read_count + stage.owner.entries_read, 0);
    assert_int_equal(metric_value(METRIC_followers), 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void a_follow_or_credit_out_of_range_is_refused(void **state) {
    static const struct {
        uint64_t from, credit, more; /* more 0: the follow itself is at fault */
        const char *field;
    } cases[] = {
        {0, 10, 0, "from"},
        {1, FOLLOW_CREDIT_MAX + 1, 0, "credit"},
        {1, UINT64_MAX, 0, "credit"},
        {1, FOLLOW_CREDIT_MAX, 1, "more"},
        {1, 10, FOLLOW_CREDIT_MAX - 9, "more"},
        {1, 10, UINT64_MAX - 5, "more"}, /* would wrap round to 4 */
        {1, 10, UINT64_MAX, "more"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stage stage;
        open_stage(&stage);
        struct listener listener = listen_to(&stage);
        follow(&listener, "5", cases[i].from, cases[i].credit);
        if (cases[i].more > 0)
            grant(&listener, "5", cases[i].more);
        hear_word(&listener, &listener.refusals);
        assert_string_equal(listener.refused.field, cases[i].field);
        assert_string_equal(listener.refused.key, "5");
        listener.granted = cases[i].more == 0 ? 0 : cases[i].credit; /* what was refused counts for nothing */
        owner_commit(&stage.owner, "5", 50);
        hear_entries(&listener, listener.granted < 50 ? listener.granted : 50);
        hear(&listener, 20, NULL, 0);
        wire_close(&listener.socket);
        close_stage(&stage);
    }
}

static void credit_for_what_was_never_sent_is_refused(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 10);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    hear_entries(&listener, 10);
    struct credit credit = {.stream = "5", .applied = 10, .more = 1};
    wire_send(listener.socket, NULL, MESSAGE_credit, &credit);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.refusals, 0);
    credit.applied = 11;
    wire_send(listener.socket, NULL, MESSAGE_credit, &credit);
    hear_word(&listener, &listener.refusals);
    assert_string_equal(listener.refused.field, "applied");
    wire_close(&listener.socket);
    close_stage(&stage);
}

/* Its owner was restarted under its feet, and it still thinks that it follows. */
static void a_connection_that_never_said_hello_is_told_so(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage);
    grant(&listener, "5", 5);
    hear_word(&listener, &listener.refusals);
    assert_string_equal(listener.refused.field, "hello");
    wire_send(listener.socket, NULL, MESSAGE_lag, &(struct lag){.behind_ms = 5});
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.refusals, 2);
    assert_int_equal(publish_behind_ms(stage.owner.publisher, NULL), 0);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void what_is_no_message_is_refused_and_harms_nobody(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    static const char cut[] = "\x82\xa1t\xa6"
                              "follow\xa6stream"; /* its value is missing */
    zmq_send(listener.socket, cut, sizeof cut - 1, 0);
    static const char nameless[] = "\x81\xa1t\xa6"
                                   "follow";
    zmq_send(listener.socket, nameless, sizeof nameless - 1, 0);
    hear(&listener, QUIET_MS, NULL, 0);
    assert_int_equal(listener.refusals, 2);
    owner_commit(&stage.owner, "5", 10);
    hear_entries(&listener, 10);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void what_is_no_longer_kept_is_truncated(void **state) {
    static const struct {
        uint64_t first, from, told; /* told 0: nothing is missing */
    } cases[] = {{51, 1, 51}, {51, 50, 51}, {51, 51, 0}, {101, 100, 101}, {101, 101, 0}};
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stage stage;
        open_stage(&stage);
        owner_commit(&stage.owner, "5", 100);
        owner_stream(&stage.owner, "5")->first = cases[i].first;
        struct listener listener = listen_to(&stage);
        follow(&listener, "5", cases[i].from, 1000);
        if (cases[i].told > 0) {
            hear_word(&listener, &listener.cuts);
            assert_int_equal(listener.truncated.first, cases[i].told);
            assert_string_equal(listener.truncated.stream, "5");
            owner_commit(&stage.owner, "5", 5); /* nothing comes until it follows from there */
            hear(&listener, 50, NULL, 0);
            assert_int_equal(listener.got, 0);
            follow(&listener, "5", cases[i].told, 1000);
        }
        hear_entries(&listener, owner_stream(&stage.owner, "5")->head - listener.next + 1);
        assert_int_equal(listener.cuts, cases[i].told > 0);
        wire_close(&listener.socket);
        close_stage(&stage);
    }
}

static void a_stream_that_lives_elsewhere_is_moved(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    stage.owner.gives_away = true;
    strcpy(stage.owner.other.endpoint, "tcp://127.0.0.1:7");
    memset(stage.owner.other.curve_key, 'k', WIRE_KEY_SIZE - 1);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    hear_word(&listener, &listener.moves);
    assert_string_equal(listener.moved.stream, "5");
    assert_string_equal(listener.moved.endpoint, "tcp://127.0.0.1:7");
    assert_int_equal(strlen(listener.moved.curve_key), WIRE_KEY_SIZE - 1);
    stage.owner.gives_away = false; /* and back again */
    follow(&listener, "5", 1, 10);
    owner_commit(&stage.owner, "5", 3);
    hear_entries(&listener, 3);
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void a_stream_that_nobody_has_yet_keeps_its_followers(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener listener = listen_to(&stage);
    follow(&listener, "5", 1, 10);
    owner_commit(&stage.owner, "5", 2);
    hear_entries(&listener, 2);
    stage.owner.gives_away = true; /* it was released, and no other has claimed it */
    publish_recheck(stage.owner.publisher);
    owner_commit(&stage.owner, "5", 1);
    hear_entries(&listener, 3);
    assert_int_equal(listener.moves, 0);
    strcpy(stage.owner.other.endpoint, "tcp://127.0.0.1:7");
    publish_recheck(stage.owner.publisher);
    hear_word(&listener, &listener.moves);
    assert_string_equal(listener.moved.endpoint, "tcp://127.0.0.1:7");
    wire_close(&listener.socket);
    close_stage(&stage);
}

static void followers_of_a_stream_that_leaves_are_told_where_it_went(void **state) {
    struct stage stage;
    (void)state;
    for (int how = 0; how < 3; how++) {
        open_stage(&stage);
        struct listener listener = listen_to(&stage), other = listen_to(&stage);
        follow(&listener, "5", 1, 100);
        follow(&other, "5", 1, 100);
        await_followers(&listener, 2);
        owner_commit(&stage.owner, "5", 3);
        hear_entries(&listener, 3);
        hear_entries(&other, 3);
        stage.owner.gives_away = how < 2;
        strcpy(stage.owner.other.endpoint, "tcp://127.0.0.1:7");
        if (how == 0)
            publish_recheck(stage.owner.publisher);
        else
            publish_dropped(stage.owner.publisher, "5");
        hear_word(&listener, &listener.moves); /* also when it is ours again by now: they must ask anew */
        hear_word(&other, &other.moves);
        owner_commit(&stage.owner, "5", 3);
        hear(&listener, 20, NULL, 0);
        assert_int_equal(listener.got, 3);
        assert_int_equal(metric_value(METRIC_followers), 0);
        assert_int_equal(stage.owner.publisher->tail.bytes, 0);
        wire_close(&listener.socket);
        wire_close(&other.socket);
        close_stage(&stage);
    }
}

static void a_revoked_key_hears_no_more(void **state) {
    struct stage stage;
    struct wire_keys own;
    (void)state;
    open_stage(&stage);
    own = stage.keys;
    wire_keys_make(&stage.keys);
    bed_allow(&stage.bed, "mesh", &stage.keys, "routing/8");
    struct listener stays = listen_to(&stage);
    stage.keys = own;
    struct listener leaves = listen_to(&stage);
    follow(&stays, "5", 1, 100);
    follow(&leaves, "5", 1, 100);
    await_followers(&stays, 2);
    owner_commit(&stage.owner, "5", 3);
    hear_entries(&leaves, 3);
    stage.owner.revoked = "routing/7";
    publish_recheck(stage.owner.publisher);
    hear_word(&leaves, &leaves.refusals);
    assert_string_equal(leaves.refused.field, "key");
    owner_commit(&stage.owner, "5", 3);
    hear_entries(&stays, 6);
    hear(&leaves, 20, NULL, 0);
    assert_int_equal(leaves.got, 3);
    follow(&leaves, "5", 4, 100);
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; leaves.refusals < 2 && clock_monotonic_ms() < end;)
        hear(&leaves, 5, NULL, 0);
    assert_int_equal(leaves.got, 0);
    wire_close(&stays.socket);
    wire_close(&leaves.socket);
    close_stage(&stage);
}

static void the_lag_that_a_follower_tells_counts_for_services_only(void **state) {
    struct stage stage;
    (void)state;
    for (int is_public = 0; is_public < 2; is_public++) {
        open_stage(&stage);
        stage.owner.is_public = is_public == 1;
        struct listener listener = listen_to(&stage);
        struct hello hello = {.service = "notification", .member = 7, .protocol = 1};
        wire_send(listener.socket, NULL, MESSAGE_hello, &hello);
        wire_send(listener.socket, NULL, MESSAGE_lag, &(struct lag){.behind_ms = 1234});
        hear(&listener, QUIET_MS, NULL, 0);
        assert_int_equal(publish_behind_ms(stage.owner.publisher, NULL), is_public ? 0 : 1234);
        assert_int_equal(publish_behind_ms(stage.owner.publisher, "notification"), 0);
        publish_hint(stage.owner.publisher, 7, "u", 42); /* to that member of our own service */
        publish_hint(stage.owner.publisher, 8, "u", 43);
        hear(&listener, QUIET_MS, NULL, 0);
        assert_int_equal(listener.head, is_public ? 0 : 42);
        wire_close(&listener.socket);
        close_stage(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_not_follow_a_stream_hears_why),
        cmocka_unit_test(a_follow_or_credit_out_of_range_is_refused),
        cmocka_unit_test(credit_for_what_was_never_sent_is_refused),
        cmocka_unit_test(a_connection_that_never_said_hello_is_told_so),
        cmocka_unit_test(what_is_no_message_is_refused_and_harms_nobody),
        cmocka_unit_test(what_is_no_longer_kept_is_truncated),
        cmocka_unit_test(a_stream_that_lives_elsewhere_is_moved),
        cmocka_unit_test(a_stream_that_nobody_has_yet_keeps_its_followers),
        cmocka_unit_test(followers_of_a_stream_that_leaves_are_told_where_it_went),
        cmocka_unit_test(a_revoked_key_hears_no_more),
        cmocka_unit_test(the_lag_that_a_follower_tells_counts_for_services_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
