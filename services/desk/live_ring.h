/* The newest entries of units' streams, as they are told to pages: a ring a unit, one budget of bytes over all of them. What is the
 * oldest of all goes first. Pure. */
#ifndef ZHITONG_DESK_LIVE_RING_H
#define ZHITONG_DESK_LIVE_RING_H

#include "common/moved_facts.h"

struct live_ring;
struct live_entry {
    struct live_entry *older, *newer; /* of all rings */
    struct live_ring *ring;
    struct moved_facts facts;
    size_t size;
    char text[]; /* size bytes, ready to be sent */
};

struct live_store { /* zero but for bytes_max */
    struct live_entry *oldest, *newest;
    size_t bytes, bytes_max;
};

struct live_ring { /* zero, and then live_ring_start; entries first … first + count - 1 are there */
    struct live_store *store;
    struct live_entry **slots;
    size_t room, begin, count;
    uint64_t first;
};

/* Empties the ring; the next entry that is added is this one. */
void live_ring_start(struct live_ring *ring, struct live_store *store, uint64_t first);
uint64_t live_ring_next(const struct live_ring *ring); /* seq of the entry that is added next */
/* Copies the next entry. The oldest of all rings go until it fits; one larger than the budget stands alone. */
void live_ring_add(struct live_ring *ring, const struct moved_facts *facts, const char *text, size_t size);
const struct live_entry *live_ring_find(const struct live_ring *ring, uint64_t seq); /* NULL: it is not there */
void live_ring_close(struct live_ring *ring);

#endif
