#include "services/intake/receipt_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json_parts.h"
#include "common/message_json.h"

/* ---- what is shown of each move -------------------------------------------------------------------------------------- */

enum shown {
    MOVE = 1, /* that it happened, when, and in which state the case is */
    NOTE = 2,
    REASON = 4,
    PLAN = 8,
    REPLY = 16,  /* of the four parts: when it was taken on, what was done, by when the rest is done */
    SPOKEN = 32, /* the fourth: whom it was spoken with */
    UNTIL = 64,
    RATING = 128,
    OWN = 256 /* only where the reporter himself did it */
};

static const struct {
    const char *move;
    unsigned own;    /* in his own case */
    unsigned parent; /* in the case that his is part of */
} shown[] = {
    {"report", MOVE, 0},
    {"open", MOVE, 0},
    {"accept", MOVE, MOVE},
    {"ask", MOVE | NOTE, 0},
    {"answer", MOVE | NOTE, 0},
    {"lapse", MOVE, MOVE},
    {"decline", MOVE | NOTE | REASON, MOVE},
    {"appeal", MOVE | NOTE, 0},
    {"withdraw", MOVE | NOTE, MOVE},
    {"merge", MOVE, MOVE},
    {"unmerge", MOVE, MOVE},
    {"conclude", MOVE, MOVE},
    {"solve", MOVE | REPLY | SPOKEN, MOVE | REPLY},
    {"dispatch", MOVE, MOVE},
    {"designate", MOVE, MOVE},
    {"sign", MOVE | PLAN, MOVE | PLAN},
    {"return", 0, 0},
    {"pass_up", MOVE, MOVE},
    {"contact", MOVE, MOVE},
    {"progress", MOVE | NOTE, MOVE | NOTE},
    {"plan", MOVE | PLAN, MOVE | PLAN},
    {"whistle", 0, 0},
    {"arrive", 0, 0},
    {"finish", 0, 0},
    {"transfer", MOVE, MOVE},
    {"ask_extension", 0, 0},
    {"grant_extension", MOVE, MOVE},
    {"refuse_extension", 0, 0},
    {"suspend", MOVE | REASON | UNTIL, MOVE | REASON | UNTIL},
    {"resume", MOVE, MOVE},
    {"claim_done", MOVE | REPLY | SPOKEN, MOVE | REPLY},
    {"verify", MOVE, MOVE},
    {"reject", MOVE, MOVE},
    {"attempt", MOVE, 0},
    {"satisfied", MOVE | RATING, MOVE},
    {"dissatisfied", MOVE | RATING, MOVE},
    {"reopen", MOVE, MOVE},
    {"archive", MOVE, MOVE},
    {"warn", 0, 0},
    {"alarm", 0, 0},
    {"escalate", MOVE, MOVE},
    {"supervise", 0, 0},
    {"remind", 0, 0},
    {"recalculate", 0, 0},
    {"urge", MOVE | NOTE | OWN, MOVE | NOTE | OWN},
    {"press", 0, 0},
    {"instruct", 0, 0},
    {"list", 0, 0},
    {"attach", MOVE | NOTE | OWN, MOVE | NOTE | OWN},
    {"note", MOVE | NOTE | OWN, MOVE | NOTE | OWN},
};
#define SHOWN_COUNT (sizeof shown / sizeof shown[0])

static size_t line_of(const char *move) {
    size_t i = 0;
    while (i < SHOWN_COUNT && strcmp(shown[i].move, move) != 0)
        i++;
    return i;
}

bool receipt_knows(const char *move) {
    return line_of(move) < SHOWN_COUNT;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------- */

void receipt_add_state(json_t *json, const char *state) {
    enum case_state found = case_state_named(state);
    bool known = found != CASE_STATE_COUNT && state[0] != '\0';
    json_object_set_new(json, "state", json_string(state[0] != '\0' ? state : "received"));
    json_object_set_new(json, "state_zh", json_string(known ? case_state_spec(found)->zh : "已收到"));
    json_object_set_new(json, "state_en",
                        json_string(known ? case_state_spec(found)->meaning : "came in a moment ago"));
}

static void add_words(json_t *json, const struct case_moved *moved, unsigned what, bool himself) {
    if (what & NOTE)
        json_add_text(json, "note", moved->note);
    if (what & REASON)
        json_add_text(json, "reason", moved->reason);
    if (what & PLAN)
        json_add_text(json, "plan", moved->plan);
    if (what & REPLY) {
        json_add_text(json, "reply_accepted", moved->reply_accepted);
        json_add_text(json, "reply_done", moved->reply_done);
        json_add_text(json, "reply_by", moved->reply_by);
    }
    if (what & SPOKEN)
        json_add_text(json, "reply_spoken", moved->reply_spoken);
    if ((what & UNTIL) && moved->until_at != 0)
        json_object_set_new(json, "until_at", json_integer(moved->until_at));
    if ((what & RATING) && moved->rating != 0)
        json_object_set_new(json, "rating", json_integer((json_int_t)moved->rating));
    if (himself)
        json_add_text(json, "file", moved->file);
    json_t *attributes = himself && moved->attributes[0] != '\0'
                             ? json_loads(moved->attributes, JSON_REJECT_DUPLICATES, NULL)
                             : NULL;
    if (attributes != NULL)
        json_object_set_new(json, "attributes", attributes);
}

void receipt_actor(uint64_t case_id, char actor[RECEIPT_ACTOR_SIZE]) {
    snprintf(actor, RECEIPT_ACTOR_SIZE, "reporter %" PRIu64, case_id);
}

json_t *receipt_entry(const struct case_moved *moved, uint64_t own_case) {
    char actor[RECEIPT_ACTOR_SIZE];
    size_t line = line_of(moved->move);
    unsigned what = line == SHOWN_COUNT ? 0 : moved->case_id == own_case ? shown[line].own : shown[line].parent;
    receipt_actor(own_case, actor);
    bool himself = strcmp(moved->actor, actor) == 0;
    if (!(what & MOVE) || ((what & OWN) && !himself))
        return NULL;
    const struct move_spec *spec = case_move(moved->move, case_state_named(moved->from));
    json_t *json = json_pack("{s:o, s:I, s:s, s:s, s:s}", "case", id_json(moved->case_id), "at", (json_int_t)moved->at,
                             "move", moved->move, "move_zh", spec != NULL ? spec->zh : moved->move, "move_en",
                             spec != NULL ? spec->meaning : moved->move);
    receipt_add_state(json, moved->state);
    json_add_text(json, "unit", moved->unit);
    if (moved->due_at != 0)
        json_object_set_new(json, "due_at", json_integer(moved->due_at));
    json_object_set_new(json, "by_reporter", json_boolean(himself));
    add_words(json, moved, what, himself);
    return json;
}

json_t *receipt_report(const struct report_received *report) {
    static const char *const ours[] = {"t",      "case",     "reporter", "score",  "missing",
                                       "parent", "likeness", "because",  "likely", "source"};
    json_t *json = message_to_json(MESSAGE_report_received, report);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        json_object_del(json, ours[i]);
    json_t *attributes = report->attributes[0] != '\0' ? json_loads(report->attributes, JSON_REJECT_DUPLICATES, NULL)
                                                       : NULL;
    if (attributes != NULL)
        json_object_set_new(json, "attributes", attributes);
    if (report->files[0] != '\0')
        json_object_set_new(json, "files", codes_json(report->files));
    return json;
}

/* ---- what he may do --------------------------------------------------------------------------------------------------------- */

static const struct receipt_action actions[] = {
    {"supplement", {"answer", "note"}, {"note", "attributes", "file", NULL}, true},
    {"rate", {"satisfied", "dissatisfied"}, {"rating", "result", "note", NULL}, false},
    {"reopen", {"reopen", NULL}, {"note", NULL}, false},
    {"withdraw", {"withdraw", NULL}, {"note", NULL}, false},
    {"appeal", {"appeal", NULL}, {"note", NULL}, false},
    {"urge", {"urge", NULL}, {"note", NULL}, true},
};

const struct receipt_action *receipt_actions(size_t *count) {
    *count = sizeof actions / sizeof actions[0];
    return actions;
}

static bool may_make(const char *move, enum case_state state) {
    const struct move_spec *line = move != NULL ? case_move(move, state) : NULL;
    return line != NULL && (line->hats & HAT_reporter);
}

const char *receipt_move(const struct receipt_action *action, enum case_state state, uint64_t rating) {
    bool rates = strcmp(action->name, "rate") == 0;
    if (rates)
        return may_make(action->moves[0], state) ? action->moves[rating < 3] : NULL;
    for (int i = 0; i < 2; i++)
        if (may_make(action->moves[i], state))
            return action->moves[i];
    return NULL;
}
