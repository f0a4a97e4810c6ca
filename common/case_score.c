#include "common/case_facts.h"

#include <string.h>

#include "proto/case_life.h"

#define LOW_TIER 2 /* solved at this tier or below: where it arose */

/* Measures that are a tally as it stands. */
static const struct {
    enum measure measure;
    enum tally tally;
} tallied[] = {
    {RATE_signed_in_time, TALLY_sign},
    {RATE_contacted_in_time, TALLY_contact},
    {RATE_resolved_in_time, TALLY_resolve},
    {RATE_returned, TALLY_dispatch},
    {RATE_redone, TALLY_reach},
    {RATE_reworked, TALLY_verify},
    {RATE_overdue, TALLY_turn},
    {SLOT_signed, TALLY_answer},
    {SLOT_first_unit, TALLY_support},
    {SLOT_contact, TALLY_contact},
    {SLOT_moved_up, TALLY_warn},
    {SLOT_redo, TALLY_redo},
};

/* Tenths that a rating and an outcome are worth (DOMAIN.md section 8). */
static const uint8_t rating_tenths[] = {0, 0, 0, 8, 10, 10};
static const uint8_t outcome_tenths[] = {
    [OUTCOME_none] = 0, [OUTCOME_unsolved] = 0, [OUTCOME_partly] = 5, [OUTCOME_solved] = 10};

struct scoring {
    const struct case_facts *facts;
    const struct score_rules *rules;
    struct score *scores;
};

static void add(struct scoring *scoring, int place, enum measure measure, uint64_t tenths) {
    if (place == NOWHERE)
        return;
    scoring->scores[place].measured[measure].of++;
    scoring->scores[place].measured[measure].tenths += tenths;
}

static uint64_t whole(bool yes) {
    return yes ? 10 : 0;
}

static void score_opening(struct scoring *scoring) {
    const struct case_facts *facts = scoring->facts;

    add(scoring, facts->first, RATE_proactive, whole(scoring->rules->proactive));
    add(scoring, facts->first, RATE_merged, whole(facts->merged));
    if (facts->quality != 0)
        add(scoring, facts->first, RATE_report_quality, (facts->quality + 5u) / 10);
    add(scoring, facts->first, SLOT_receipt, whole(facts->arrived));
    if (facts->taken != TAKEN_open)
        add(scoring, facts->taker, RATE_filed, whole(facts->taken == TAKEN_on));
}

static void score_closing(struct scoring *scoring) {
    const struct case_facts *facts = scoring->facts;
    int closer = facts->claimed ? facts->claimant : facts->holder;

    if (facts->closed_at == 0)
        return;
    if (facts->claimed && closer != NOWHERE) {
        add(scoring, closer, RATE_solved_low, whole(facts->places[closer].tier <= LOW_TIER));
        add(scoring, closer, SLOT_evidence, whole(facts->evidence));
    }
    if ((facts->claimed || facts->concluded) && scoring->rules->callback)
        add(scoring, closer, SLOT_called_back, whole(facts->called));
    if (facts->outcome != OUTCOME_none)
        add(scoring, closer, RATE_solved, outcome_tenths[facts->outcome]);
    if (facts->rating != 0)
        add(scoring, closer, RATE_satisfied, rating_tenths[facts->rating]);
}

size_t facts_score(const struct case_facts *facts, const struct score_rules *rules, struct score scores[PLACES_MAX]) {
    struct case_facts as_of = *facts;
    struct scoring scoring = {&as_of, rules, scores};

    if (facts->headless || facts->version == 0)
        return 0;
    facts_pass(&as_of, rules->now);
    if (as_of.state == CASE_dispatched && as_of.promises[PROMISE_sign].passed)
        facts_count(&as_of, as_of.holder, TALLY_answer, false);
    if (as_of.claimed && as_of.claim_in_time)
        facts_count(&as_of, as_of.claimant, TALLY_resolve, true);
    memset(scores, 0, as_of.place_count * sizeof *scores);
    for (int i = 0; i < as_of.place_count; i++) {
        scores[i].unit = as_of.places[i].unit;
        scores[i].tier = as_of.places[i].tier;
        for (size_t j = 0; j < sizeof tallied / sizeof tallied[0]; j++)
            scores[i].measured[tallied[j].measure] = (struct measured){as_of.places[i].hit[tallied[j].tally] * 10ull,
                                                                       as_of.places[i].of[tallied[j].tally]};
    }
    score_opening(&scoring);
    score_closing(&scoring);
    return as_of.place_count;
}
