#include "services/notification/destination.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEALED_FIELD "endpoint.sealed"
#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES 32
#define SHOWN_ENDS 3 /* characters at either end of a mail address or number that are shown */

void destination_seal(const struct secret_keys *keys, const char *name, const struct destination *destination,
                      struct bytes *out) {
    json_t *secrets = json_array();
    for (int i = 0; i < destination->secret_count; i++)
        json_array_append_new(secrets, json_string(destination->secrets[i]));
    json_t *object = json_pack("{s:s, s:o}", "address", destination->address, "secrets", secrets);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    assert(text != NULL);
    const struct secret_about about = {SEALED_FIELD, name};
    struct bytes plain = {.data = (uint8_t *)text, .size = strlen(text)};
    secret_seal(keys, &about, &plain, out);
    sodium_memzero(text, plain.size);
    free(text);
    json_decref(object);
}

static int read_plain(const struct bytes *plain, struct destination *destination, struct reason *why) {
    json_t *object = json_loadb((const char *)plain->data, plain->size, JSON_REJECT_DUPLICATES, NULL);
    const char *address = json_string_value(json_object_get(object, "address"));
    json_t *secrets = json_object_get(object, "secrets"), *secret;
    size_t index;
    int status = address != NULL && strlen(address) <= CARRIER_ADDRESS_MAX &&
                         json_array_size(secrets) <= CARRIER_SECRETS_MAX
                     ? 0
                     : refuse(why, SEALED_FIELD, "holds no destination");
    memset(destination, 0, sizeof *destination);
    if (status == 0)
        strcpy(destination->address, address);
    json_array_foreach(secrets, index, secret) {
        const char *text = json_string_value(secret);
        if (status == 0 && text != NULL && strlen(text) <= CARRIER_SECRET_MAX)
            strcpy(destination->secrets[destination->secret_count++], text);
    }
    json_decref(object);
    return status;
}

int destination_open(const struct secret_keys *keys, const char *name, const struct bytes *sealed,
                     struct destination *destination, struct reason *why) {
    struct bytes plain = {0};
    const struct secret_about about = {SEALED_FIELD, name};
    if (keys == NULL)
        return refuse(why, "ZHITONG_SECRET_KEYS", "is not set: addresses and secrets of endpoints cannot be read");
    if (secret_open(keys, &about, sealed, &plain, why) != 0)
        return -1;
    int status = read_plain(&plain, destination, why);
    sodium_memzero(plain.data, plain.size);
    bytes_close(&plain);
    return status;
}

void destination_make_secret(char secret[CARRIER_SECRET_MAX + 1]) {
    uint8_t random[SECRET_BYTES];
    size_t prefix = strlen(SECRET_PREFIX);
    randombytes_buf(random, sizeof random);
    memcpy(secret, SECRET_PREFIX, prefix);
    sodium_bin2base64(secret + prefix, CARRIER_SECRET_MAX + 1 - prefix, random, sizeof random,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(random, sizeof random);
}

void destination_add_secret(struct destination *destination, const char *secret) {
    int kept = destination->secret_count < CARRIER_SECRETS_MAX ? destination->secret_count : CARRIER_SECRETS_MAX - 1;
    memmove(destination->secrets[1], destination->secrets[0], (size_t)kept * sizeof destination->secrets[0]);
    snprintf(destination->secrets[0], sizeof destination->secrets[0], "%s", secret);
    destination->secret_count = kept + 1;
}

void destination_show(const char *address, char *shown, size_t room) {
    size_t size = strlen(address), plain = strcspn(address, "?#");
    if (strstr(address, "://") != NULL) {
        snprintf(shown, room, "%.*s", (int)(plain < room ? plain : room - 1), address);
        return;
    }
    const char *at = strchr(address, '@');
    size_t name = at != NULL ? (size_t)(at - address) : size;
    size_t ends = name > 2 * SHOWN_ENDS ? SHOWN_ENDS : name > 2 ? 1 : 0;
    snprintf(shown, room, "%.*s***%.*s%s", (int)ends, address, (int)ends, address + name - ends, at != NULL ? at : "");
}
