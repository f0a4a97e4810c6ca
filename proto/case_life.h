/* States and moves of a case, and who may make them, from case_life.def. Pure lookups. */
#ifndef ZHITONG_CASE_LIFE_H
#define ZHITONG_CASE_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum case_state {
    CASE_none = 0, /* before the first move */
#define STATE(name, open, zh, meaning) CASE_##name,
#include "proto/case_life_lines.h"
    CASE_STATE_COUNT,
    CASE_any_open, /* of a move: may start from every open state */
    CASE_same      /* of a move: ends where it started */
};

enum case_hat_number {
#define HAT(name, zh, meaning) HAT_NUMBER_##name,
#include "proto/case_life_lines.h"
    HAT_COUNT
};

enum case_hat { /* one bit each */
#define HAT(name, zh, meaning) HAT_##name = 1 << HAT_NUMBER_##name,
#include "proto/case_life_lines.h"
};

enum case_guard {
    GUARD_always,
    GUARD_not_asked,   /* the reporter was not asked before */
    GUARD_in_time,     /* within the days in which a closed or declined case can be looked at again */
    GUARD_like_parent, /* parent: same item, older, near, within the channel's window, and neither merged nor finished */
    GUARD_calls_back,  /* its channel calls reporters back */
    GUARD_first_dispatch,  /* no unit has held it yet, or it was reopened */
    GUARD_may_return,      /* returned less often than the city allows */
    GUARD_was_returned,    /* returned before */
    GUARD_return_in_time,  /* not designated, within the time to return */
    GUARD_not_top,         /* somebody is above */
    GUARD_room_for_tasks,  /* at most TASKS_MAX units are called */
    GUARD_is_called,       /* the actor's unit has a task that is not finished */
    GUARD_may_extend,      /* not extended before, before the limit, within the city's days */
    GUARD_extension_asked, /* one is asked for and open */
    GUARD_may_suspend,     /* within the city's days */
    GUARD_last_attempt,    /* this one makes it as many calls on as many days as the city wants */
    GUARD_not_redone,      /* not done again before */
    GUARD_not_supervised,  /* not on the supervision list */
    GUARD_stricter,        /* the instant, if one is given, lies before the due instant and not in the past */
    GUARD_room_for_files,  /* at most FILES_MAX files */
    GUARD_COUNT
};

enum move_clock {
    CLOCK_START,
    CLOCK_SIGNED,
    CLOCK_CONTACTED,
    CLOCK_SILENT,
    CLOCK_HOLD,
    CLOCK_RESUME,
    CLOCK_REDO,
    CLOCK_WAIT,
    CLOCK_EXTEND,
    CLOCK_STRICTER,
    CLOCK_REVIEW,
    CLOCK_KEEP,
    CLOCK_STOP,
    CLOCK_REST
};

enum move_need { /* fields of the command; one bit each */
                 NEED_note = 1,
                 NEED_reason = 2,
                 NEED_unit = 4,
                 NEED_parties = 8,
                 NEED_plan = 16,
                 NEED_until = 32,
                 NEED_days = 64,
                 NEED_parent = 128,
                 NEED_reply = 256,
                 NEED_evidence = 512,
                 NEED_rating = 1024,
                 NEED_file = 2048
};

struct move_spec {
    const char *name;
    enum case_state from, to; /* from may be CASE_any_open, to CASE_same */
    uint32_t hats;            /* enum case_hat */
    enum case_guard guard;
    enum move_clock clock;
    uint32_t needs; /* enum move_need */
    const char *zh;
    const char *meaning;
};

struct state_spec {
    const char *name;
    bool open;
    const char *zh;
    const char *meaning;
};

struct hat_spec {
    const char *name, *zh, *meaning;
};

struct role_spec {
    const char *name;
    uint32_t hats; /* enum case_hat */
    const char *zh, *meaning;
};

const struct state_spec *case_state_spec(enum case_state state); /* CASE_none has the name "none" */
enum case_state case_state_named(const char *name);              /* CASE_STATE_COUNT when there is none */

/* The first line for this move from this state, and the next one after `line`: NULL when there is none (more). Lines that
 * differ in their guard only stand one after the other. */
const struct move_spec *case_move(const char *move, enum case_state from);
const struct move_spec *case_move_next(const struct move_spec *line, enum case_state from);
/* Where the move leads from there. */
enum case_state case_move_to(const struct move_spec *line, enum case_state from);
/* Whether there is a line of that name at all. */
bool case_move_exists(const char *move);
/* All lines in the order of case_life.def, for docs and tests; *count is set to their number. */
const struct move_spec *case_moves(size_t *count);

const struct hat_spec *case_hat_spec(enum case_hat_number hat);
const struct role_spec *case_role(const char *name); /* NULL when there is none */
const struct role_spec *case_roles(size_t *count);   /* all of them */
const char *case_guard_name(enum case_guard guard);  /* as in case_life.def */
const char *case_clock_name(enum move_clock clock);  /* in small letters */
/* Names of the command's fields that `needs` asks for, in the order of enum move_need; *count of them. */
const char *const *case_need_names(size_t *count);

#endif
