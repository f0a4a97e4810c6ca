/* What routing's log says about one case, as far as it is measured: a fold over its case_moved entries in order. Pure.
 *
 * Everything that is measured is charged to a place: a unit at a tier. A fact that still depends on what comes next (a limit that
 * runs, a claim that nobody has looked at) is decided by facts_score, which asks as of an instant. */
#ifndef ZHITONG_CASE_FACTS_H
#define ZHITONG_CASE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/code_book.h"
#include "common/measures.h"
#include "proto/codec.h"

#define PLACES_MAX 12 /* of a case; what happens at a unit beyond them is counted in `uncharged` and measured nowhere */
#define NOWHERE (-1)
#define RATING_MAX 5
#define QUALITY_MAX 100

enum tally {                 /* counted at a place: how often it was asked for, and how often it was so */
             TALLY_sign,     /* sign limits decided; kept */
             TALLY_contact,  /* contact limits decided; kept */
             TALLY_resolve,  /* resolve limits decided; kept */
             TALLY_dispatch, /* dispatches; returned */
             TALLY_turn,     /* turns; in which a limit passed */
             TALLY_verify,   /* verifications; rejected */
             TALLY_reach,    /* call-backs that reached the reporter; redone */
             TALLY_answer,   /* dispatches that must be answered; answered */
             TALLY_support,  /* moves up; after which this, the lower unit stayed */
             TALLY_warn,     /* moves up by time; warned of */
             TALLY_redo,     /* dissatisfied call-backs; done again */
             TALLY_COUNT
};

struct place {
    uint32_t unit; /* number in the code book */
    uint8_t tier;
    uint8_t of[TALLY_COUNT], hit[TALLY_COUNT]; /* stop at 255 */
};

enum promise_kind { PROMISE_sign, PROMISE_contact, PROMISE_resolve, PROMISE_COUNT };

struct promise { /* a limit */
    int64_t by;  /* unix ms; 0: does not run */
    bool passed; /* and was charged */
};

enum taken { TAKEN_open, TAKEN_on, TAKEN_declined };
enum call_outcome { OUTCOME_none, OUTCOME_unsolved, OUTCOME_partly, OUTCOME_solved };

struct case_facts {
    uint64_t version;             /* entries so far; 0: none */
    int64_t opened_at, closed_at; /* unix ms; closed_at 0: is not closed */
    int64_t held_at;              /* since when the clocks stand still; 0: they run */
    struct promise promises[PROMISE_COUNT];
    uint32_t channel, item; /* numbers in the code book */
    uint32_t source;        /* likewise; of the empty code: who is no source of the city's */
    uint32_t uncharged;
    uint8_t state;      /* enum case_state */
    uint8_t taken;      /* enum taken */
    uint8_t outcome;    /* enum call_outcome: what the last call-back that reached somebody says */
    uint8_t rating;     /* 1 to 5; 0: none */
    uint8_t warned;     /* clocks of the ladder that were warned of since they started, a bit each */
    uint8_t quality;    /* how complete the report was, 1 to 100; 0: nobody looked */
    uint8_t attempts;   /* call-backs that reached nobody */
    bool headless;      /* its first entries are gone: cannot be measured */
    bool arrived;       /* its first entry is an arrival */
    bool started;       /* the clocks have started in this life */
    bool late;          /* a limit has passed in this turn */
    bool claimed;       /* the claim that it is done stands */
    bool claim_in_time; /* and came before the resolve limit: kept unless it is rejected */
    bool evidence;      /* of the last claim */
    bool concluded;     /* finished with its parent */
    bool called;        /* since it was claimed: reached, or tried often enough */
    bool merged;
    bool redone;                                   /* was done again, or is being */
    bool redo_awaited;                             /* not claimed done again yet */
    int8_t first, holder, taker, claimant, redoer; /* places, or NOWHERE */
    int8_t lower;                                  /* who must stay as support until the upper unit signs */
    uint8_t place_count;
    struct place places[PLACES_MAX];
};

/* Zero-initialised facts are those of a case without entries. Entries come in the order of their versions; units, items and
 * channels get numbers in `book`. */
void facts_follow(struct case_facts *facts, const struct case_moved *moved, struct code_book *book);

struct score { /* what a place has of each measure */
    uint32_t unit;
    uint8_t tier;
    struct measured measured[MEASURE_COUNT];
};

struct score_rules {
    int64_t now;    /* unix ms: what runs and lies before has passed */
    bool callback;  /* the channel calls its reporters back */
    bool proactive; /* the channel finds before somebody complains */
};

/* Fills one score for each place and returns how many; none of a headless case. */
size_t facts_score(const struct case_facts *facts, const struct score_rules *rules, struct score scores[PLACES_MAX]);

/* Inside: lets the limits pass that lie before `at`; counts at a place. */
void facts_pass(struct case_facts *facts, int64_t at);
void facts_count(struct case_facts *facts, int place, enum tally tally, bool hit);

#endif
