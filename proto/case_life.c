#include "proto/case_life.h"

#include <assert.h>
#include <string.h>

#define MOVE(...)
#define STATE(state, is_open, in_zh, says) \
    [CASE_##state] = {.name = #state, .open = is_open, .zh = in_zh, .meaning = says},
static const struct state_spec states[CASE_STATE_COUNT] = {
    [CASE_none] = {.name = "none", .open = false, .zh = "", .meaning = "before the first move"},
#include "proto/case_life.def"
};
#undef STATE
#undef MOVE

#define STATE(...)
#define MOVE(move, before, after, who, runs, says) \
    {.name = #move, .from = CASE_##before, .to = CASE_##after, .by = BY_##who, .clock = CLOCK_##runs, .meaning = says},
static const struct move_spec moves[] = {
#include "proto/case_life.def"
};
#undef STATE
#undef MOVE

#define MOVE_COUNT (sizeof moves / sizeof *moves)

const struct state_spec *case_state_spec(enum case_state state) {
    assert((size_t)state < CASE_STATE_COUNT);
    return &states[state];
}

enum case_state case_state_named(const char *name) {
    size_t state = 0;
    while (state < CASE_STATE_COUNT && strcmp(states[state].name, name) != 0)
        state++;
    return (enum case_state)state;
}

const struct move_spec *case_move(const char *move, enum case_state from) {
    for (size_t i = 0; i < MOVE_COUNT; i++)
        if (moves[i].from == from && strcmp(moves[i].name, move) == 0)
            return &moves[i];
    return NULL;
}

const struct move_spec *case_moves(size_t *count) {
    *count = MOVE_COUNT;
    return moves;
}
