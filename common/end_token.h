/* The token of the link with which a reporter ends the messages about a report. Pure.
 *
 * `rCASE-CODE`: the case, and its keyed code in hex. Nothing is stored: whoever has the keyring can make it again, and nobody else. An
 * endpoint's token is another one, random, and stands in its row. */
#ifndef ZHITONG_END_TOKEN_H
#define ZHITONG_END_TOKEN_H

#include "common/secret_keys.h"

#define END_TOKEN_SIZE 64

/* With the newest key. */
void end_token_print(const struct secret_keys *keys, uint64_t case_id, char token[END_TOKEN_SIZE]);
/* Whether it is one, made with any key of the ring; then *case_id is its case. */
bool end_token_read(const struct secret_keys *keys, const char *token, uint64_t *case_id);

#endif
