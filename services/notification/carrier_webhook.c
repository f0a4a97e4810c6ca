/* HTTP POST of a CloudEvent in structured JSON (CloudEvents 1.0, HTTP binding), signed as Standard Webhooks has it. */
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier.h"

#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES_MIN 16
#define SECRET_BYTES_MAX 64
#define MAC_TEXT_SIZE sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

static char *add_header(struct transfer *transfer) {
    return transfer->headers[transfer->header_count++];
}

static int check_parts(CURLU *url, struct reason *why) {
    char *scheme = NULL, *user = NULL, *fragment = NULL;
    (void)curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    (void)curl_url_get(url, CURLUPART_USER, &user, 0);
    (void)curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0);
    int status = 0;
    if (scheme == NULL || (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
        status = refuse(why, "address", "must begin with https:// or http://");
    else if (user != NULL)
        status = refuse(why, "address", "must not have a user or password; requests are signed instead");
    else if (fragment != NULL)
        status = refuse(why, "address", "must not have a fragment (#)");
    curl_free(scheme);
    curl_free(user);
    curl_free(fragment);
    return status;
}

static int check_address(const char *address, struct reason *why) {
    CURLU *url = curl_url();
    if (url == NULL)
        return refuse(why, "address", "there is no memory to read it");
    int status = strpbrk(address, " \t\r\n") != NULL || curl_url_set(url, CURLUPART_URL, address, 0) != CURLUE_OK
                     ? refuse(why, "address", "is no URL")
                     : check_parts(url, why);
    curl_url_cleanup(url);
    return status;
}

static int read_secret(const char *text, uint8_t bytes[SECRET_BYTES_MAX], size_t *size, struct reason *why) {
    size_t prefix = strlen(SECRET_PREFIX);
    if (strncmp(text, SECRET_PREFIX, prefix) != 0 ||
        sodium_base642bin(bytes, SECRET_BYTES_MAX, text + prefix, strlen(text) - prefix, NULL, size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        *size < SECRET_BYTES_MIN)
        return refuse(why, "secret", "must be whsec_ and %d to %d bytes in base64", SECRET_BYTES_MIN, SECRET_BYTES_MAX);
    return 0;
}

/* The HMAC-SHA256 of "id.timestamp.body". */
static int sign(const struct parcel *parcel, const char *secret, char text[MAC_TEXT_SIZE], struct reason *why) {
    uint8_t key[SECRET_BYTES_MAX], mac[crypto_auth_hmacsha256_BYTES];
    char head[TRANSFER_HEADER_MAX];
    size_t size = 0;
    if (read_secret(secret, key, &size, why) != 0)
        return -1;
    int head_size = snprintf(head, sizeof head, "%s.%lld.", parcel->id, (long long)(parcel->at / 1000));
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, (size_t)head_size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)parcel->json, strlen(parcel->json));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(text, MAC_TEXT_SIZE, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
    return 0;
}

static int add_signatures(const struct parcel *parcel, struct transfer *transfer, struct reason *why) {
    char *header = add_header(transfer);
    size_t size = (size_t)sprintf(header, "webhook-signature:");
    if (parcel->to->secret_count == 0)
        return refuse(why, "secret", "is missing");
    for (int i = 0; i < parcel->to->secret_count; i++) {
        char mac[MAC_TEXT_SIZE];
        if (sign(parcel, parcel->to->secrets[i], mac, why) != 0)
            return -1;
        size += (size_t)snprintf(header + size, TRANSFER_HEADER_MAX + 1 - size, " v1,%s", mac);
    }
    return 0;
}

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    (void)settings;
    if (check_address(parcel->to->address, why) != 0)
        return -1;
    transfer->kind = TRANSFER_HTTP;
    transfer->guarded = true;
    snprintf(transfer->url, sizeof transfer->url, "%s", parcel->to->address);
    strcpy(add_header(transfer), "content-type: application/cloudevents+json; charset=utf-8");
    snprintf(add_header(transfer), TRANSFER_HEADER_MAX + 1, "webhook-id: %s", parcel->id);
    snprintf(add_header(transfer), TRANSFER_HEADER_MAX + 1, "webhook-timestamp: %lld", (long long)(parcel->at / 1000));
    if (parcel->traceparent != NULL && parcel->traceparent[0] != '\0')
        snprintf(add_header(transfer), TRANSFER_HEADER_MAX + 1, "traceparent: %s", parcel->traceparent);
    if (add_signatures(parcel, transfer, why) != 0)
        return -1;
    bytes_append(&transfer->body, parcel->json, strlen(parcel->json));
    return 0;
}

/* Only 2xx is taken. A redirect is not followed: who moves changes the endpoint's address. */
static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    bool asks = answer->status == 429 || answer->status == 503;
    *verdict = (struct verdict){.kind = VERDICT_AGAIN};
    if (answer->status >= 200 && answer->status < 300)
        verdict->kind = VERDICT_SENT;
    else if (answer->status == 410)
        verdict->kind = VERDICT_DISABLE;
    else if (asks && answer->retry_after_ms > 0)
        verdict->wait_ms = answer->retry_after_ms;
}

const struct carrier carrier_webhook = {.name = "webhook", .for_people = false, .prepare = prepare, .judge = judge};
