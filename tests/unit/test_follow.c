#include "common/follow.h"

#include "tests/unit/follow_harness.h"

static void entries_come_from_the_committed_cursor_on(void **state) {
    static const uint64_t cursors[] = {0, 1, 499, 2999, 3000};
    struct town town;
    (void)state;
    town_open(&town, 10000);
    owner_commit(&town.owners[0], "5", 3000);
    follow_view(town.links, &town.view);
    for (size_t i = 0; i < LENGTH(cursors); i++) {
        town_start(&town, 5, cursors[i]);
        town_hear(&town, 5, 3000);
        town_run(&town, 30); /* and no more */
        assert_int_equal(town.received[5], 3000);
    }
    owner_commit(&town.owners[0], "5", 10);
    town_hear(&town, 5, 3010);
    town_close(&town);
}

static void replay_runs_into_live_on_many_shards_of_two_replicas(void **state) {
    enum { SHARDS = 3 };
    static const struct {
        uint16_t shard;
        const char *name;
        int owner;
    } cases[SHARDS] = {{0, "0", 0}, {64, "64", 1}, {127, "127", 0}};
    struct town town;
    (void)state;
    town_open(&town, 1000);
    for (int i = 0; i < SHARDS; i++) {
        town.placement.owner[cases[i].shard] = cases[i].owner + 1;
        owner_commit(&town.owners[cases[i].owner], cases[i].name, 2000);
    }
    for (int i = 0; i < SHARDS; i++)
        town_start(&town, cases[i].shard, 0); /* before there is a view */
    follow_view(town.links, &town.view);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < SHARDS; i++)
            owner_commit(&town.owners[cases[i].owner], cases[i].name, 1 + (uint32_t)round % 9);
        town_step(&town);
    }
    for (int i = 0; i < SHARDS; i++)
        town_hear(&town, cases[i].shard, owner_stream(&town.owners[cases[i].owner], cases[i].name)->head);
    town_close(&town);
}

static void no_more_is_under_way_than_the_window_has_room_for(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 100);
    town.applies = false; /* town_received asserts the bound at every frame */
    owner_commit(&town.owners[0], "5", 5000);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    town_run(&town, QUIET_MS);
    assert_int_equal(town.received[5], 100);
    town_apply(&town, 5, 30); /* not yet half a window */
    town_run(&town, 50);
    assert_int_equal(town.received[5], 100);
    town_apply(&town, 5, 60);
    town_hear(&town, 5, 160);
    while (town.received[5] < 5000) {
        uint64_t next = town.received[5] + 100 < 5000 ? town.received[5] + 100 : 5000;
        town_apply(&town, 5, town.received[5]);
        town_hear(&town, 5, next);
    }
    town_close(&town);
}

/* An owner that is restarted again and again while nothing can be committed here must not fill our memory. */
static void asking_again_grants_no_more_than_the_window_has_left(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 100);
    town.applies = false;
    owner_commit(&town.owners[0], "5", 1000);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    for (int i = 0; i < 3; i++) {
        owner_restart(&town.owners[0]);
        town_run(&town, 700);
    }
    assert_int_equal(town.received[5], 100);
    town_apply(&town, 5, 100);
    town_hear(&town, 5, 200);
    town_close(&town);
}

/* The shard was lost and won again while a commit was under way whose answer never came: the view says 0, the row 4. */
static void a_commit_that_was_ahead_of_what_was_heard_stops_nothing(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 4);
    owner_commit(&town.owners[0], "5", 10);
    town_start(&town, 5, 0);
    follow_applied(town.links, 5, 0, 4);
    town.received[5] = town.applied[5] = 4;
    follow_view(town.links, &town.view);
    town_hear(&town, 5, 10);
    town_close(&town);
}

/* ---- when connections, owners and places change ------------------------------------------------------------------- */

static void after_a_restart_of_its_owner_it_goes_on_from_the_last_received(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    for (int i = 0; i < 3; i++) {
        owner_restart(&town.owners[0]);
        owner_commit(&town.owners[0], "5", 50);
        town_hear(&town, 5, 150 + 50 * (uint64_t)i);
    }
    assert_true(town.owners[0].entries_read >= 50); /* the new process has no ring of before */
    town_close(&town);
}

static void silence_ends_the_connection_and_a_new_one_goes_on(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    long long before = metric_value(METRIC_reconnects_total);
    town_run(&town, 1000);
    assert_int_equal(metric_value(METRIC_reconnects_total), before); /* heads are enough to stay */
    town.quiet = true;
    owner_commit(&town.owners[0], "5", 20);
    town_run(&town, 3400);
    town.quiet = false;
    owner_commit(&town.owners[0], "5", 20);
    town_hear(&town, 5, 140);
    assert_int_equal(town.received[5], 140);
    assert_true(metric_value(METRIC_reconnects_total) > before);
    town_close(&town);
}

static void a_key_that_becomes_known_is_let_in(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    town.bed.count = 0;
    owner_commit(&town.owners[0], "5", 10);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_run(&town, 500);
    assert_int_equal(town.received[5], 0);
    bed_allow(&town.bed, "mesh", &town.keys, "routing/10");
    town_hear(&town, 5, 10);
    town_close(&town);
}

static void a_shard_that_moves_is_followed_at_its_new_place(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    town.owners[0].gives_away = true; /* it says so before the view does */
    publish_recheck(town.owners[0].publisher);
    owner_stream(&town.owners[1], "5")->head = 100;
    owner_commit(&town.owners[1], "5", 30);
    town_run(&town, QUIET_MS);
    assert_int_equal(town.received[5], 100);
    town.placement.owner[5] = 2;
    follow_view(town.links, &town.view);
    town_hear(&town, 5, 130);
    town.placement.owner[5] = 0; /* nobody knows */
    follow_view(town.links, &town.view);
    town.placement.owner[5] = 1;
    town.owners[0].gives_away = false;
    owner_stream(&town.owners[0], "5")->head = 130;
    follow_view(town.links, &town.view);
    owner_commit(&town.owners[0], "5", 5);
    town_hear(&town, 5, 135);
    town_close(&town);
}

static void a_replica_that_dies_and_comes_again_is_found(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_hear(&town, 5, 100);
    struct member dead = town.members[0];
    town.members[0] = town.members[1];
    town.view.member_count = 1;
    town.placement.owner[5] = 0;
    follow_view(town.links, &town.view);
    void *sockets[4];
    assert_int_equal(follow_sockets(town.links, sockets, 4), 1);
    owner_commit(&town.owners[0], "5", 7); /* nobody listens */
    town_run(&town, 50);
    assert_int_equal(town.received[5], 100);
    town.members[1] = dead;
    town.members[1].member = 3; /* a new process is a new member */
    town.view.member_count = 2;
    town.placement.owner[5] = 3;
    follow_view(town.links, &town.view);
    town_hear(&town, 5, 107);
    town_close(&town);
}

static void what_is_stopped_stays_stopped(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    owner_commit(&town.owners[0], "6", 100);
    follow_view(town.links, &town.view);
    town_start(&town, 5, 0);
    town_start(&town, 6, 0);
    town_hear(&town, 5, 100);
    town_hear(&town, 6, 100);
    follow_stop(town.links, 5);
    town.stopped[5] = true;
    owner_commit(&town.owners[0], "5", 50);
    owner_commit(&town.owners[0], "6", 50);
    town_hear(&town, 6, 150);
    follow_view(town.links, &town.view);
    town_run(&town, QUIET_MS);
    assert_int_equal(metric_value(METRIC_followers), 1); /* the owner knows as well */
    town_start(&town, 5, 120);                           /* ours again, further on */
    town_hear(&town, 5, 150);
    town_close(&town);
}

static void a_log_that_is_cut_short_waits_for_an_operator(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    owner_commit(&town.owners[0], "5", 100);
    owner_stream(&town.owners[0], "5")->first = 50;
    follow_view(town.links, &town.view);
    town_start(&town, 5, 10);
    town_run(&town, QUIET_MS);
    owner_commit(&town.owners[0], "5", 10);
    town_run(&town, 1000);
    assert_int_equal(town.received[5], 10); /* never a silent jump */
    town_start(&town, 5, 49);
    town_hear(&town, 5, 110);
    town_close(&town);
}

static void peers_of_our_own_service_hint_at_their_appends(void **state) {
    struct town town;
    (void)state;
    town_open(&town, 1000);
    town.members[1] = member_of(2, "routing", &town.owners[1]);
    town.members[2] = member_of(SELF, "routing", &town.owners[0]); /* ourselves */
    town.view.member_count = 3;
    follow_view(town.links, &town.view);
    void *sockets[4];
    assert_int_equal(follow_sockets(town.links, sockets, 4), 2);
    for (struct spell spell = spell_of(PATIENCE_MS); town.peers_opened == 0 && spell_lasts(&spell);)
        town_step(&town);
    assert_int_equal(town.peers_opened, 1);
    publish_hint(town.owners[1].publisher, SELF, "t-centre", 77);
    publish_hint(town.owners[1].publisher, 99, "t-centre", 78);
    for (struct spell spell = spell_of(PATIENCE_MS); town.hinted[0] == '\0' && spell_lasts(&spell);)
        town_step(&town);
    town_run(&town, QUIET_MS);
    assert_string_equal(town.hinted, "t-centre 77");
    assert_int_equal(town.peers_opened, 1);
    town_close(&town);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_from_the_committed_cursor_on),
        cmocka_unit_test(replay_runs_into_live_on_many_shards_of_two_replicas),
        cmocka_unit_test(no_more_is_under_way_than_the_window_has_room_for),
        cmocka_unit_test(asking_again_grants_no_more_than_the_window_has_left),
        cmocka_unit_test(a_commit_that_was_ahead_of_what_was_heard_stops_nothing),
        cmocka_unit_test(after_a_restart_of_its_owner_it_goes_on_from_the_last_received),
        cmocka_unit_test(silence_ends_the_connection_and_a_new_one_goes_on),
        cmocka_unit_test(a_key_that_becomes_known_is_let_in),
        cmocka_unit_test(a_shard_that_moves_is_followed_at_its_new_place),
        cmocka_unit_test(a_replica_that_dies_and_comes_again_is_found),
        cmocka_unit_test(what_is_stopped_stays_stopped),
        cmocka_unit_test(a_log_that_is_cut_short_waits_for_an_operator),
        cmocka_unit_test(peers_of_our_own_service_hint_at_their_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
