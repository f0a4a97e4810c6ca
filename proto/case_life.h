/* States and moves of a case, from case_life.def. Pure lookups. */
#ifndef ZHITONG_CASE_LIFE_H
#define ZHITONG_CASE_LIFE_H

#include <stdbool.h>
#include <stddef.h>

enum case_state {
    CASE_none = 0, /* before the first move */
#define STATE(name, open, zh, meaning) CASE_##name,
#define MOVE(...)
#include "proto/case_life.def"
#undef STATE
#undef MOVE
    CASE_STATE_COUNT
};

enum move_by { BY_CHANNEL, BY_STAFF, BY_DEADLINE };
enum move_clock { CLOCK_START, CLOCK_KEEP, CLOCK_STOP };

struct move_spec {
    const char *name;
    enum case_state from, to;
    enum move_by by;
    enum move_clock clock;
    const char *meaning;
};

struct state_spec {
    const char *name;
    bool open;
    const char *zh;
    const char *meaning;
};

const struct state_spec *case_state_spec(enum case_state state); /* CASE_none has the name "none" */
enum case_state case_state_named(const char *name);              /* CASE_STATE_COUNT when there is none */

/* The line for this move from this state, NULL when it is not legal. */
const struct move_spec *case_move(const char *move, enum case_state from);
/* All lines in the order of case_life.def, for docs and tests; *count is set to their number. */
const struct move_spec *case_moves(size_t *count);

#endif
