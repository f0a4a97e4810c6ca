/* Folding one entry into the facts of a case: what its parts share. Inside common/case_*.c only. */
#ifndef ZHITONG_CASE_FOLD_H
#define ZHITONG_CASE_FOLD_H

#include "common/case_facts.h"
#include "proto/case_life.h"

struct fold { /* one entry */
    struct case_facts *facts;
    const struct case_moved *moved;
    struct code_book *book;
    enum case_state after;
    int before; /* place that held the case */
};

/* A limit that runs has passed: charged to the holder. */
void fold_pass(struct case_facts *facts, enum promise_kind kind);
/* What the limit was about has happened: charged to whoever held the case, unless it had passed before. */
void fold_keep(struct fold *fold, enum promise_kind kind);
void fold_stop_clocks(struct fold *fold);
void fold_start_clocks(struct fold *fold);
/* What was claimed in time and not rejected has been kept. */
void fold_settle_claim(struct fold *fold);
/* The entry says when a clock ends; of the resolve clock wherever a unit has the case. */
void fold_read_clocks(struct fold *fold);

/* What the entry's move means. */
void fold_step(struct fold *fold);

#endif
