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

static void every_open_state_can_reach_a_closed_one(void **state) {
    (void)state;
    bool closing[CASE_STATE_COUNT] = {false};
    for (int i = CASE_none + 1; i < CASE_STATE_COUNT; i++)
        closing[i] = !case_state_spec((enum case_state)i)->open;
    spread(closing, true);
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        if (!closing[i])
            fail_msg("%s can never be closed", case_state_spec((enum case_state)i)->name);
}

static void every_open_state_has_a_deadline_move(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    bool moves_on[CASE_STATE_COUNT] = {false};
    for (size_t i = 0; i < count; i++)
        if (moves[i].by == BY_DEADLINE)
            moves_on[moves[i].from] = true;
    for (int i = CASE_none + 1; i < CASE_STATE_COUNT; i++) {
        const struct state_spec *spec = case_state_spec((enum case_state)i);
        if (spec->open && !moves_on[i])
            fail_msg("a deadline that passes in %s moves nothing", spec->name);
        if (!spec->open && moves_on[i])
            fail_msg("%s is closed and has no deadline, yet one moves it", spec->name);
    }
}

static void the_clock_stops_exactly_when_the_case_closes(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++) {
        bool stops = moves[i].clock == CLOCK_STOP;
        if (stops == case_state_spec(moves[i].to)->open)
            fail_msg("%s from %s", moves[i].name, case_state_spec(moves[i].from)->name);
        if (moves[i].clock == CLOCK_KEEP && !case_state_spec(moves[i].from)->open)
            fail_msg("%s keeps a clock that does not run", moves[i].name);
    }
}

static void no_move_leaves_a_state_twice(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (moves[i].from == moves[j].from && strcmp(moves[i].name, moves[j].name) == 0)
                fail_msg("%s from %s stands twice", moves[i].name, case_state_spec(moves[i].from)->name);
}

static void every_line_is_found_and_nothing_else(void **state) {
    (void)state;
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(case_move(moves[i].name, moves[i].from), &moves[i]);
    assert_null(case_move("close", CASE_reported));
    assert_null(case_move("sign", CASE_closed));
    assert_null(case_move("", CASE_none));
    assert_null(case_move("Close", CASE_handling));
    assert_int_equal(case_move("sign", CASE_dispatched)->to, CASE_handling);
    assert_int_equal(case_move("sign", CASE_dispatched)->clock, CLOCK_KEEP);
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
        cmocka_unit_test(every_open_state_can_reach_a_closed_one),
        cmocka_unit_test(every_open_state_has_a_deadline_move),
        cmocka_unit_test(the_clock_stops_exactly_when_the_case_closes),
        cmocka_unit_test(no_move_leaves_a_state_twice),
        cmocka_unit_test(every_line_is_found_and_nothing_else),
        cmocka_unit_test(states_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
