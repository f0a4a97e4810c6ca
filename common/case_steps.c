/* What each move means. Moves that are not here say nothing that is measured. */
#include <string.h>

#include "common/case_fold.h"
#include "common/policy.h"

/* ---- the desk -------------------------------------------------------------------------------------------------------- */

static void taken_on(struct fold *fold) {
    fold->facts->taken = TAKEN_on;
    fold->facts->taker = (int8_t)fold->before;
}

static void opened(struct fold *fold) {
    taken_on(fold);
    fold_start_clocks(fold);
}

static void declined(struct fold *fold) {
    fold->facts->taken = TAKEN_declined;
    fold->facts->taker = (int8_t)fold->before;
}

static void appealed(struct fold *fold) {
    fold->facts->taken = TAKEN_open;
}

static void ended(struct fold *fold) {
    fold_stop_clocks(fold);
    fold->facts->started = false;
}

static void merged(struct fold *fold) {
    if (fold->facts->taken != TAKEN_on)
        taken_on(fold);
    fold->facts->merged = true;
    ended(fold);
}

static void unmerged(struct fold *fold) {
    fold->facts->merged = false;
}

static void concluded(struct fold *fold) {
    fold->facts->concluded = true;
}

static void dispatched(struct fold *fold) {
    if (!fold->facts->started)
        fold_start_clocks(fold);
}

/* ---- the unit -------------------------------------------------------------------------------------------------------- */

static void answered(struct fold *fold) {
    if (fold->facts->state == CASE_dispatched)
        facts_count(fold->facts, fold->before, TALLY_answer, true);
}

static void signed_for(struct fold *fold) {
    answered(fold);
    fold_keep(fold, PROMISE_sign);
}

static void returned(struct fold *fold) {
    struct case_facts *facts = fold->facts;

    answered(fold);
    if (fold->before != NOWHERE && facts->places[fold->before].hit[TALLY_dispatch] < UINT8_MAX)
        facts->places[fold->before].hit[TALLY_dispatch]++;
}

/* The lower unit must stay; one that was still awaited has stayed until now. */
static void moved_up(struct fold *fold) {
    struct case_facts *facts = fold->facts;

    if (facts->lower != NOWHERE)
        facts_count(facts, facts->lower, TALLY_support, true);
    facts->lower = (int8_t)fold->before;
    fold_start_clocks(fold);
}

static void passed_up(struct fold *fold) {
    answered(fold);
    moved_up(fold);
}

static void contacted(struct fold *fold) {
    fold_keep(fold, PROMISE_contact);
}

static void suspended(struct fold *fold) {
    fold->facts->held_at = fold->moved->at;
}

/* A contact limit that the entry does not name anew moves on by the time for which it stood still. */
static void resumed(struct fold *fold) {
    struct promise *contact = &fold->facts->promises[PROMISE_contact];

    if (contact->by != 0 && fold->facts->held_at != 0)
        contact->by += fold->moved->at - fold->facts->held_at;
    fold->facts->held_at = 0;
}

static void claimed(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    const struct promise *resolve = &facts->promises[PROMISE_resolve];

    if (fold->moved->reply_spoken[0] != '\0')
        fold_keep(fold, PROMISE_contact);
    facts->promises[PROMISE_contact] = facts->promises[PROMISE_sign] = (struct promise){0};
    facts->claimed = true;
    facts->claim_in_time = resolve->by != 0 && !resolve->passed;
    facts->claimant = (int8_t)fold->before;
    facts->evidence = fold->moved->evidence[0] != '\0';
    facts->called = false;
    if (!facts->redo_awaited)
        return;
    facts->redo_awaited = false;
    facts_count(facts, facts->redoer, TALLY_redo, true);
}

/* ---- closing the loop ---------------------------------------------------------------------------------------------------- */

static void verified(struct fold *fold) {
    facts_count(fold->facts, fold->facts->claimant, TALLY_verify, false);
}

/* What was solved on the spot had no clocks before. */
static void rejected(struct fold *fold) {
    facts_count(fold->facts, fold->facts->claimant, TALLY_verify, true);
    if (!fold->facts->started)
        fold_start_clocks(fold);
    fold->facts->claimed = fold->facts->claim_in_time = false;
}

static void attempted(struct fold *fold) {
    if (fold->facts->attempts < UINT8_MAX)
        fold->facts->attempts++;
    if (fold->after == CASE_closed)
        fold->facts->called = true;
}

static enum call_outcome outcome_of(const struct case_moved *moved) {
    if (strcmp(moved->result, "solved") == 0)
        return OUTCOME_solved;
    if (strcmp(moved->result, "partly") == 0)
        return OUTCOME_partly;
    if (moved->result[0] == '\0' && strcmp(moved->move, "satisfied") == 0)
        return OUTCOME_solved;
    return OUTCOME_unsolved;
}

static int closer_of(const struct case_facts *facts) {
    return facts->claimed ? facts->claimant : facts->holder;
}

static void reached(struct fold *fold) {
    struct case_facts *facts = fold->facts;

    facts->called = true;
    facts->rating = fold->moved->rating <= RATING_MAX ? (uint8_t)fold->moved->rating : 0;
    facts->outcome = (uint8_t)outcome_of(fold->moved);
    facts_count(facts, closer_of(facts), TALLY_reach, fold->after == CASE_handling);
}

static void dissatisfied(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    int closer = closer_of(facts);

    reached(fold);
    if (fold->after != CASE_handling) {
        if (!facts->redone)
            facts_count(facts, closer, TALLY_redo, false);
        return;
    }
    fold_settle_claim(fold);
    fold_start_clocks(fold);
    facts->redone = facts->redo_awaited = true;
    facts->redoer = (int8_t)closer;
}

static void reopened(struct fold *fold) {
    fold_settle_claim(fold);
    ended(fold);
    fold->facts->closed_at = 0;
    fold->facts->concluded = fold->facts->called = false;
}

/* ---- time -------------------------------------------------------------------------------------------------------------- */

/* Of supervise the clock may not be said: then any warning counts. */
static uint8_t clock_bits(const char *clock) {
    enum ladder_clock number = ladder_clock_named(clock);

    return number == LADDER_CLOCKS ? UINT8_MAX : (uint8_t)(1u << number);
}

static void warned(struct fold *fold) {
    if (fold->moved->clock[0] != '\0')
        fold->facts->warned |= clock_bits(fold->moved->clock);
}

static void alarmed(struct fold *fold) {
    static const enum ladder_clock clocks[PROMISE_COUNT] = {LADDER_sign, LADDER_contact, LADDER_resolve};

    warned(fold);
    for (int kind = 0; kind < PROMISE_COUNT; kind++)
        if (ladder_clock_named(fold->moved->clock) == clocks[kind])
            fold_pass(fold->facts, (enum promise_kind)kind);
}

static void up_by_time(struct fold *fold) {
    bool was_warned = (fold->facts->warned & clock_bits(fold->moved->clock)) != 0;

    facts_count(fold->facts, fold->before, TALLY_warn, was_warned);
}

static void escalated(struct fold *fold) {
    up_by_time(fold);
    if (fold->facts->state == CASE_dispatched)
        facts_count(fold->facts, fold->before, TALLY_answer, false);
    if (fold->after == CASE_dispatched)
        moved_up(fold);
    else
        fold->facts->warned = 0;
}

static const struct {
    const char *move;
    void (*follow)(struct fold *fold);
} steps[] = {
    {"warn", warned},
    {"alarm", alarmed},
    {"sign", signed_for},
    {"open", opened},
    {"contact", contacted},
    {"claim_done", claimed},
    {"verify", verified},
    {"satisfied", reached},
    {"accept", taken_on},
    {"dispatch", dispatched},
    {"escalate", escalated},
    {"supervise", up_by_time},
    {"dissatisfied", dissatisfied},
    {"attempt", attempted},
    {"reject", rejected},
    {"return", returned},
    {"pass_up", passed_up},
    {"suspend", suspended},
    {"resume", resumed},
    {"solve", claimed},
    {"merge", merged},
    {"unmerge", unmerged},
    {"conclude", concluded},
    {"decline", declined},
    {"appeal", appealed},
    {"withdraw", ended},
    {"lapse", ended},
    {"reopen", reopened},
};

void fold_step(struct fold *fold) {
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(steps[i].move, fold->moved->move) == 0) {
            steps[i].follow(fold);
            return;
        }
}
