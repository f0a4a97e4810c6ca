#include "common/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_BYTES 262144

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *blocks; /* the newest first */
    struct block *spare;
    size_t spare_bytes;
};

struct arena *arena_open(void) {
    struct arena *arena = calloc(1, sizeof *arena);
    assert(arena != NULL);
    return arena;
}

static void free_blocks(struct block *block) {
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_close(struct arena **arena) {
    if (*arena == NULL)
        return;
    free_blocks((*arena)->blocks);
    free_blocks((*arena)->spare);
    free(*arena);
    *arena = NULL;
}

static struct block *take_block(struct arena *arena, size_t size) {
    if (size <= BLOCK_BYTES && arena->spare != NULL) {
        struct block *block = arena->spare;
        arena->spare = block->next;
        arena->spare_bytes -= block->size;
        block->used = 0;
        return block;
    }
    if (size < BLOCK_BYTES)
        size = BLOCK_BYTES;
    struct block *block = malloc(sizeof *block + size);
    assert(block != NULL);
    block->size = size;
    block->used = 0;
    return block;
}

void *arena_take(struct arena *arena, size_t size) {
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = arena->blocks;
    if (block == NULL || block->used + size > block->size) {
        block = take_block(arena, size);
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *taken = block->data + block->used;
    block->used += size;
    return taken;
}

void arena_reset(struct arena *arena) {
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        if (block->size == BLOCK_BYTES && arena->spare_bytes < ARENA_KEEP_MAX) {
            block->next = arena->spare;
            arena->spare = block;
            arena->spare_bytes += block->size;
        } else {
            free(block);
        }
    }
}
