#include "services/desk/live_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16 /* a power of two */

static size_t cost_of(const struct live_entry *entry) {
    return sizeof *entry + entry->size;
}

/* Takes the first of its ring out of everything. */
static void drop_first(struct live_ring *ring) {
    struct live_store *store = ring->store;
    struct live_entry *entry = ring->slots[ring->begin];
    *(entry->older != NULL ? &entry->older->newer : &store->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &store->newest) = entry->older;
    store->bytes -= cost_of(entry);
    ring->begin = (ring->begin + 1) & (ring->room - 1);
    ring->count--;
    ring->first++;
    free(entry);
}

void live_ring_start(struct live_ring *ring, struct live_store *store, uint64_t first) {
    while (ring->count > 0)
        drop_first(ring);
    ring->store = store;
    ring->first = first;
}

uint64_t live_ring_next(const struct live_ring *ring) {
    return ring->first + ring->count;
}

static void make_room(struct live_ring *ring) {
    if (ring->count < ring->room)
        return;
    size_t room = ring->room == 0 ? SLOTS_FIRST : 2 * ring->room;
    struct live_entry **slots = calloc(room, sizeof(struct live_entry *));
    assert(slots != NULL);
    for (size_t i = 0; i < ring->count; i++)
        slots[i] = ring->slots[(ring->begin + i) & (ring->room - 1)];
    free(ring->slots);
    ring->slots = slots;
    ring->room = room;
    ring->begin = 0;
}

void live_ring_add(struct live_ring *ring, const struct moved_facts *facts, const char *text, size_t size) {
    struct live_store *store = ring->store;
    struct live_entry *entry = malloc(sizeof *entry + size);
    assert(entry != NULL);
    *entry = (struct live_entry){.ring = ring, .facts = *facts, .size = size};
    if (size > 0)
        memcpy(entry->text, text, size);
    while (store->oldest != NULL && store->bytes + cost_of(entry) > store->bytes_max)
        drop_first(store->oldest->ring); /* the oldest of all is the first of its ring */
    entry->older = store->newest;
    *(store->newest != NULL ? &store->newest->newer : &store->oldest) = entry;
    store->newest = entry;
    store->bytes += cost_of(entry);
    make_room(ring);
    ring->slots[(ring->begin + ring->count++) & (ring->room - 1)] = entry;
}

const struct live_entry *live_ring_find(const struct live_ring *ring, uint64_t seq) {
    if (seq < ring->first || seq - ring->first >= ring->count)
        return NULL;
    return ring->slots[(ring->begin + (seq - ring->first)) & (ring->room - 1)];
}

void live_ring_close(struct live_ring *ring) {
    if (ring->store != NULL)
        live_ring_start(ring, ring->store, 0);
    free(ring->slots);
    *ring = (struct live_ring){0};
}
