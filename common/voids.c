#include "common/voids.h"

#include <stddef.h>

uint64_t voids_going(const struct voids *voids, uint64_t seq) {
    for (uint32_t i = 0; i < voids->count; i++)
        if (seq >= voids->each[i].from && seq < voids->each[i].to)
            seq = voids->each[i].to;
    return seq;
}

uint64_t voids_from(const struct voids *voids, const struct gap *gap) {
    const struct void_seqs *next = NULL; /* the first restore since the last entry that it has found the lowest end */
    for (uint32_t i = 0; next == NULL && i < voids->count; i++)
        if (voids->each[i].to > gap->from)
            next = &voids->each[i];
    if (next == NULL || gap->from < next->from)
        return 0;
    if (gap->from == next->from && gap->first != voids_going(voids, gap->from))
        return 0;
    return next->from;
}
