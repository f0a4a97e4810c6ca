#include "common/publish.h"

#include "tests/unit/publish_events.h"

static void a_follow_begins_where_it_asks_to(void **state) {
    static const struct {
        uint64_t first, from;
        int64_t from_at;
        uint64_t begins; /* 0: refused; the stream has 50 entries, entry N of second N */
        uint64_t cut;    /* what truncated says, 0: nothing */
    } cases[] = {
        {1, 1, 0, 1, 0},      {1, 50, 0, 50, 0},  {1, 51, 0, 51, 0},    {1, 52, 0, 0, 0},
        {1, 0, 0, 51, 0},     {1, 0, 1, 1, 0},    {1, 0, 30000, 30, 0}, {1, 0, 30001, 31, 0},
        {1, 0, 90000, 51, 0}, {20, 19, 0, 0, 20}, {20, 20, 0, 20, 0},   {20, 0, 5000, 20, 0},
        {51, 50, 0, 0, 51},   {51, 51, 0, 51, 0}, {51, 0, 0, 51, 0},    {1, UINT64_MAX, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stage stage;
        open_stage(&stage, 10);
        owner_commit(&stage.owner, UNIT, 50);
        owner_stream(&stage.owner, UNIT)->first = cases[i].first;
        struct ear *ear = ear_open(&stage);
        ear_follow(ear, (struct follow){.from = cases[i].from, .from_at = cases[i].from_at, .credit = 100});
        if (cases[i].cut > 0) {
            hear(ear, &ear->cuts, 1);
            assert_int_equal(ear->truncated.first, cases[i].cut);
        } else if (cases[i].begins == 0) {
            hear(ear, &ear->refusals, 1);
            assert_string_equal(ear->refused.field, "from");
        } else {
            if (cases[i].from == 0)
                hear(ear, &ear->skips, 1);
            if (cases[i].from == 0)
                assert_int_equal(ear->skipped_to, cases[i].begins - 1);
            converse((struct ear *const[]){ear, NULL}, QUIET_MS / 4, NULL, 0);
            owner_commit(&stage.owner, UNIT, 3);
            hear(ear, &ear->count, 54 - cases[i].begins);
            assert_int_equal(ear->seqs[0], cases[i].begins);
        }
        if (cases[i].begins == 0) { /* nothing comes */
            owner_commit(&stage.owner, UNIT, 3);
            hear_nothing_more(ear);
            assert_int_equal(metric_value(METRIC_followers), 0);
        }
        ear_close(ear);
        close_stage(&stage);
    }
}

/* A read that was under way for the follow before is nothing to the one that takes its place: not to another place in the stream, and
 * not to a group, whose entries are dealt. */
static void who_follows_anew_gets_nothing_twice(void **state) {
    static const char *const groups[] = {"", "g"};
    (void)state;
    for (size_t i = 0; i < LENGTH(groups); i++) {
        struct stage stage;
        open_stage(&stage, 1000);
        owner_commit(&stage.owner, UNIT, 50);
        struct ear *ear = ear_open(&stage), *other = ear_open(&stage);
        struct ear *const both[] = {ear, other, NULL};
        struct follow follow = {.from = 1, .credit = 20, .group = "g"};
        if (groups[i][0] != '\0') { /* the group is there already, and has given all that it had */
            ear_follow(other, follow);
            hear(other, &other->count, 20);
        }
        follow.group[0] = '\0';
        follow.credit = 100;
        ear_follow(ear, follow);
        for (int turns = 0; stage.owner.start_count == 0 && turns < 1000; turns++) {
            stage.owner.stalled = true;
            converse(both, 1, NULL, 0);
        }
        struct start_wanted start = stage.owner.starts[0];
        stage.owner.start_count = 0;
        answer_start(&stage.owner, &start);
        assert_int_equal(stage.owner.read_count, 1); /* from 1 */
        strcpy(follow.group, groups[i]);
        ear_follow(ear, follow);
        converse(both, QUIET_MS, NULL, 0);
        stage.owner.stalled = false;
        uint64_t all = groups[i][0] != '\0' ? 30 : 50;
        hear(ear, &ear->count, all);
        converse(both, QUIET_MS, NULL, 0);
        assert_int_equal(ear->count, all);
        assert_int_equal(ear->seqs[0], groups[i][0] != '\0' ? 21 : 1);
        ear_close(ear);
        ear_close(other);
        close_stage(&stage);
    }
}

static void a_start_that_could_not_be_read_is_read_again(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    owner_commit(&stage.owner, UNIT, 50);
    stage.owner.failing = true;
    struct ear *ear = ear_open(&stage);
    ear_follow(ear, (struct follow){.from = 0, .credit = 100});
    hear_nothing_more(ear);
    assert_int_equal(stage.owner.start_count, 0);
    stage.owner.failing = false;
    publish_turn(stage.owner.publisher);
    hear(ear, &ear->skips, 1);
    owner_commit(&stage.owner, UNIT, 1);
    hear(ear, &ear->count, 1);
    ear_close(ear);
    close_stage(&stage);
}

static void what_a_follow_says_must_make_sense(void **state) {
    static const struct {
        struct follow follow;
        const char *field;
    } cases[] = {
        {{.from = 1, .from_at = 5, .credit = 1}, "from_at"},
        {{.from = 0, .from_at = -5, .credit = 1}, "from_at"},
        {{.from = 1, .filter = "colour=red", .credit = 1}, "filter"},
        {{.from = 1, .filter = "severity=", .credit = 1}, "filter"},
        {{.from = 1, .group = "a b", .credit = 1}, "group"},
        {{.from = 1, .group = "g'", .credit = 1}, "group"},
        {{.from = 1, .credit = FOLLOW_CREDIT_MAX + 1}, "credit"},
    };
    (void)state;
    struct stage stage;
    open_stage(&stage, 10);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct ear *ear = ear_open(&stage);
        ear_follow(ear, cases[i].follow);
        hear(ear, &ear->refusals, 1);
        assert_string_equal(ear->refused.field, cases[i].field);
        assert_string_equal(ear->refused.key, UNIT);
        ear_close(ear);
    }
    assert_int_equal(metric_value(METRIC_followers), 0);
    close_stage(&stage);
}

/* ---- filters -------------------------------------------------------------------------------------------------------------- */

static void what_the_filter_leaves_out_is_skipped_and_costs_no_credit(void **state) {
    (void)state;
    for (int live = 0; live < 2; live++) { /* from the table, and from the ring */
        struct stage stage;
        open_stage(&stage, 10);
        if (!live)
            owner_commit(&stage.owner, UNIT, 3000);
        struct ear *ear = ear_open(&stage);
        ear_follow(ear, (struct follow){.from = 1, .credit = 1000, .filter = "severity=red"});
        if (live) {
            converse((struct ear *const[]){ear, NULL}, QUIET_MS, NULL, 0);
            owner_commit(&stage.owner, UNIT, 3000);
        }
        hear(ear, &ear->count, 1000);
        for (uint64_t i = 0; i < ear->count; i++)
            assert_int_equal(ear->seqs[i], 3 * (i + 1));
        owner_commit(&stage.owner, UNIT, 3); /* 3003 is red and there is no credit */
        hear_nothing_more(ear);
        ear_credit(ear, 3000, 1);
        hear(ear, &ear->count, 1001);
        ear_close(ear);
        close_stage(&stage);
    }
}

static void the_cursor_moves_with_the_next_round_of_heads(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    owner_commit(&stage.owner, UNIT, 5000);
    struct ear *ear = ear_open(&stage);
    ear_follow(ear, (struct follow){.from = 1, .credit = 1, .filter = "severity=blue"});
    hear(ear, &ear->head, 5000);
    hear_nothing_more(ear);
    publish_turn(stage.owner.publisher);
    hear(ear, &ear->skipped_to, 5000);
    owner_commit(&stage.owner, UNIT, 7);
    publish_turn(stage.owner.publisher);
    hear(ear, &ear->skipped_to, 5007);
    uint64_t skips = ear->skips;
    publish_turn(stage.owner.publisher);
    hear_nothing_more(ear);
    assert_int_equal(ear->skips, skips); /* said once */
    assert_int_equal(ear->count, 0);
    ear_close(ear);
    close_stage(&stage);
}

static void followers_with_and_without_filter_do_not_disturb_each_other(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    owner_commit(&stage.owner, UNIT, 9000);
    struct ear *all = ear_open(&stage), *some = ear_open(&stage);
    ear_follow(all, (struct follow){.from = 1, .credit = 50000});
    ear_follow(some, (struct follow){.from = 1, .credit = 50000, .filter = "severity=red"});
    converse((struct ear *const[]){all, some, NULL}, PATIENCE_MS, &all->count, 9000);
    for (int i = 0; i < 100; i++) {
        owner_commit(&stage.owner, UNIT, 10);
        converse((struct ear *const[]){all, some, NULL}, 1, NULL, 0);
    }
    converse((struct ear *const[]){all, some, NULL}, PATIENCE_MS, &all->count, 10000);
    converse((struct ear *const[]){all, some, NULL}, PATIENCE_MS, &some->count, 3333);
    assert_int_equal(all->count, 10000);
    assert_int_equal(some->count, 3333);
    ear_close(all);
    ear_close(some);
    close_stage(&stage);
}

static void many_followers_of_one_stream_share_its_reads(void **state) {
    struct stage stage;
    struct ear *ears[9] = {NULL};
    (void)state;
    open_stage(&stage, 10);
    owner_commit(&stage.owner, UNIT, 20000);
    for (int i = 0; i < 8; i++) {
        ears[i] = ear_open(&stage);
        ear_follow(ears[i], (struct follow){.from = 1, .credit = 50000});
    }
    stage.owner.stalled = true;
    converse(ears, QUIET_MS, NULL, 0);
    stage.owner.stalled = false;
    for (int i = 0; i < 8; i++)
        converse(ears, PATIENCE_MS, &ears[i]->count, 20000);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(ears[i]->count, 20000);
        ear_close(ears[i]);
    }
    assert_true(stage.owner.entries_read < 3 * 20000);
    close_stage(&stage);
}

/* ---- who floods ---------------------------------------------------------------------------------------------------------------- */

static void a_flood_of_frames_harms_only_its_sender(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    struct ear *flood = ear_open(&stage), *other = ear_open(&stage);
    ear_follow(flood, (struct follow){.from = 1, .credit = 10});
    ear_follow(other, (struct follow){.from = 1, .credit = 100});
    converse((struct ear *const[]){flood, other, NULL}, QUIET_MS, NULL, 0);
    for (int i = 0; i < 3 * FRAMES_PER_SECOND_MAX; i++)
        ear_credit(flood, 0, 0);
    converse((struct ear *const[]){flood, other, NULL}, PATIENCE_MS, &flood->refusals, 1);
    assert_string_equal(flood->refused.field, "frames");
    owner_commit(&stage.owner, UNIT, 5);
    converse((struct ear *const[]){flood, other, NULL}, PATIENCE_MS, &other->count, 5);
    assert_int_equal(other->count, 5);
    assert_int_equal(other->refusals, 0);
    assert_true(flood->refusals <= 3); /* one a second */
    ear_close(flood);
    ear_close(other);
    close_stage(&stage);
}

static void what_is_no_case_moved_is_left_out_aloud(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 0);
    owner_commit(&stage.owner, UNIT, 2);
    stage.owner.cases = 10;
    struct ear *ear = ear_open(&stage);
    ear_follow(ear, (struct follow){.from = 3, .credit = 10});
    hear(ear, &ear->head, 2);
    stage.owner.cases = 0;
    owner_commit(&stage.owner, UNIT, 1);
    stage.owner.cases = 10;
    owner_commit(&stage.owner, UNIT, 1);
    hear(ear, &ear->count, 1);
    assert_int_equal(ear->seqs[0], 4);
    assert_int_equal(ear->skipped_to, 3);
    ear_close(ear);
    close_stage(&stage);
}

/* The limit is made small by what others are said to have. */
static void who_applies_nothing_gets_no_more_than_its_share(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    owner_commit(&stage.owner, UNIT, 5000);
    struct publisher *publisher = stage.owner.publisher;
    publisher->unapplied = UNAPPLIED_BYTES_MAX + 1;
    publisher->departments = UNAPPLIED_BYTES_MAX / UNAPPLIED_SHARE_BYTES_MIN;
    struct ear *ear = ear_open(&stage);
    ear_follow(ear, (struct follow){.from = 1, .credit = 5000});
    struct ear *const ears[] = {ear, NULL};
    converse(ears, PATIENCE_MS, &ear->count, 100);
    converse(ears, QUIET_MS, NULL, 0);
    assert_in_range(ear->count, 100, 1000);
    uint64_t before = ear->count;
    ear_credit(ear, before, 0); /* it has applied them */
    converse(ears, PATIENCE_MS, &ear->count, before + 100);
    converse(ears, QUIET_MS, NULL, 0);
    assert_in_range(ear->count, before + 100, 2 * before + 1);
    publisher->unapplied -= UNAPPLIED_BYTES_MAX + 1;
    ear_credit(ear, before + 2, 0);
    hear(ear, &ear->count, 5000);
    ear_credit(ear, 5000, 0);
    for (struct spell spell = spell_of(PATIENCE_MS); publisher->unapplied > 0 && spell_lasts(&spell);)
        converse(ears, QUIET_MS / 4, NULL, 0);
    assert_int_equal(publisher->unapplied, 0);
    ear_close(ear);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follow_begins_where_it_asks_to),
        cmocka_unit_test(who_follows_anew_gets_nothing_twice),
        cmocka_unit_test(a_start_that_could_not_be_read_is_read_again),
        cmocka_unit_test(what_a_follow_says_must_make_sense),
        cmocka_unit_test(what_the_filter_leaves_out_is_skipped_and_costs_no_credit),
        cmocka_unit_test(the_cursor_moves_with_the_next_round_of_heads),
        cmocka_unit_test(followers_with_and_without_filter_do_not_disturb_each_other),
        cmocka_unit_test(many_followers_of_one_stream_share_its_reads),
        cmocka_unit_test(a_flood_of_frames_harms_only_its_sender),
        cmocka_unit_test(who_applies_nothing_gets_no_more_than_its_share),
        cmocka_unit_test(what_is_no_case_moved_is_left_out_aloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
