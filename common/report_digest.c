#include "common/report_digest.h"

#include <sodium.h>
#include <string.h>

void report_digest(const char *client, const char *key, uint8_t digest[REPORT_DIGEST_BYTES]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, REPORT_DIGEST_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)client, strlen(client) + 1);
    crypto_generichash_update(&state, (const uint8_t *)key, strlen(key));
    crypto_generichash_final(&state, digest, REPORT_DIGEST_BYTES);
}
