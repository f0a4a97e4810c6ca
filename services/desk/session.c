#include "services/desk/session.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 32
#define CACHE_SLOTS \
    8192 /* a session has one place; another that falls there takes it, and the first is looked up again */
#define BEARER "Bearer "

static const char *const privacy_names[] = {"public", "internal", "restricted"};

int privacy_named(const char *name) {
    for (int i = 0; i < 3; i++)
        if (strcmp(privacy_names[i], name) == 0)
            return 1 << i;
    return 0;
}

int privacy_read(const char *list) {
    int privacy = 0;
    for (int i = 0; i < 3; i++)
        if (strstr(list, privacy_names[i]) != NULL)
            privacy |= 1 << i;
    return privacy;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------- */

static void digest_of(const char *token, char digest[DIGEST_TEXT_SIZE]) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)token, strlen(token));
    sodium_bin2hex(digest, DIGEST_TEXT_SIZE, hash, sizeof hash);
}

void token_make(char token[TOKEN_TEXT_SIZE], char digest[DIGEST_TEXT_SIZE]) {
    unsigned char random[TOKEN_BYTES];
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(token, TOKEN_TEXT_SIZE, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    digest_of(token, digest);
}

/* The value of the cookie, which ends at a semicolon, or NULL. */
static const char *cookie_value(const char *cookies) {
    size_t name = strlen(SESSION_COOKIE);
    for (const char *at = cookies; at != NULL && *at != '\0'; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, SESSION_COOKIE, name) == 0 && at[name] == '=')
            return at + name + 1;
    }
    return NULL;
}

bool token_read(const char *authorization, const char *cookies, char digest[DIGEST_TEXT_SIZE]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[TOKEN_TEXT_SIZE];
    const char *at = cookie_value(cookies);
    if (authorization != NULL)
        at = strncmp(authorization, BEARER, strlen(BEARER)) == 0 ? authorization + strlen(BEARER) : NULL;
    size_t size = at != NULL ? strspn(at, letters) : 0;
    if (size != TOKEN_TEXT_SIZE - 1 || (at[size] != '\0' && (authorization != NULL || at[size] != ';')))
        return false;
    memcpy(token, at, size);
    token[size] = '\0';
    digest_of(token, digest);
    sodium_memzero(token, sizeof token);
    return true;
}

/* ---- what was seen a moment ago ----------------------------------------------------------------------------------- */

struct slot {
    char digest[DIGEST_TEXT_SIZE];
    int64_t seen_ms;
    struct person person;
};

struct session_cache {
    struct slot *slots[CACHE_SLOTS];
};

struct session_cache *session_cache_open(void) {
    struct session_cache *cache = calloc(1, sizeof *cache);
    assert(cache != NULL);
    return cache;
}

void session_cache_close(struct session_cache **cache) {
    if (*cache == NULL)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free((*cache)->slots[i]);
    free(*cache);
    *cache = NULL;
}

/* A digest is random already: its first digits are as good a hash as any. */
static size_t slot_of(const char *digest) {
    char start[9] = {0};
    memcpy(start, digest, 8);
    return strtoul(start, NULL, 16) % CACHE_SLOTS;
}

const struct person *session_cache_find(const struct session_cache *cache, const char *digest, int64_t now_ms) {
    const struct slot *slot = cache->slots[slot_of(digest)];
    if (slot == NULL || strcmp(slot->digest, digest) != 0 || now_ms - slot->seen_ms >= SESSION_BELIEVED_MS)
        return NULL;
    return &slot->person;
}

void session_cache_keep(struct session_cache *cache, const char *digest, const struct person *person, int64_t now_ms) {
    struct slot **at = &cache->slots[slot_of(digest)];
    if (*at == NULL)
        *at = calloc(1, sizeof **at);
    assert(*at != NULL);
    memcpy((*at)->digest, digest, DIGEST_TEXT_SIZE);
    (*at)->seen_ms = now_ms;
    (*at)->person = *person;
}

void session_cache_drop(struct session_cache *cache, const char *digest) {
    struct slot *slot = cache->slots[slot_of(digest)];
    if (slot != NULL && strcmp(slot->digest, digest) == 0)
        slot->digest[0] = '\0';
}
