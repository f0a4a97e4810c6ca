/* What a reporter sees of his case. Pure: from rows and log entries to JSON.
 *
 * He sees every move that concerns him, and no word that staff wrote for each other. Of the case into which his was merged he sees how
 * it goes, and nothing that its own reporter said or was told. */
#ifndef ZHITONG_INTAKE_RECEIPT_PAGE_H
#define ZHITONG_INTAKE_RECEIPT_PAGE_H

#include <jansson.h>

#include "proto/case_life.h"
#include "proto/codec.h"

/* How the reporter of a case is called in its history. */
#define RECEIPT_ACTOR_SIZE 40
void receipt_actor(uint64_t case_id, char actor[RECEIPT_ACTOR_SIZE]);

/* Whether the table of shown moves has this one; for the test that none is forgotten. */
bool receipt_knows(const char *move);

/* The entry as the reporter of `own_case` may see it; NULL: not at all. */
json_t *receipt_entry(const struct case_moved *moved, uint64_t own_case);

/* The report as it came, without what intake thought of it. */
json_t *receipt_report(const struct report_received *report);

/* Adds a state with its words: state, state_zh, state_en. "" is one that is not with routing yet. */
void receipt_add_state(json_t *json, const char *state);

struct receipt_action {
    const char *name;      /* last part of the path */
    const char *moves[2];  /* the first that the case's state allows is made */
    const char *fields[4]; /* of the body, NULL-ended */
    bool with_parent;      /* of a merged case it goes to the one it is part of */
};
const struct receipt_action *receipt_actions(size_t *count);
/* The move of this action in this state; NULL: it cannot be made. Rating: 1 and 2 are dissatisfied, what is more is satisfied. */
const char *receipt_move(const struct receipt_action *action, enum case_state state, uint64_t rating);

#endif
