#include "common/rate_limit.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000
#define NONE UINT32_MAX

struct bucket {
    uint64_t name;         /* its hash */
    int64_t filled;        /* tokens × MINUTE_MS, so that every millisecond counts */
    int64_t at_ms;         /* when `filled` was right */
    uint32_t chain;        /* the next with the same place */
    uint32_t newer, older; /* by when they were heard of */
};

struct rate_limit {
    unsigned char key[crypto_shorthash_KEYBYTES];
    size_t names_max, count;
    uint32_t *places; /* as many as there may be names, a power of two or more */
    size_t place_mask;
    uint32_t newest, oldest;
    struct bucket *buckets;
};

struct rate_limit *rate_limit_open(size_t names_max) {
    assert(names_max > 0 && names_max < NONE);
    struct rate_limit *limit = calloc(1, sizeof *limit);
    assert(limit != NULL);
    size_t places = 1;
    while (places < names_max)
        places *= 2;
    limit->names_max = names_max;
    limit->place_mask = places - 1;
    limit->places = malloc(places * sizeof *limit->places);
    limit->buckets = malloc(names_max * sizeof *limit->buckets);
    assert(limit->places != NULL && limit->buckets != NULL);
    memset(limit->places, 0xff, places * sizeof *limit->places);
    limit->newest = limit->oldest = NONE;
    crypto_shorthash_keygen(limit->key);
    return limit;
}

void rate_limit_close(struct rate_limit **limit) {
    if (*limit == NULL)
        return;
    free((*limit)->places);
    free((*limit)->buckets);
    free(*limit);
    *limit = NULL;
}

size_t rate_limit_names(const struct rate_limit *limit) {
    return limit->count;
}

/* ---- which bucket --------------------------------------------------------------------------------------------------- */

static void unlink_age(struct rate_limit *limit, uint32_t at) {
    struct bucket *bucket = &limit->buckets[at];
    *(bucket->newer != NONE ? &limit->buckets[bucket->newer].older : &limit->newest) = bucket->older;
    *(bucket->older != NONE ? &limit->buckets[bucket->older].newer : &limit->oldest) = bucket->newer;
}

static void link_newest(struct rate_limit *limit, uint32_t at) {
    struct bucket *bucket = &limit->buckets[at];
    bucket->newer = NONE;
    bucket->older = limit->newest;
    *(limit->newest != NONE ? &limit->buckets[limit->newest].newer : &limit->oldest) = at;
    limit->newest = at;
}

static uint32_t *place_of(struct rate_limit *limit, uint64_t name) {
    return &limit->places[name & limit->place_mask];
}

/* A bucket that nobody has: a fresh one, or that of the name not heard of for longest. */
static uint32_t take_bucket(struct rate_limit *limit) {
    if (limit->count < limit->names_max)
        return (uint32_t)limit->count++;
    uint32_t at = limit->oldest;
    uint32_t *link = place_of(limit, limit->buckets[at].name);
    while (*link != at)
        link = &limit->buckets[*link].chain;
    *link = limit->buckets[at].chain;
    unlink_age(limit, at);
    return at;
}

static struct bucket *bucket_of(struct rate_limit *limit, const char *text, uint32_t per_minute, int64_t now_ms) {
    uint64_t name;
    crypto_shorthash((unsigned char *)&name, (const unsigned char *)text, strlen(text), limit->key);
    uint32_t at = *place_of(limit, name);
    while (at != NONE && limit->buckets[at].name != name)
        at = limit->buckets[at].chain;
    if (at != NONE) {
        unlink_age(limit, at);
        link_newest(limit, at);
        return &limit->buckets[at];
    }
    at = take_bucket(limit);
    uint32_t *place = place_of(limit, name);
    limit->buckets[at] = (struct bucket){
        .name = name, .filled = (int64_t)per_minute * MINUTE_MS, .at_ms = now_ms, .chain = *place};
    *place = at;
    link_newest(limit, at);
    return &limit->buckets[at];
}

int64_t rate_limit_take(struct rate_limit *limit, const char *name, uint32_t per_minute, int64_t now_ms) {
    assert(per_minute > 0 && per_minute <= 1000000);
    struct bucket *bucket = bucket_of(limit, name, per_minute, now_ms);
    int64_t most = (int64_t)per_minute * MINUTE_MS, passed = now_ms - bucket->at_ms;
    bucket->filled = passed >= MINUTE_MS ? most : bucket->filled + passed * per_minute;
    if (bucket->filled > most)
        bucket->filled = most;
    bucket->at_ms = now_ms;
    if (bucket->filled < MINUTE_MS)
        return (MINUTE_MS - bucket->filled + per_minute - 1) / per_minute;
    bucket->filled -= MINUTE_MS;
    return 0;
}
