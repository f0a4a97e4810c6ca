#include "services/intake/blocks.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/contact.h"
#include "common/loop.h"

struct blocks {
    struct block *rows;
    size_t count;
    int64_t read_at; /* monotonic ms; 0: never */
    bool asked;
};

struct blocks *blocks_open(void) {
    struct blocks *blocks = calloc(1, sizeof *blocks);
    assert(blocks != NULL);
    return blocks;
}

void blocks_close(struct blocks **blocks) {
    if (*blocks == NULL)
        return;
    free((*blocks)->rows);
    free(*blocks);
    *blocks = NULL;
}

#define TAKE(field, column) snprintf(at->field, sizeof at->field, "%s", db_text(result, row, column))

static void blocks_read(void *context, const struct ask *ask) {
    struct blocks *blocks = context;
    const PGresult *result = ask_result(ask, 0);
    blocks->asked = false;
    if (result == NULL)
        return; /* the old ones hold; asked again soon */
    free(blocks->rows);
    blocks->count = 0;
    blocks->rows = calloc((size_t)PQntuples(result) + 1, sizeof *blocks->rows);
    assert(blocks->rows != NULL);
    for (int row = 0; row < PQntuples(result); row++) {
        struct block *at = &blocks->rows[blocks->count++];
        at->block = db_int8(result, row, 0);
        TAKE(kind, 1);
        TAKE(subject, 2);
        TAKE(reason, 3);
        TAKE(until, 4);
    }
}

void blocks_turn(struct blocks *blocks, const struct service_loop *loop, struct asks *asks) {
    int64_t now = clock_monotonic_ms();
    if (blocks->asked || loop->stopping || !loop->connected ||
        (blocks->read_at != 0 && now - blocks->read_at < BLOCKS_MS))
        return;
    struct ask *ask = ask_make(blocks_read, blocks);
    ask_step(ask, "intake_blocks", NULL, 0);
    blocks->asked = asks_put(asks, ASK_QUICK, ask);
    blocks->read_at = now;
}

int blocks_wait_ms(const struct blocks *blocks) {
    int64_t left = blocks->read_at + BLOCKS_MS - clock_monotonic_ms();
    return blocks->asked || blocks->read_at == 0 ? -1 : left < 0 ? 0 : (int)left;
}

static const struct block *find(const struct blocks *blocks, const char *kind, const char *subject) {
    for (size_t i = 0; i < blocks->count; i++)
        if (strcmp(blocks->rows[i].kind, kind) == 0 && strcmp(blocks->rows[i].subject, subject) == 0)
            return &blocks->rows[i];
    return NULL;
}

const struct block *blocks_of_source(const struct blocks *blocks, const char *source) {
    return find(blocks, "source", source);
}

/* A block may have been made with any key of the ring. */
const struct block *blocks_of_contact(const struct blocks *blocks, const struct secret_keys *keys, const char *kind,
                                      const char *text) {
    uint8_t index[SECRET_INDEX_BYTES];
    char hex[2 * SECRET_INDEX_BYTES + 1];
    char normal[CONTACT_BYTES_MAX + 1];
    if (keys == NULL || blocks->count == 0 || text[0] == '\0')
        return NULL;
    (void)contact_normal(kind, text, normal); /* what is no such contact is blocked by nothing */
    for (size_t nth = 0; nth < secret_keys_count(keys); nth++) {
        secret_index(keys, nth, kind, normal, index);
        sodium_bin2hex(hex, sizeof hex, index, sizeof index);
        const struct block *block = find(blocks, kind, hex);
        if (block != NULL)
            return block;
    }
    return NULL;
}
