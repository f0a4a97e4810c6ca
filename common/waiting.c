/* The queue of inputs that wait for a lane: a ring that grows; what may stand in it is bounded by credit. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"

static void grow(struct waiting_queue *queue) {
    size_t room = queue->room ? queue->room * 2 : 64;
    struct waiting *ring = calloc(room, sizeof *ring);
    assert(ring != NULL);
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) & (queue->room - 1)];
    free(queue->ring);
    queue->ring = ring;
    queue->first = 0;
    queue->room = room;
}

struct waiting *queue_push(struct waiting_queue *queue) {
    if (queue->count == queue->room)
        grow(queue);
    return &queue->ring[(queue->first + queue->count++) & (queue->room - 1)];
}

struct waiting *queue_push_front(struct waiting_queue *queue) {
    if (queue->count == queue->room)
        grow(queue);
    queue->first = (queue->first - 1) & (queue->room - 1);
    queue->count++;
    return &queue->ring[queue->first];
}

struct waiting *queue_front(struct waiting_queue *queue) {
    return queue->count == 0 ? NULL : &queue->ring[queue->first];
}

void queue_pop(struct waiting_queue *queue) {
    assert(queue->count > 0);
    queue->first = (queue->first + 1) & (queue->room - 1);
    queue->count--;
}
