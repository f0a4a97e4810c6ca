/* Memory that lives as long as a batch: taken piece by piece, given back all at once. Not thread-safe. */
#ifndef ZHITONG_ARENA_H
#define ZHITONG_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_open(void);
void arena_close(struct arena **arena);
/* Aligned for any type, not cleared; never NULL (memory failure aborts). */
void *arena_take(struct arena *arena, size_t size);
/* Forgets everything taken; keeps at most ARENA_KEEP_MAX bytes for the next batch. */
#define ARENA_KEEP_MAX 4194304
void arena_reset(struct arena *arena);

#endif
