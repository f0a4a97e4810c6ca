/* A map from case ids (or any number) to pointers, in a batch's arena: what a batch knows of the cases it touches. */
#ifndef ZHITONG_CASE_MAP_H
#define ZHITONG_CASE_MAP_H

#include <stdint.h>

#include "common/arena.h"

struct case_map {
    uint64_t *keys; /* 0: free; the key 0, which a client may send, has its place behind the last one */
    void **values;
    size_t room; /* a power of two, at least twice as many as will be put */
};

struct case_map case_map_open(struct arena *arena, size_t most);
/* The place of this key's value; a new key's value is NULL. */
void **case_map_at(struct case_map *map, uint64_t key);

#endif
