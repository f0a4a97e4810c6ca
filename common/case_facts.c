#include "common/case_facts.h"

#include <string.h>

#include "common/case_fold.h"
#include "common/code_index.h"

void facts_count(struct case_facts *facts, int place, enum tally tally, bool hit) {
    if (place == NOWHERE) {
        facts->uncharged++;
        return;
    }
    struct place *at = &facts->places[place];
    if (at->of[tally] == UINT8_MAX)
        return;
    at->of[tally]++;
    at->hit[tally] = (uint8_t)(at->hit[tally] + hit);
}

static int place_of(struct case_facts *facts, uint32_t unit, uint64_t tier) {
    for (int i = 0; i < facts->place_count; i++)
        if (facts->places[i].unit == unit && facts->places[i].tier == tier)
            return i;
    if (facts->place_count == PLACES_MAX)
        return NOWHERE;
    facts->places[facts->place_count] = (struct place){.unit = unit, .tier = (uint8_t)tier};
    return facts->place_count++;
}

static void begin(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    facts->opened_at = fold->moved->at;
    facts->headless = fold->moved->version != 1;
    facts->arrived = strcmp(fold->moved->from, case_state_spec(CASE_none)->name) == 0;
    facts->channel = code_book_number(fold->book, fold->moved->channel);
    facts->item = code_book_number(fold->book, fold->moved->item);
    facts->source = code_book_number(fold->book, fold->moved->source);
    facts->quality = fold->moved->score <= QUALITY_MAX ? (uint8_t)fold->moved->score : QUALITY_MAX;
    facts->first = facts->holder = (int8_t)place_of(facts, code_book_number(fold->book, fold->moved->unit),
                                                    fold->moved->tier);
    facts->taker = facts->claimant = facts->redoer = facts->lower = NOWHERE;
}

/* A unit's turn begins when it gets a case whose clocks have started, or when they start. While a claim stands, whoever verifies or
 * calls back takes nothing over. */
static void take_over(struct fold *fold, bool started_before) {
    struct case_facts *facts = fold->facts;
    uint32_t unit = code_book_number(fold->book, fold->moved->unit);
    int holder = place_of(facts, unit, fold->moved->tier);
    bool changed = holder != fold->before;

    facts->holder = (int8_t)holder;
    if (fold->after == CASE_dispatched && (facts->state != CASE_dispatched || changed))
        facts_count(facts, holder, TALLY_dispatch, false);
    if (!facts->started || (started_before && !changed))
        return;
    facts->late = false;
    facts_count(facts, holder, TALLY_turn, false);
}

static void watch_support(struct fold *fold) {
    struct case_facts *facts = fold->facts;
    if (facts->lower == NOWHERE)
        return;
    bool stays = codes_hold(fold->moved->support, code_book_code(fold->book, facts->places[facts->lower].unit));
    if (stays && strcmp(fold->moved->move, "sign") != 0)
        return;
    facts_count(facts, facts->lower, TALLY_support, stays);
    facts->lower = NOWHERE;
}

void facts_follow(struct case_facts *facts, const struct case_moved *moved, struct code_book *book) {
    struct fold fold = {facts, moved, book, case_state_named(moved->state), NOWHERE};

    if (facts->version == 0)
        begin(&fold);
    else if (moved->version != facts->version + 1)
        facts->headless = true;
    fold.before = facts->holder;
    bool started_before = facts->started;
    facts_pass(facts, moved->at);
    fold_step(&fold);
    if (!facts->claimed)
        take_over(&fold, started_before);
    fold_read_clocks(&fold);
    watch_support(&fold);
    if (fold.after == CASE_closed && facts->state != CASE_closed)
        facts->closed_at = moved->at;
    facts->state = (uint8_t)fold.after;
    facts->version = moved->version;
}
