#include "services/intake/webhook_sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAC_BYTES crypto_auth_hmacsha256_BYTES
#define BODY_SCHEME "sha256="
#define STANDARD_SCHEME "v1,"

int webhook_headers_check(const struct webhook_signed *request, int64_t now, struct reason *why) {
    if (request->body_signature != NULL && request->signature == NULL) {
        if (strncmp(request->body_signature, BODY_SCHEME, strlen(BODY_SCHEME)) != 0)
            return refuse(why, "X-Signature", "must be sha256= and the HMAC in hexadecimal");
        return 0;
    }
    if (request->signature == NULL)
        return refuse(why, "webhook-signature", "is missing");
    if (request->id == NULL || request->id[0] == '\0' || strlen(request->id) > WEBHOOK_ID_MAX)
        return refuse(why, "webhook-id", "must be 1 to %d bytes", WEBHOOK_ID_MAX);
    const char *text = request->timestamp;
    if (text == NULL || text[0] == '\0' || strlen(text) > 12 || strspn(text, "0123456789") != strlen(text))
        return refuse(why, "webhook-timestamp", "must be unix seconds");
    int64_t away = strtoll(text, NULL, 10) - now;
    if (away > WEBHOOK_TOLERANCE_SECONDS || away < -WEBHOOK_TOLERANCE_SECONDS)
        return refuse(why, "webhook-timestamp", "is more than %d seconds away from the time here",
                      WEBHOOK_TOLERANCE_SECONDS);
    return 0;
}

static bool standard_signed(const struct webhook_signed *request, const uint8_t mac[MAC_BYTES]) {
    char wanted[sodium_base64_ENCODED_LEN(MAC_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(wanted, sizeof wanted, mac, MAC_BYTES, sodium_base64_VARIANT_ORIGINAL);
    const char *at = request->signature;
    bool found = false;
    for (int i = 0; i < WEBHOOK_SIGNATURES_MAX && *at != '\0'; i++) {
        size_t length = strcspn(at, " "), scheme = strlen(STANDARD_SCHEME);
        if (length == scheme + sizeof wanted - 1 && strncmp(at, STANDARD_SCHEME, scheme) == 0)
            found |= sodium_memcmp(at + scheme, wanted, sizeof wanted - 1) == 0;
        at += length + strspn(at + length, " ");
    }
    return found;
}

static bool body_signed(const struct webhook_signed *request, const uint8_t mac[MAC_BYTES]) {
    uint8_t given[MAC_BYTES];
    size_t size = 0;
    const char *end, *hex = request->body_signature + strlen(BODY_SCHEME);
    return strlen(hex) == 2 * MAC_BYTES &&
           sodium_hex2bin(given, sizeof given, hex, 2 * MAC_BYTES, NULL, &size, &end) == 0 && size == MAC_BYTES &&
           sodium_memcmp(given, mac, MAC_BYTES) == 0;
}

bool webhook_signed_with(const struct webhook_signed *request, const struct webhook_secret *secret) {
    bool standard = request->signature != NULL;
    if (standard != (secret->form == WEBHOOK_STANDARD))
        return false;
    crypto_auth_hmacsha256_state state;
    uint8_t mac[MAC_BYTES];
    crypto_auth_hmacsha256_init(&state, secret->bytes, secret->size);
    if (standard) {
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)request->id, strlen(request->id));
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)request->timestamp, strlen(request->timestamp));
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
    }
    crypto_auth_hmacsha256_update(&state, request->body, request->size);
    crypto_auth_hmacsha256_final(&state, mac);
    return standard ? standard_signed(request, mac) : body_signed(request, mac);
}
