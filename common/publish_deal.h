/* Dealing the entries of one stream to the members of a group. Pure: no clock, socket or table.
 *
 * - Each entry goes to one member, and to another one only when that member has left.
 * - Entries of one case are dealt in their order, all to the same member while one of them is under way there.
 * - The mark is the last seq up to which everything is finished: where dealing starts again when nothing else is known. It never
 *   goes back.
 * - A member that cannot take its case's next entry, or takes long, holds up that case only, until the window is full. */
#ifndef ZHITONG_PUBLISH_DEAL_H
#define ZHITONG_PUBLISH_DEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/reason.h"

#define DEAL_MEMBERS_MAX 64
#define DEAL_WINDOW_ENTRIES_MAX 16384 /* between the mark and the entry dealt last */
#define DEAL_STRETCH_ENTRIES 32       /* entries that one member gets before the next one's turn */

#define DEAL_NOT_NOW (-1) /* nobody can take it now; it comes again */
#define DEAL_NOT_WANTED (-2)

struct deal;

/* Everything up to `mark` is finished. The caller closes it. */
struct deal *deal_open(uint64_t mark);
void deal_close(struct deal **deal);

/* A member without credit; its number, -1 when there are DEAL_MEMBERS_MAX. */
MUST_CHECK int deal_join(struct deal *deal);
/* What it had under way goes to others. */
void deal_leave(struct deal *deal, int member);
/* What it may be sent from now on, in all. */
void deal_set_credit(struct deal *deal, int member, uint64_t credit);
uint64_t deal_credit(const struct deal *deal, int member);
/* The member has finished this entry and all that were sent to it before. -1: the stream was never dealt that far; 0 also when the
 * entry is not under way there (any more), which changes nothing. */
MUST_CHECK int deal_applied(struct deal *deal, int member, uint64_t seq);

/* The seq to be dealt now: one that came back, else the next of the stream. 0: nothing can be dealt. */
uint64_t deal_wanted(struct deal *deal);
/* Deals this entry, which is the one of deal_wanted or one that follows it. Returns the member that gets it or DEAL_NOT_…. */
int deal_entry(struct deal *deal, uint64_t seq, uint64_t case_id);
/* Nobody wants this entry; as if it were finished. */
void deal_leave_out(struct deal *deal, uint64_t seq);

uint64_t deal_mark(const struct deal *deal);
uint64_t deal_next(const struct deal *deal); /* the first seq that was never dealt */

#endif
