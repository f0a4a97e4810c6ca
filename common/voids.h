/* Which seqs of a stream restores have undone, and what a follower is told of it: docs/decisions/0022-what-a-restore-says.md.
 * Pure. */
#ifndef ZHITONG_VOIDS_H
#define ZHITONG_VOIDS_H

#include <stdint.h>

#define VOIDS_MAX 16 /* the newest restores that a stream remembers: a city has few in its life */

struct void_seqs {
    uint64_t from, to; /* the first that is void, and the first of the incarnation that began: from < to */
};

struct voids {
    uint32_t count;
    struct void_seqs each[VOIDS_MAX]; /* the oldest first: neither number falls */
};

/* A follower who has what is before `from` gets `first` next. */
struct gap {
    uint64_t from, first;
};

/* The same seq, or where restores have undone it, the first behind these. */
uint64_t voids_going(const struct voids *voids, uint64_t seq);

/* The first seq of those that the follower has and all restores since have undone. Where it has none of these, but nothing else lies in
 * the gap, the seq at which the gap begins: it may go on. 0: what lies in the gap is no longer kept, and nothing that it has is void. */
uint64_t voids_from(const struct voids *voids, const struct gap *gap);

#endif
