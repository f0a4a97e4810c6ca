/* What makes a case's history tell of every change to it: each entry of a case names the entry before it by the SHA-256 of
 * its bytes as they stand in the log (FIPS 180-4; base64url without padding, RFC 4648 section 5), and the case itself keeps
 * the hash of its last entry. Who alters, removes or inserts a row would have to rewrite all that follow. */
#ifndef ZHITONG_CHAIN_H
#define ZHITONG_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define CHAIN_SIZE 32 /* bytes of a hash */
#define CHAIN_TEXT 43 /* the same as text, without its NUL */

void chain_hash(const uint8_t *entry, size_t size, uint8_t hash[CHAIN_SIZE]);
void chain_text(const uint8_t hash[CHAIN_SIZE], char text[CHAIN_TEXT + 1]);

#endif
