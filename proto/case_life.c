#include "proto/case_life.h"

#include <assert.h>
#include <string.h>

#define STATE(state, is_open, in_zh, says) \
    [CASE_##state] = {.name = #state, .open = is_open, .zh = in_zh, .meaning = says},
static const struct state_spec states[CASE_STATE_COUNT] = {
    [CASE_none] = {.name = "none", .open = false, .zh = "", .meaning = "before the first move"},
#include "proto/case_life_lines.h"
};

#define HAT(hat, in_zh, says) {#hat, in_zh, says},
static const struct hat_spec hats[HAT_COUNT] = {
#include "proto/case_life_lines.h"
};

#define ROLE(role, wears, in_zh, says) {#role, wears, in_zh, says},
static const struct role_spec roles[] = {
#include "proto/case_life_lines.h"
};

#define MOVE(move, before, after, who, must, runs, wants, in_zh, says) \
    {.name = #move, \
     .from = CASE_##before, \
     .to = CASE_##after, \
     .hats = who, \
     .guard = GUARD_##must, \
     .clock = CLOCK_##runs, \
     .needs = wants, \
     .zh = in_zh, \
     .meaning = says},
static const struct move_spec moves[] = {
#include "proto/case_life_lines.h"
};

#define MOVE_COUNT (sizeof moves / sizeof *moves)
#define ROLE_COUNT (sizeof roles / sizeof *roles)

static const char *const guard_names[GUARD_COUNT] = {
    "always",       "not_asked",      "in_time",    "like_parent",    "calls_back", "first_dispatch", "may_return",
    "was_returned", "return_in_time", "not_top",    "room_for_tasks", "is_called",  "may_extend",     "extension_asked",
    "may_suspend",  "last_attempt",   "not_redone", "not_supervised", "stricter",   "room_for_files",
};

static const char *const clock_names[] = {
    [CLOCK_START] = "start",       [CLOCK_SIGNED] = "signed", [CLOCK_CONTACTED] = "contacted",
    [CLOCK_SILENT] = "silent",     [CLOCK_HOLD] = "hold",     [CLOCK_RESUME] = "resume",
    [CLOCK_REDO] = "redo",         [CLOCK_WAIT] = "wait",     [CLOCK_EXTEND] = "extend",
    [CLOCK_STRICTER] = "stricter", [CLOCK_REVIEW] = "review", [CLOCK_KEEP] = "keep",
    [CLOCK_STOP] = "stop",         [CLOCK_REST] = "rest",
};

/* In the order of enum move_need. */
static const char *const need_names[] = {"note", "reason", "unit",       "parties",  "plan",   "until_at",
                                         "days", "parent", "reply_done", "evidence", "rating", "file"};

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

static bool starts_from(const struct move_spec *line, enum case_state from) {
    return line->from == from || (line->from == CASE_any_open && case_state_spec(from)->open);
}

static const struct move_spec *search(size_t at, const char *move, enum case_state from) {
    for (; at < MOVE_COUNT; at++)
        if (starts_from(&moves[at], from) && strcmp(moves[at].name, move) == 0)
            return &moves[at];
    return NULL;
}

const struct move_spec *case_move(const char *move, enum case_state from) {
    return search(0, move, from);
}

const struct move_spec *case_move_next(const struct move_spec *line, enum case_state from) {
    return search((size_t)(line - moves) + 1, line->name, from);
}

enum case_state case_move_to(const struct move_spec *line, enum case_state from) {
    return line->to == CASE_same ? from : line->to;
}

bool case_move_exists(const char *move) {
    for (size_t i = 0; i < MOVE_COUNT; i++)
        if (strcmp(moves[i].name, move) == 0)
            return true;
    return false;
}

const struct move_spec *case_moves(size_t *count) {
    *count = MOVE_COUNT;
    return moves;
}

const struct hat_spec *case_hat_spec(enum case_hat_number hat) {
    assert((size_t)hat < HAT_COUNT);
    return &hats[hat];
}

const struct role_spec *case_role(const char *name) {
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

const struct role_spec *case_roles(size_t *count) {
    *count = ROLE_COUNT;
    return roles;
}

const char *case_guard_name(enum case_guard guard) {
    assert((size_t)guard < GUARD_COUNT);
    return guard_names[guard];
}

const char *case_clock_name(enum move_clock clock) {
    return clock_names[clock];
}

const char *const *case_need_names(size_t *count) {
    *count = sizeof need_names / sizeof *need_names;
    return need_names;
}
