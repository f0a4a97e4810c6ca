#include "common/publish_series.h"

#include "tests/unit/publish_listener.h"

struct seen {
    struct stream_standing of_5, of_6;
    int count;
};

static void see(void *context, const struct stream_standing *standing) {
    struct seen *seen = context;
    seen->count++;
    if (strcmp(standing->name, "5") == 0)
        seen->of_5 = *standing;
    else
        seen->of_6 = *standing;
}

static struct seen look(const struct stage *stage) {
    struct seen seen = {.count = 0};
    publish_each_stream(stage->owner.publisher, see, &seen);
    return seen;
}

static void the_slowest_follower_of_a_stream_is_told(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    assert_int_equal(look(&stage).count, 0);
    struct listener quick = listen_to(&stage), slow = listen_to(&stage);
    follow(&quick, "5", 1, 1000);
    follow(&slow, "5", 1, 10);
    await_followers(&quick, 2);
    owner_commit(&stage.owner, "5", 40);
    owner_commit(&stage.owner, "6", 7); /* nobody follows it */
    hear_entries(&quick, 40);
    hear_entries(&slow, 10);
    struct seen seen = look(&stage);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.of_5.head, 40);
    assert_int_equal(seen.of_5.followers, 2);
    assert_int_equal(seen.of_5.lag_entries, 30);
    assert_int_equal(seen.of_6.head, 7);
    assert_int_equal(seen.of_6.followers, 0);
    assert_int_equal(seen.of_6.lag_entries, 0);
    wire_close(&quick.socket);
    wire_close(&slow.socket);
    close_stage(&stage);
}

static void a_group_is_as_far_as_it_has_finished(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    struct listener member = listen_to(&stage);
    follow(&member, "5", 1, 1000);
    await_followers(&member, 1);
    owner_commit(&stage.owner, "5", 40);
    hear_entries(&member, 40);
    struct subscription *to = stream_find(stage.owner.publisher, "5")->subscriptions;
    struct group group = {.deal = deal_open(15)}; /* all are sent, up to 15 they are finished */
    to->group = &group;
    assert_int_equal(look(&stage).of_5.lag_entries, 25);
    deal_close(&group.deal);
    assert_int_equal(look(&stage).of_5.lag_entries, 0); /* it has not started */
    to->group = NULL;
    wire_close(&member.socket);
    close_stage(&stage);
}

static void a_head_that_may_be_old_is_read_anew(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 3);
    publish_forget_heads(stage.owner.publisher);
    owner_stream(&stage.owner, "5")->head = 9; /* a peer appended, and we did not hear of it */
    assert_int_equal(look(&stage).of_5.head, 3);
    owner_turn(&stage.owner);
    assert_int_equal(look(&stage).of_5.head, 9);
    assert_int_equal(stage.owner.read_count, 0); /* once */
    close_stage(&stage);
}

static void what_others_serve_is_not_told(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage);
    owner_commit(&stage.owner, "5", 1);
    assert_int_equal(look(&stage).count, 1);
    stage.owner.gives_away = true;
    assert_int_equal(look(&stage).count, 0);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_slowest_follower_of_a_stream_is_told),
        cmocka_unit_test(a_group_is_as_far_as_it_has_finished),
        cmocka_unit_test(a_head_that_may_be_old_is_read_anew),
        cmocka_unit_test(what_others_serve_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
