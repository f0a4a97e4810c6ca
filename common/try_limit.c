#include "common/try_limit.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 16384

struct place {
    uint64_t name; /* its hash; 0: free */
    int64_t from_ms;
    uint32_t tries;
};

struct try_limit {
    uint32_t failures_max;
    int64_t span_ms;
    unsigned char key[crypto_shorthash_KEYBYTES];
    struct place places[PLACES];
};

struct try_limit *try_limit_open(uint32_t failures_max, int64_t span_ms) {
    struct try_limit *limit = calloc(1, sizeof *limit);
    assert(limit != NULL);
    limit->failures_max = failures_max;
    limit->span_ms = span_ms;
    crypto_shorthash_keygen(limit->key);
    return limit;
}

void try_limit_close(struct try_limit **limit) {
    free(*limit);
    *limit = NULL;
}

static struct place *place_of(struct try_limit *limit, const char *name, uint64_t *hash) {
    crypto_shorthash((unsigned char *)hash, (const unsigned char *)name, strlen(name), limit->key);
    *hash |= 1;
    return &limit->places[(*hash >> 8) % PLACES];
}

int64_t try_limit_try(struct try_limit *limit, const char *name, int64_t now_ms) {
    uint64_t hash;
    struct place *place = place_of(limit, name, &hash);
    if (place->name != hash || now_ms - place->from_ms >= limit->span_ms)
        *place = (struct place){.name = hash, .from_ms = now_ms};
    if (place->tries >= limit->failures_max)
        return place->from_ms + limit->span_ms - now_ms;
    place->tries++;
    return 0;
}

void try_limit_forget(struct try_limit *limit, const char *name) {
    uint64_t hash;
    struct place *place = place_of(limit, name, &hash);
    if (place->name == hash)
        place->tries = 0;
}

void try_limit_take_back(struct try_limit *limit, const char *name) {
    uint64_t hash;
    struct place *place = place_of(limit, name, &hash);
    if (place->name == hash && place->tries > 0)
        place->tries--;
}
