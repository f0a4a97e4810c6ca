#include "common/publish_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Deals what is wanted until nothing is; every seq of case seq % cases. Returns how many entries were dealt. */
static uint64_t deal_all(struct deal *deal, uint64_t head, uint64_t cases) {
    uint64_t count = 0;
    for (uint64_t seq; (seq = deal_wanted(deal)) != 0 && seq <= head;)
        count += deal_entry(deal, seq, seq % cases + 1) >= 0;
    return count;
}

static int join(struct deal *deal, uint64_t credit) {
    int member = deal_join(deal);
    assert_true(member >= 0);
    deal_set_credit(deal, member, credit);
    return member;
}

static void each_entry_goes_to_one_member_and_all_get_some(void **state) {
    struct deal *deal = deal_open(100);
    int a = join(deal, 500), b = join(deal, 500);
    (void)state;
    assert_int_equal(deal_all(deal, 1100, 1000), 1000);
    assert_int_equal(deal_credit(deal, a) + deal_credit(deal, b), 0);
    deal_set_credit(deal, a, 100);
    deal_set_credit(deal, b, 1000);
    assert_int_equal(deal_all(deal, 1200, 100000), 100);
    assert_in_range(deal_credit(deal, a), 36, 68); /* turn by turn, whatever credit they have */
    deal_set_credit(deal, a, 0);
    deal_set_credit(deal, b, 0);
    assert_int_equal(deal_wanted(deal), 0);
    assert_int_equal(deal_mark(deal), 100);
    assert_int_equal(deal_next(deal), 1201);
    deal_close(&deal);
    assert_null(deal);
}

static void entries_of_a_case_stay_with_its_member_while_one_is_under_way(void **state) {
    struct deal *deal = deal_open(0);
    int a = join(deal, 0), b = join(deal, 10);
    (void)state;
    assert_int_equal(deal_entry(deal, 1, 7), b); /* a has no credit yet */
    deal_set_credit(deal, a, 1);
    assert_int_equal(deal_entry(deal, 2, 7), b);
    deal_set_credit(deal, b, 0);
    assert_int_equal(deal_entry(deal, 3, 7), DEAL_NOT_NOW); /* not to a, which has credit */
    assert_int_equal(deal_entry(deal, 4, 7), DEAL_NOT_NOW);
    assert_int_equal(deal_entry(deal, 5, 8), a);
    deal_set_credit(deal, a, 10);
    assert_int_equal(deal_wanted(deal), 6); /* those of case 7 wait for b; the stream goes on */
    assert_int_equal(deal_applied(deal, b, 2), 0);
    assert_int_equal(deal_mark(deal), 2);
    assert_int_equal(deal_wanted(deal), 3); /* nothing of case 7 is under way: anybody may have it */
    assert_int_equal(deal_entry(deal, 3, 7), a);
    assert_int_equal(deal_wanted(deal), 4);
    assert_int_equal(deal_entry(deal, 4, 7), a);
    deal_close(&deal);
}

static void what_a_member_had_under_way_goes_to_others_in_order(void **state) {
    struct deal *deal = deal_open(0);
    int a = join(deal, 4);
    (void)state;
    assert_int_equal(deal_all(deal, 4, 2), 4);
    assert_int_equal(deal_applied(deal, a, 1), 0);
    int b = join(deal, 10);
    deal_leave(deal, a);
    for (uint64_t seq = 2; seq <= 4; seq++) {
        assert_int_equal(deal_wanted(deal), seq);
        assert_int_equal(deal_entry(deal, seq, seq % 2 + 1), b);
    }
    assert_int_equal(deal_wanted(deal), 5);
    assert_int_equal(deal_applied(deal, b, 4), 0);
    assert_int_equal(deal_mark(deal), 4);
    deal_close(&deal);
}

static void applied_counts_in_the_order_of_sending(void **state) {
    struct deal *deal = deal_open(0);
    int a = join(deal, 1), b = join(deal, 0);
    (void)state;
    assert_int_equal(deal_entry(deal, 1, 1), a);
    deal_set_credit(deal, b, 1);
    assert_int_equal(deal_entry(deal, 2, 2), b);
    deal_leave(deal, a);
    deal_set_credit(deal, b, 5);
    assert_int_equal(deal_entry(deal, 1, 1), b); /* sent behind 2 */
    assert_int_equal(deal_applied(deal, b, 2), 0);
    assert_int_equal(deal_mark(deal), 0);
    assert_int_equal(deal_applied(deal, b, 3), -1); /* was never dealt */
    assert_int_equal(deal_applied(deal, b, 2), 0);  /* said twice */
    assert_int_equal(deal_applied(deal, b, 1), 0);
    assert_int_equal(deal_mark(deal), 2);
    assert_int_equal(deal_applied(deal, b, 0), 0);
    deal_close(&deal);
}

static void another_members_entries_cannot_be_finished(void **state) {
    struct deal *deal = deal_open(0);
    int a = join(deal, 2);
    (void)state;
    assert_int_equal(deal_all(deal, 2, 9), 2);
    int b = join(deal, 2);
    assert_int_equal(deal_applied(deal, b, 2), 0);
    assert_int_equal(deal_mark(deal), 0);
    assert_int_equal(deal_applied(deal, a, 2), 0);
    assert_int_equal(deal_mark(deal), 2);
    deal_close(&deal);
}

static void the_window_is_bounded(void **state) {
    struct deal *deal = deal_open(0);
    int slow = join(deal, 1);
    (void)state;
    assert_int_equal(deal_entry(deal, 1, 1), slow);
    int fast = join(deal, 0);
    uint64_t head = 3 * DEAL_WINDOW_ENTRIES_MAX, dealt = 1;
    for (int i = 0; i < 1000; i++) {
        deal_set_credit(deal, fast, 100);
        dealt += deal_all(deal, head, head);
        assert_int_equal(deal_applied(deal, fast, deal_next(deal) - 1), 0);
    }
    assert_int_equal(dealt, DEAL_WINDOW_ENTRIES_MAX);
    assert_int_equal(deal_wanted(deal), 0);
    assert_int_equal(deal_entry(deal, deal_next(deal), 5), DEAL_NOT_NOW);
    assert_int_equal(deal_applied(deal, slow, 1), 0);
    assert_int_equal(deal_mark(deal), DEAL_WINDOW_ENTRIES_MAX);
    assert_int_equal(deal_wanted(deal), DEAL_WINDOW_ENTRIES_MAX + 1);
    deal_close(&deal);
}

static void what_nobody_wants_counts_as_finished(void **state) {
    struct deal *deal = deal_open(0);
    int a = join(deal, 5);
    (void)state;
    deal_leave_out(deal, 1);
    assert_int_equal(deal_mark(deal), 1);
    assert_int_equal(deal_entry(deal, 2, 1), a);
    deal_leave_out(deal, 3);
    deal_leave_out(deal, 3);
    assert_int_equal(deal_entry(deal, 3, 1), DEAL_NOT_WANTED);
    assert_int_equal(deal_mark(deal), 1);
    assert_int_equal(deal_applied(deal, a, 2), 0);
    assert_int_equal(deal_mark(deal), 3);
    deal_close(&deal);
}

static void a_group_has_a_place_for_so_many(void **state) {
    struct deal *deal = deal_open(0);
    (void)state;
    for (int i = 0; i < DEAL_MEMBERS_MAX; i++)
        assert_int_equal(deal_join(deal), i);
    assert_int_equal(deal_join(deal), -1);
    deal_leave(deal, 5);
    assert_int_equal(deal_join(deal), 5);
    deal_close(&deal);
}

/* ---- any order of events: nothing lost, nothing doubled while its member lives, order per case ---------------------- */

#define MEMBERS 5
#define ENTRIES 3000
#define SENT_MAX 400000

static struct {
    uint64_t sent[MEMBERS][SENT_MAX];
    size_t sent_count[MEMBERS], applied_count[MEMBERS];
    int number[MEMBERS]; /* in the deal, -1: not a member now */
    bool finished[ENTRIES + 1];
    int holder[ENTRIES + 1]; /* who has it under way, -1: nobody */
} game;

static uint64_t case_of(uint64_t seq) {
    return seq * 7919 % 37 % 12 + 1;
}

static void play_deal(struct deal *deal) {
    uint64_t seq = deal_wanted(deal);
    if (seq == 0 || seq > ENTRIES)
        return;
    if (seq == deal_next(deal) && seq % 11 == 0) {
        deal_leave_out(deal, seq);
        game.finished[seq] = true;
        return;
    }
    uint64_t end = seq + (uint64_t)random() % 40; /* a run of rows as they come from the table */
    for (; seq < end && seq <= ENTRIES && !(seq >= deal_next(deal) && seq % 11 == 0); seq++) {
        int number = deal_entry(deal, seq, case_of(seq));
        if (number < 0)
            continue;
        int who = 0;
        while (game.number[who] != number)
            who++;
        assert_int_equal(game.holder[seq], -1);
        assert_false(game.finished[seq]);
        for (uint64_t other = 1; other <= ENTRIES; other++) {
            if (case_of(other) != case_of(seq) || other == seq || game.finished[other])
                continue;
            if (game.holder[other] >= 0)
                assert_true(other < seq && game.holder[other] == who);
            else
                assert_true(other > seq); /* an earlier one of its case would have to go first */
        }
        game.holder[seq] = who;
        game.sent[who][game.sent_count[who]++] = seq;
    }
}

static void play_apply(struct deal *deal, int who) {
    size_t *applied = &game.applied_count[who];
    if (*applied == game.sent_count[who])
        return;
    size_t more = 1 + (size_t)random() % (game.sent_count[who] - *applied);
    for (size_t i = 0; i < more; i++, (*applied)++) {
        game.finished[game.sent[who][*applied]] = true;
        game.holder[game.sent[who][*applied]] = -1;
    }
    assert_int_equal(deal_applied(deal, game.number[who], game.sent[who][*applied - 1]), 0);
}

static void play_leave(struct deal *deal, int who) {
    for (size_t i = game.applied_count[who]; i < game.sent_count[who]; i++)
        game.holder[game.sent[who][i]] = -1;
    game.applied_count[who] = game.sent_count[who];
    deal_leave(deal, game.number[who]);
    game.number[who] = -1;
}

static void any_order_of_events_loses_and_doubles_nothing(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct deal *deal = deal_open(0);
        memset(&game, 0, sizeof game);
        memset(game.holder, 0xff, sizeof game.holder);
        memset(game.number, 0xff, sizeof game.number);
        srandom(seed);
        for (int step = 0; step < 200000 && deal_mark(deal) < ENTRIES; step++) {
            int who = (int)(random() % MEMBERS), what = (int)(random() % 100);
            if (game.number[who] < 0) {
                if (what < 30)
                    game.number[who] = deal_join(deal);
            } else if (what < 2)
                play_leave(deal, who);
            else if (what < 30)
                play_apply(deal, who);
            else if (what < 60)
                deal_set_credit(deal, game.number[who], deal_credit(deal, game.number[who]) + (uint64_t)random() % 30);
            else
                play_deal(deal);
            uint64_t mark = deal_mark(deal);
            assert_true(mark == 0 || game.finished[mark]);
            assert_true(mark == ENTRIES || mark + 1 >= deal_next(deal) || !game.finished[mark + 1]);
        }
        assert_int_equal(deal_mark(deal), ENTRIES);
        for (uint64_t seq = 1; seq <= ENTRIES; seq++)
            assert_true(game.finished[seq]);
        deal_close(&deal);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_goes_to_one_member_and_all_get_some),
        cmocka_unit_test(entries_of_a_case_stay_with_its_member_while_one_is_under_way),
        cmocka_unit_test(what_a_member_had_under_way_goes_to_others_in_order),
        cmocka_unit_test(applied_counts_in_the_order_of_sending),
        cmocka_unit_test(another_members_entries_cannot_be_finished),
        cmocka_unit_test(the_window_is_bounded),
        cmocka_unit_test(what_nobody_wants_counts_as_finished),
        cmocka_unit_test(a_group_has_a_place_for_so_many),
        cmocka_unit_test(any_order_of_events_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
