/* A case as it stands, and the step that is being decided. */
#ifndef ZHITONG_ROUTING_CASE_FILE_H
#define ZHITONG_ROUTING_CASE_FILE_H

#include "common/city.h"
#include "common/code_index.h"
#include "common/policy.h"
#include "proto/case_life.h"
#include "proto/codec.h"

#define UNITS_TEXT_MAX 240 /* bytes of units' codes, separated by a space */
#define SEVERITY_MAX 16
#define TASKS_MAX 6 /* units called to one case; must fit the text of case_moved */
#define FILES_MAX 50

enum running { /* the clocks of a case; the first ones are those of the ladder */
               RUNNING_accept,
               RUNNING_sign,
               RUNNING_contact,
               RUNNING_progress,
               RUNNING_resolve,
               RUNNING_review, /* on the supervision list: to be looked at again */
               RUNNING_wait,   /* what the state waits for: an answer, a check, a call, a review date, the archive */
               RUNNING_COUNT
};

struct running_clock {         /* all zero: it does not run */
    int64_t from;              /* unix ms; 0 while it is held: then limit is what is left of it */
    struct limit limit, grace; /* what it counts */
    int64_t limit_at, up_at;   /* when the limit, and the grace after it, end; held: 0 */
    uint8_t told; /* per cent that somebody was told of: 0, 50, 80, 100; CLOCK_SPENT: nothing comes any more */
    bool moves_up;
};
#define CLOCK_SPENT 200

enum task_state { TASK_called, TASK_arrived, TASK_finished };
struct task { /* of a called unit */
    char unit[CODE_MAX + 1];
    enum task_state state;
    int64_t by_at; /* unix ms: when it must have arrived; 0 once that was alarmed, or where no time is set */
};

struct case_file {
    uint64_t case_id;
    uint64_t policy;  /* version of the city's policy under which it was opened */
    uint64_t parent;  /* the case into which it was merged; 0: none */
    uint32_t version; /* moves so far */
    enum case_state state;
    uint8_t tier;
    bool supervised;
    int64_t opened_at, due_at, next_at; /* unix ms; see case_moved in messages.def */
    char severity[SEVERITY_MAX + 1];
    char unit[CODE_MAX + 1];
    char support[UNITS_TEXT_MAX + 1];
    char channel[CODE_MAX + 1];
    char item[CODE_MAX + 1];
    char area[CODE_MAX + 1];
    char plan[481];
    struct running_clock clocks[RUNNING_COUNT];
    struct task tasks[TASKS_MAX];
    size_t task_count;
    struct case_kept kept; /* of it clocks and tasks are only filled when it is written */
};

struct case_place { /* WGS-84 degrees; NaN where it is not known */
    double lat, lon;
};

struct case_step { /* what every decision is made with, and what it changes */
    const struct city *city;
    int64_t now; /* unix ms */
    struct case_file *file;
    struct case_moved *moved;       /* the log entry of the move, when there was one */
    const struct case_file *parent; /* merge and conclude: the other case; NULL: there is none of that id */
    struct case_place place, parent_place;
};

static inline const struct policy *step_policy(const struct case_step *step) {
    return city_policy(step->city, step->file->policy);
}

/* The rest of a file, between its row and its struct. case_kept_read refuses (field "kept") what case_kept_write never wrote. */
void case_kept_write(struct case_file *file);
MUST_CHECK int case_kept_read(struct case_file *file, struct reason *why);
/* The tasks as they stand in case_moved. */
void case_tasks_print(const struct case_file *file, char *text, size_t room);

/* Adds a code that is not there yet; false where it has no room. */
bool units_add(char units[UNITS_TEXT_MAX + 1], const char *code);

#endif
