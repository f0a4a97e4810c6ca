#include "common/publish.h"

#include "tests/unit/publish_events.h"

/* The stream ended at 50 and went on at 1001; it ended at 1003, had a life without entries, and went on at 3001. */
static void who_follows_into_what_restores_have_undone_hears_it(void **state) {
    static const struct {
        const char *group;
        uint64_t first, from; /* the oldest that is kept */
        uint64_t hears_before, goes_on, void_from;
    } cases[] = {
        {"", 1, 51, 0, 1001, 51},         {"", 1, 60, 0, 1001, 51},        {"", 1, 1000, 0, 1001, 51},
        {"", 1, 1, 50, 1001, 51},         {"g", 1, 1, 50, 1001, 51},       {"g", 1, 60, 0, 1001, 51},
        {"", 1, 1001, 3, 3001, 1004},     {"", 1, 1050, 0, 3001, 1004},    {"", 1, 2001, 0, 3001, 2001},
        {"", 1, 2050, 0, 3001, 2001},     {"g", 1, 1001, 3, 3001, 1004},   {"", 1002, 60, 0, 1002, 51},
        {"", 1002, 51, 0, 1002, 0},       {"", 1002, 40, 0, 1002, 0},      {"", 1001, 40, 0, 1001, 0},
        {"", 3001, 60, 0, 3001, 51},      {"", 3001, 1004, 0, 3001, 1004}, {"", 3002, 60, 0, 3002, 51},
        {"g", 3002, 1050, 0, 3002, 1004},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stage stage;
        open_stage(&stage, 10);
        struct owned_stream *stream = owner_stream(&stage.owner, UNIT);
        owner_commit(&stage.owner, UNIT, 50);
        stream->head = 1000;
        owner_commit(&stage.owner, UNIT, 3);
        stream->head = 3000;
        owner_commit(&stage.owner, UNIT, 3);
        stream->first = cases[i].first;
        stream->voids = (struct voids){.count = 3, .each = {{51, 1001}, {1004, 2001}, {2001, 3001}}};
        struct ear *ear = ear_open(&stage);
        struct follow follow = {.from = cases[i].from, .credit = 100};
        strcpy(follow.group, cases[i].group);
        ear_follow(ear, follow);
        hear(ear, &ear->count, cases[i].hears_before);
        if (ear->in_group && ear->count > 0)
            ear_credit(ear, ear->seqs[ear->count - 1], 0);
        hear(ear, &ear->cuts, 1);
        assert_int_equal(ear->count, cases[i].hears_before);
        assert_int_equal(ear->truncated.first, cases[i].goes_on);
        assert_int_equal(ear->truncated.void_from, cases[i].void_from);
        follow.from = cases[i].goes_on;
        stage.owner.mark_found = follow.group[0] != '\0';
        stage.owner.mark = cases[i].from + cases[i].hears_before - 1;
        ear_follow(ear, follow);
        uint64_t life_end = cases[i].goes_on < 3000 ? 1003 : 3003;
        hear(ear, &ear->count, cases[i].hears_before + life_end - cases[i].goes_on + 1);
        assert_int_equal(ear->seqs[cases[i].hears_before], cases[i].goes_on);
        ear_close(ear);
        close_stage(&stage);
    }
}

/* The owner lives through a restore: what it knew of the stream when the follow began is of another city. */
static void a_restore_under_a_follow_is_told_as_the_table_knows_it(void **state) {
    static const char *const groups[] = {"", "g"};
    (void)state;
    for (size_t i = 0; i < LENGTH(groups); i++) {
        struct stage stage;
        open_stage(&stage, 10);
        struct owned_stream *stream = owner_stream(&stage.owner, UNIT);
        owner_commit(&stage.owner, UNIT, 50);
        struct ear *ear = ear_open(&stage);
        struct follow follow = {.from = 1, .credit = 100};
        strcpy(follow.group, groups[i]);
        ear_follow(ear, follow);
        hear(ear, &ear->count, 50);
        stream->voids = (struct voids){.count = 1, .each = {{31, 1001}}};
        stream->head = 1000;
        owner_commit(&stage.owner, UNIT, 3);
        ear_credit(ear, 50, 0);
        hear(ear, &ear->cuts, 1);
        assert_int_equal(ear->count, 50);
        assert_int_equal(ear->truncated.first, 1001);
        assert_int_equal(ear->truncated.void_from, 31);
        ear_close(ear);
        close_stage(&stage);
    }
}

/* Entries of a group are still under way when its owner finds that nothing follows them: what is finished later must count, or whoever
 * goes on behind the gap is brought back to them and to the gap, for ever. */
static void a_group_gets_over_a_gap_with_entries_under_way(void **state) {
    struct stage stage;
    (void)state;
    open_stage(&stage, 10);
    struct owned_stream *stream = owner_stream(&stage.owner, UNIT);
    owner_commit(&stage.owner, UNIT, 50);
    stream->voids = (struct voids){.count = 1, .each = {{51, 1001}}};
    stream->head = 1000;
    owner_commit(&stage.owner, UNIT, 3);
    struct ear *ear = ear_open(&stage);
    struct follow follow = {.from = 1, .credit = 100, .group = "g"};
    ear_follow(ear, follow);
    hear(ear, &ear->count, 50);
    struct ear *const ears[] = {ear, NULL};
    converse(ears, QUIET_MS, NULL, 0);
    assert_int_equal(ear->cuts, 0); /* it may still finish what it has */
    ear_credit(ear, 50, 50);
    hear(ear, &ear->cuts, 1);
    assert_int_equal(stage.owner.mark, 50);
    assert_int_equal(ear->truncated.first, 1001);
    assert_int_equal(ear->truncated.void_from, 51);
    follow.from = 1001;
    ear_follow(ear, follow);
    hear(ear, &ear->count, 53);
    assert_int_equal(ear->seqs[50], 1001);
    converse(ears, QUIET_MS, NULL, 0);
    assert_int_equal(ear->cuts, 1);
    ear_close(ear);
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_follows_into_what_restores_have_undone_hears_it),
        cmocka_unit_test(a_restore_under_a_follow_is_told_as_the_table_knows_it),
        cmocka_unit_test(a_group_gets_over_a_gap_with_entries_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
