#include "common/publish.h"

#include "tests/unit/publish_events.h"

#define MEMBERS_MAX 4

static void join(struct ear *ear, uint64_t credit) {
    ear_follow(ear, (struct follow){.from = 1, .credit = credit, .group = "g"});
}

/* What the ears heard, each seq so often; fails where one of 1 to `last` is missing. */
static void assert_all_heard(struct ear *const *ears, uint64_t last, bool once) {
    static uint8_t times[HEARD_MAX];
    memset(times, 0, sizeof times);
    for (int i = 0; ears[i] != NULL; i++)
        for (uint64_t j = 0; j < ears[i]->count; j++)
            times[ears[i]->seqs[j]]++;
    for (uint64_t seq = 1; seq <= last; seq++)
        if (times[seq] == 0 || (once && times[seq] != 1))
            fail_msg("%llu came %d times", (unsigned long long)seq, times[seq]);
}

static uint64_t heard(struct ear *const *ears) {
    uint64_t count = 0;
    for (int i = 0; ears[i] != NULL; i++)
        count += ears[i]->count;
    return count;
}

/* Until they have heard so many together; each says what it has finished whenever it hears something. */
static void work(struct ear *const *ears, uint64_t target, bool finish) {
    uint64_t said[MEMBERS_MAX] = {0};
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; heard(ears) < target && clock_monotonic_ms() < end;) {
        converse(ears, 2, NULL, 0);
        for (int i = 0; finish && ears[i] != NULL; i++) {
            if (ears[i]->count == said[i])
                continue;
            ear_credit(ears[i], ears[i]->seqs[ears[i]->count - 1], ears[i]->count - said[i]);
            said[i] = ears[i]->count;
        }
    }
    converse(ears, 20, NULL, 0);
    assert_int_equal(heard(ears), target);
}

/* Each case's entries in their order, across the members' own lists. */
static void assert_in_order_of_cases(const struct ear *ear) {
    uint64_t last[64] = {0};
    for (uint64_t i = 0; i < ear->count; i++) {
        assert_true(ear->cases[i] < 64 && ear->seqs[i] > last[ear->cases[i]]);
        last[ear->cases[i]] = ear->seqs[i];
    }
}

static void members_share_the_stream(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 40);
    owner_commit(&stage.owner, UNIT, 5000); /* in the table */
    struct ear *ears[] = {ear_open(&stage), ear_open(&stage), ear_open(&stage), NULL};
    for (int i = 0; i < 3; i++)
        join(ears[i], 100);
    work(ears, 5000, true);
    for (int i = 0; i < 50; i++) {
        owner_commit(&stage.owner, UNIT, 20);
        converse(ears, 1, NULL, 0);
    }
    for (int i = 0; i < 3; i++)
        ear_credit(ears[i], ears[i]->seqs[ears[i]->count - 1], 1000);
    work(ears, 6000, true);
    assert_all_heard(ears, 6000, true);
    for (int i = 0; i < 3; i++) {
        assert_in_order_of_cases(ears[i]);
        assert_true(ears[i]->count > 500);
        ear_close(ears[i]);
    }
    assert_int_equal(stage.owner.loads, 1);
    close_stage(&stage);
}

static void what_a_dead_member_had_goes_to_the_others(void **state) {
    (void)state;
    for (int how = 0; how < 3; how++) { /* its connection ends; it is silent; it unfollows */
        struct stage stage;
        open_stage(&stage, 40);
        owner_commit(&stage.owner, UNIT, 1000);
        struct ear *dies = ear_open(&stage), *lives = ear_open(&stage);
        struct ear *both[] = {lives, dies, NULL}, *one[] = {lives, NULL};
        join(dies, 300);
        hear(dies, &dies->count, 300);
        join(lives, 2000);
        converse(both, QUIET_MS, NULL, 0);
        assert_in_order_of_cases(lives);
        uint64_t before = lives->count;
        assert_true(before < 700); /* of its 40 cases all are under way at the other */
        if (how == 0)
            wire_close(&dies->socket);
        if (how == 1) {
            for (struct follower *const *at = stage.owner.publisher->followers;
                 at < stage.owner.publisher->followers + FOLLOWER_BUCKETS; at++)
                for (struct follower *follower = *at; follower != NULL; follower = follower->next_same_hash)
                    if (follower->subscriptions->member == 0)
                        follower->heard_ms -= GROUP_SILENCE_MS + 1;
        }
        if (how == 2)
            wire_send(dies->socket, NULL, MESSAGE_unfollow, &(struct unfollow){.stream = UNIT});
        for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; lives->count < 1000 && clock_monotonic_ms() < end;) {
            converse(how == 0 ? one : both, 20, NULL, 0);
            publish_turn(stage.owner.publisher);
        }
        assert_int_equal(lives->count, 1000);
        assert_all_heard(one, 1000, true);
        assert_in_order_of_cases(lives);
        if (how == 1) {
            assert_string_equal(dies->refused.field, "silence");
            join(dies, 10); /* and is back */
            ear_credit(lives, lives->seqs[999], 0);
            for (struct spell spell = spell_of(PATIENCE_MS);
                 stage.owner.publisher->groups->count < 2 && spell_lasts(&spell);)
                converse(both, 10, NULL, 0);
            converse(both, QUIET_MS, NULL, 0);
            owner_commit(&stage.owner, UNIT, 2000);
            converse(both, PATIENCE_MS, &dies->count, 310);
            assert_int_equal(dies->count, 310);
        }
        ear_close(dies);
        ear_close(lives);
        close_stage(&stage);
    }
}

static void the_mark_is_saved_and_is_where_others_go_on(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 1000);
    owner_commit(&stage.owner, UNIT, 500);
    struct ear *first = ear_open(&stage);
    join(first, 300);
    hear(first, &first->count, 300);
    ear_credit(first, 120, 0);
    converse((struct ear *const[]){first, NULL}, 3 * GROUP_SAVE_MS, NULL, 0);
    assert_int_equal(stage.owner.mark, 120);
    assert_true(stage.owner.saves <= 3);
    ear_credit(first, 150, 0);
    converse((struct ear *const[]){first, NULL}, QUIET_MS / 4, NULL, 0);
    wire_send(first->socket, NULL, MESSAGE_unfollow, &(struct unfollow){.stream = UNIT});
    for (int64_t end = clock_monotonic_ms() + PATIENCE_MS; stage.owner.mark != 150 && clock_monotonic_ms() < end;)
        converse((struct ear *const[]){first, NULL}, 10, NULL, 0);
    assert_int_equal(stage.owner.mark, 150);
    converse((struct ear *const[]){first, NULL}, QUIET_MS / 4, NULL, 0);
    assert_null(stage.owner.publisher->groups); /* nothing is left of it in memory */
    struct ear *second = ear_open(&stage);
    join(second, 1000);
    hear(second, &second->count, 350);
    assert_int_equal(second->seqs[0], 151);
    assert_int_equal(stage.owner.loads, 2);
    ear_close(first);
    ear_close(second);
    close_stage(&stage);
}

static void a_mark_that_cannot_be_loaded_or_saved_is_tried_again(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 1000);
    owner_commit(&stage.owner, UNIT, 50);
    stage.owner.marks_failing = true;
    struct ear *ear = ear_open(&stage);
    join(ear, 100);
    hear_nothing_more(ear);
    stage.owner.marks_failing = false;
    publish_turn(stage.owner.publisher);
    hear(ear, &ear->count, 50);
    stage.owner.marks_failing = true;
    ear_credit(ear, 50, 0);
    converse((struct ear *const[]){ear, NULL}, 3 * GROUP_SAVE_MS, NULL, 0);
    assert_true(stage.owner.mark < 50);
    stage.owner.marks_failing = false;
    converse((struct ear *const[]){ear, NULL}, 2 * GROUP_SAVE_MS, NULL, 0);
    assert_int_equal(stage.owner.mark, 50);
    ear_close(ear);
    close_stage(&stage);
}

static void a_group_that_moves_to_another_replica_hears_so(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 1000);
    owner_commit(&stage.owner, UNIT, 50);
    struct ear *ear = ear_open(&stage);
    join(ear, 100);
    hear(ear, &ear->count, 50);
    ear_credit(ear, 20, 0);
    converse((struct ear *const[]){ear, NULL}, 2 * GROUP_SAVE_MS, NULL, 0);
    publish_dropped(stage.owner.publisher, UNIT);
    hear(ear, &ear->moves, 1);
    join(ear, 100); /* it is ours again */
    hear(ear, &ear->count, 80);
    assert_int_equal(ear->seqs[50], 21); /* what was under way is sent again */
    ear_close(ear);
    close_stage(&stage);
}

/* Two replicas would deal it, each what it finds behind the mark. */
static void a_group_is_dealt_by_nobody_but_the_owner(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 1000);
    owner_commit(&stage.owner, UNIT, 3);
    stage.owner.gives_away = true; /* and no other has claimed it */
    struct ear *ear = ear_open(&stage);
    join(ear, 100);
    hear(ear, &ear->moves, 1);
    assert_null(stage.owner.publisher->groups);
    stage.owner.gives_away = false;
    join(ear, 100);
    hear(ear, &ear->count, 3);
    ear_close(ear);
    close_stage(&stage);
}

static void a_group_has_one_filter(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 30);
    owner_commit(&stage.owner, UNIT, 300);
    struct ear *a = ear_open(&stage), *b = ear_open(&stage);
    struct follow red = {.from = 1, .credit = 1000, .group = "g", .filter = "severity=red"};
    ear_follow(a, red);
    hear(a, &a->count, 100);
    join(b, 10);
    hear(b, &b->refusals, 1);
    assert_string_equal(b->refused.field, "filter");
    ear_follow(b, red);
    ear_credit(a, a->seqs[99], 0);
    converse((struct ear *const[]){a, b, NULL}, 2 * GROUP_SAVE_MS, NULL, 0);
    assert_int_equal(stage.owner.mark, 300);
    assert_int_equal(b->count, 0);
    ear_close(a);
    ear_close(b);
    close_stage(&stage);
}

static void what_a_member_says_must_make_sense(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 30);
    owner_commit(&stage.owner, UNIT, 100);
    struct ear *ear = ear_open(&stage);
    join(ear, 50);
    hear(ear, &ear->count, 50);
    ear_credit(ear, 51, 0);
    hear(ear, &ear->refusals, 1);
    assert_string_equal(ear->refused.field, "applied");
    ear_credit(ear, 0, FOLLOW_CREDIT_MAX + 1);
    hear(ear, &ear->refusals, 2);
    assert_string_equal(ear->refused.field, "more");
    ear_credit(ear, 50, 10);
    hear(ear, &ear->count, 60);
    ear_close(ear);
    close_stage(&stage);
}

static void a_gap_before_the_mark_is_told_and_can_be_passed(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 30);
    owner_commit(&stage.owner, UNIT, 100);
    stage.owner.mark_found = true;
    stage.owner.mark = 20;
    owner_stream(&stage.owner, UNIT)->first = 51;
    struct ear *ear = ear_open(&stage);
    join(ear, 50);
    hear(ear, &ear->cuts, 1);
    assert_int_equal(ear->truncated.first, 51);
    converse((struct ear *const[]){ear, NULL}, QUIET_MS, NULL, 0);
    ear_follow(ear, (struct follow){.from = 51, .credit = 100, .group = "g"});
    hear(ear, &ear->count, 50);
    assert_int_equal(ear->seqs[0], 51);
    ear_credit(ear, 100, 0);
    converse((struct ear *const[]){ear, NULL}, 2 * GROUP_SAVE_MS, NULL, 0);
    assert_int_equal(stage.owner.mark, 100);
    ear_close(ear);
    close_stage(&stage);
}

/* Members come, die, are silent and finish at random while entries are committed. */
static void nothing_is_lost_whatever_members_do(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct stage stage;
        struct ear *ears[MEMBERS_MAX + 1] = {NULL};
        static uint8_t finished[HEARD_MAX];
        uint64_t said[MEMBERS_MAX] = {0};
        memset(finished, 0, sizeof finished);
        open_stage(&stage, 23);
        srandom(seed);
        for (int i = 0; i < MEMBERS_MAX; i++) {
            ears[i] = ear_open(&stage);
            join(ears[i], 50);
        }
        int64_t end = clock_monotonic_ms() + 2 * PATIENCE_MS;
        while (stage.owner.mark < 2000 && clock_monotonic_ms() < end) {
            if (owner_stream(&stage.owner, UNIT)->head < 2000)
                owner_commit(&stage.owner, UNIT, 20);
            converse(ears, 1, NULL, 0);
            int i = (int)(random() % MEMBERS_MAX);
            if (random() % 40 == 0) { /* dies and comes back */
                ear_close(ears[i]);
                ears[i] = ear_open(&stage);
                said[i] = 0;
                join(ears[i], 50);
                publish_turn(stage.owner.publisher);
                continue;
            }
            if (ears[i]->count == said[i])
                continue;
            for (uint64_t j = said[i]; j < ears[i]->count; j++)
                finished[ears[i]->seqs[j]] = 1;
            ear_credit(ears[i], ears[i]->seqs[ears[i]->count - 1], ears[i]->count - said[i]);
            said[i] = ears[i]->count;
        }
        assert_int_equal(stage.owner.mark, 2000);
        for (uint64_t seq = 1; seq <= 2000; seq++)
            assert_int_equal(finished[seq], 1);
        for (int i = 0; i < MEMBERS_MAX; i++)
            ear_close(ears[i]);
        close_stage(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_share_the_stream),
        cmocka_unit_test(what_a_dead_member_had_goes_to_the_others),
        cmocka_unit_test(the_mark_is_saved_and_is_where_others_go_on),
        cmocka_unit_test(a_mark_that_cannot_be_loaded_or_saved_is_tried_again),
        cmocka_unit_test(a_group_that_moves_to_another_replica_hears_so),
        cmocka_unit_test(a_group_is_dealt_by_nobody_but_the_owner),
        cmocka_unit_test(a_group_has_one_filter),
        cmocka_unit_test(what_a_member_says_must_make_sense),
        cmocka_unit_test(a_gap_before_the_mark_is_told_and_can_be_passed),
        cmocka_unit_test(nothing_is_lost_whatever_members_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
