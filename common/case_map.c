#include "common/case_map.h"

#include <string.h>

struct case_map case_map_open(struct arena *arena, size_t most) {
    struct case_map map = {.room = 16};
    while (map.room < most * 2)
        map.room *= 2;
    map.keys = arena_take(arena, map.room * sizeof *map.keys);
    map.values = arena_take(arena, (map.room + 1) * sizeof *map.values);
    map.values[map.room] = NULL;
    memset(map.keys, 0, map.room * sizeof *map.keys);
    return map;
}

void **case_map_at(struct case_map *map, uint64_t key) {
    if (key == 0)
        return &map->values[map->room];
    /* Fibonacci hashing, Knuth, TAOCP 3, 6.4 */
    size_t at = (size_t)((key * 11400714819323198485ull) >> 20) & (map->room - 1);
    while (map->keys[at] != 0 && map->keys[at] != key)
        at = (at + 1) & (map->room - 1);
    if (map->keys[at] == 0) {
        map->keys[at] = key;
        map->values[at] = NULL;
    }
    return &map->values[at];
}
