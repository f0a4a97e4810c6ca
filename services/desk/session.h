/* Who somebody is: tokens, the person behind a session, and the sessions seen a moment ago. Pure.
 *
 * A token is 256 random bits in base64url; only its SHA-256 is kept anywhere. A session that was looked up is believed for
 * SESSION_BELIEVED_MS, so that one that was ended elsewhere ends here as late as that. */
#ifndef ZHITONG_DESK_SESSION_H
#define ZHITONG_DESK_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/city.h"
#include "proto/case_life.h"

#define TOKEN_TEXT_SIZE 44  /* 43 characters and a NUL */
#define DIGEST_TEXT_SIZE 65 /* SHA-256 in hex */
#define LOGIN_MAX 64
#define SESSION_BELIEVED_MS 1000
#define SESSION_COOKIE "zhitong"

enum privacy { PRIVACY_public = 1, PRIVACY_internal = 2, PRIVACY_restricted = 4 }; /* one bit each */
int privacy_named(const char *name);                                               /* 0 when there is none */
int privacy_read(const char *list);                                                /* PostgreSQL's {public,internal} */

struct person { /* somebody in one of his posts */
    int32_t staff, post;
    char login[LOGIN_MAX + 1];
    char name[241];
    char role[25];
    char unit[CODE_MAX + 1];
    int privacy;        /* enum privacy */
    int64_t expires_at; /* of the session, unix ms */
};

/* Makes a token and its digest. */
void token_make(char token[TOKEN_TEXT_SIZE], char digest[DIGEST_TEXT_SIZE]);
/* The token that a request brings: of "Authorization: Bearer …", else of the cookie. False when it brings none that could be
 * one. Either header may be NULL. */
bool token_read(const char *authorization, const char *cookies, char digest[DIGEST_TEXT_SIZE]);

struct session_cache;
struct session_cache *session_cache_open(void);
void session_cache_close(struct session_cache **cache);
/* The person of that session if it was seen less than SESSION_BELIEVED_MS before now_ms (monotonic), else NULL. */
const struct person *session_cache_find(const struct session_cache *cache, const char *digest, int64_t now_ms);
void session_cache_keep(struct session_cache *cache, const char *digest, const struct person *person, int64_t now_ms);
void session_cache_drop(struct session_cache *cache, const char *digest);

#endif
