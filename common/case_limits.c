#include <string.h>

#include "common/case_fold.h"

static const enum tally tally_of[PROMISE_COUNT] = {TALLY_sign, TALLY_contact, TALLY_resolve};

void fold_pass(struct case_facts *facts, enum promise_kind kind) {
    struct promise *promise = &facts->promises[kind];
    if (promise->by == 0 || promise->passed)
        return;
    promise->passed = true;
    facts_count(facts, facts->holder, tally_of[kind], false);
    if (!facts->late && facts->holder != NOWHERE && facts->places[facts->holder].hit[TALLY_turn] < UINT8_MAX)
        facts->places[facts->holder].hit[TALLY_turn]++;
    facts->late = true;
    if (kind != PROMISE_resolve || !facts->redo_awaited)
        return;
    facts->redo_awaited = false;
    facts_count(facts, facts->redoer, TALLY_redo, false);
}

void facts_pass(struct case_facts *facts, int64_t at) {
    if (facts->held_at != 0)
        return;
    for (int kind = 0; kind < PROMISE_COUNT; kind++)
        if (facts->promises[kind].by < at && !(kind == PROMISE_resolve && facts->claimed))
            fold_pass(facts, (enum promise_kind)kind);
}

void fold_keep(struct fold *fold, enum promise_kind kind) {
    struct promise *promise = &fold->facts->promises[kind];
    if (promise->by != 0 && !promise->passed)
        facts_count(fold->facts, fold->before, tally_of[kind], true);
    *promise = (struct promise){0};
}

void fold_stop_clocks(struct fold *fold) {
    memset(fold->facts->promises, 0, sizeof fold->facts->promises);
    fold->facts->held_at = 0;
    fold->facts->warned = 0;
}

void fold_start_clocks(struct fold *fold) {
    fold_stop_clocks(fold);
    fold->facts->started = true;
}

void fold_settle_claim(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    if (facts->claimed && facts->claim_in_time)
        facts_count(facts, facts->claimant, TALLY_resolve, true);
    facts->claimed = facts->claim_in_time = false;
    facts->promises[PROMISE_resolve] = (struct promise){0};
}

void fold_read_clocks(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    const struct case_moved *moved = fold->moved;
    if (moved->sign_by != 0)
        facts->promises[PROMISE_sign].by = moved->sign_by;
    if (moved->contact_by != 0)
        facts->promises[PROMISE_contact].by = moved->contact_by;
    bool reviewed = strcmp(moved->move, "supervise") == 0 || strcmp(moved->move, "remind") == 0;
    if ((fold->after == CASE_dispatched || fold->after == CASE_handling) && moved->due_at != 0 && !reviewed)
        facts->promises[PROMISE_resolve].by = moved->due_at;
}
