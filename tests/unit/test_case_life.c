#include "proto/case_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Marks every state that a walk along the moves reaches from the marked ones; backwards: from which one is reached. */
static void spread(bool marked[CASE_STATE_COUNT], bool backwards) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < count; i++) {
            if (moves[i].from == CASE_any_open)
                continue; /* stays where it is */
            enum case_state start = backwards ? moves[i].to : moves[i].from;
            enum case_state end = backwards ? moves[i].from : moves[i].to;
            grew = grew || (marked[start] && !marked[end]);
            marked[end] = marked[end] || marked[start];
        }
    }
}

static void every_state_is_reached_from_none(void **state) {
    (void)state;
    bool reached[CASE_STATE_COUNT] = {[CASE_none] = true};
    spread(reached, false);
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        if (!reached[i])
            fail_msg("no way leads to %s", case_state_spec((enum case_state)i)->name);
}

static void every_state_can_reach_the_archive(void **state) {
    (void)state;
    bool closing[CASE_STATE_COUNT] = {[CASE_archived] = true};
    spread(closing, true);
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        if (!closing[i])
            fail_msg("%s can never be archived", case_state_spec((enum case_state)i)->name);
}

static const struct move_spec *line_for(enum case_state from, const char *move, uint32_t hats) {
    for (const struct move_spec *line = case_move(move, from); line != NULL; line = case_move_next(line, from))
        if (line->hats & hats)
            return line;
    return NULL;
}

static void a_deadline_has_a_move_for_every_open_state(void **state) {
    static const char *const words[] = {"warn", "alarm", "supervise", "remind"};
    (void)state;
    for (int i = CASE_none + 1; i < CASE_STATE_COUNT; i++) {
        const struct state_spec *spec = case_state_spec((enum case_state)i);
        for (size_t word = 0; word < sizeof words / sizeof *words; word++)
            if (spec->open != (line_for((enum case_state)i, words[word], HAT_deadline) != NULL))
                fail_msg("%s of a case that is %s", words[word], spec->name);
    }
    assert_non_null(line_for(CASE_needs_info, "lapse", HAT_deadline));
    assert_non_null(line_for(CASE_suspended, "resume", HAT_deadline));
    assert_non_null(line_for(CASE_closed, "archive", HAT_deadline));
    assert_non_null(line_for(CASE_declined, "archive", HAT_deadline));
}

static void clocks_rest_exactly_when_the_case_ends(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++) {
        if (moves[i].to == CASE_same)
            continue;
        bool ends = moves[i].clock == CLOCK_STOP || moves[i].clock == CLOCK_REST;
        if (ends == case_state_spec(moves[i].to)->open)
            fail_msg("%s to %s", moves[i].name, case_state_spec(moves[i].to)->name);
    }
}

static void lines_of_one_move_differ_in_their_guard_or_hats_and_the_last_takes_what_is_left(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (moves[i].from == moves[j].from && strcmp(moves[i].name, moves[j].name) == 0 &&
                moves[i].guard == moves[j].guard && (moves[i].hats & moves[j].hats))
                fail_msg("%s from %s stands twice", moves[i].name, case_state_spec(moves[i].from)->name);
}

static void every_move_names_a_hat_that_some_role_brings_or_a_rule_wears(void **state) {
    (void)state;
    size_t count, role_count;
    const struct move_spec *moves = case_moves(&count);
    const struct role_spec *roles = case_roles(&role_count);
    uint32_t worn = HAT_channel | HAT_likeness | HAT_deadline | HAT_parent | HAT_calendar;
    for (size_t i = 0; i < role_count; i++)
        worn |= roles[i].hats;
    for (size_t i = 0; i < count; i++) {
        if ((moves[i].hats & worn) == 0)
            fail_msg("nobody can %s", moves[i].name);
        if (moves[i].meaning[0] == '\0' || moves[i].zh[0] == '\0')
            fail_msg("%s says nothing", moves[i].name);
    }
}

static void lines_are_found_from_their_states(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++) {
        enum case_state from = moves[i].from == CASE_any_open ? CASE_handling : moves[i].from;
        const struct move_spec *line = case_move(moves[i].name, from);
        while (line != NULL && line != &moves[i])
            line = case_move_next(line, from);
        assert_ptr_equal(line, &moves[i]);
    }
    assert_null(case_move("verify", CASE_reported));
    assert_null(case_move("sign", CASE_closed));
    assert_null(case_move("", CASE_none));
    assert_null(case_move("Sign", CASE_dispatched));
    assert_null(case_move("urge", CASE_closed));
    assert_int_equal(case_move_to(case_move("sign", CASE_dispatched), CASE_dispatched), CASE_handling);
    assert_int_equal(case_move_to(case_move("urge", CASE_suspended), CASE_suspended), CASE_suspended);
    assert_true(case_move_exists("archive"));
    assert_false(case_move_exists("vanish"));
    assert_int_equal(case_role("caller")->hats, HAT_caller);
    assert_null(case_role("king"));
}

static void states_are_found_by_name(void **state) {
    (void)state;
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        assert_int_equal(case_state_named(case_state_spec((enum case_state)i)->name), i);
    assert_int_equal(case_state_named("none"), CASE_none);
    assert_int_equal(case_state_named("nowhere"), CASE_STATE_COUNT);
    assert_int_equal(case_state_named(""), CASE_STATE_COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_reached_from_none),
        cmocka_unit_test(every_state_can_reach_the_archive),
        cmocka_unit_test(a_deadline_has_a_move_for_every_open_state),
        cmocka_unit_test(clocks_rest_exactly_when_the_case_ends),
        cmocka_unit_test(lines_of_one_move_differ_in_their_guard_or_hats_and_the_last_takes_what_is_left),
        cmocka_unit_test(every_move_names_a_hat_that_some_role_brings_or_a_rule_wears),
        cmocka_unit_test(lines_are_found_from_their_states),
        cmocka_unit_test(states_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
