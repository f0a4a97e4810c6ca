#include "common/chain.h"

#include <sodium.h>

_Static_assert(CHAIN_SIZE == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(CHAIN_TEXT + 1 == sodium_base64_ENCODED_LEN(CHAIN_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
               "base64url");

void chain_hash(const uint8_t *entry, size_t size, uint8_t hash[CHAIN_SIZE]) {
    (void)crypto_hash_sha256(hash, entry, size);
}

void chain_text(const uint8_t hash[CHAIN_SIZE], char text[CHAIN_TEXT + 1]) {
    (void)sodium_bin2base64(text, CHAIN_TEXT + 1, hash, CHAIN_SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
