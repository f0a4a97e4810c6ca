/* The keyring: what personal data and the secrets of sources are encrypted with, found by, and what receipts are made from.
 *
 * A file of lines `ID KEY`: a number from 1 and 32 bytes in base64, the newest first; # begins a comment. What is written uses the
 * newest key; what was written with an older one can be read as long as its line is there. `zhitong keys secret` makes the file and
 * adds to it. From each key three others are derived (libsodium's crypto_kdf), so that no key serves two purposes:
 *
 *   seal   XChaCha20-Poly1305 (IETF draft-irtf-cfrg-xchacha), 24 random bytes of nonce; field and row are authenticated with it
 *   index  keyed BLAKE2b (RFC 7693), 16 bytes: equal texts have equal indexes, and without the key nobody can try texts
 *   code   keyed BLAKE2b, 16 bytes: a number's code, which nobody can make without the key
 *
 * Read-only between calls of secret_keys_refresh, so several threads may use one. */
#ifndef ZHITONG_SECRET_KEYS_H
#define ZHITONG_SECRET_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"
#include "proto/codec.h"

#define SECRET_KEYS_MAX 8
#define SECRET_KEY_BYTES 32
#define SECRET_SEAL_BYTES 44 /* that a sealed text is longer: key id, nonce, tag */
#define SECRET_INDEX_BYTES 16
#define SECRET_CODE_BYTES 16

/* For the table of a service's settings. */
#define SETTING_OF_SECRET_KEYS \
    { \
        "ZHITONG_SECRET_KEYS", SETTING_TEXT, "", "", 0, 1000, \
            "path of the keyring file, from `zhitong keys secret`, with which personal data is encrypted; empty: none is taken" \
    }

struct secret_keys;

/* Reads the file. Refuses, with the path as field: it cannot be read, others than its owner and group may read it, a line is not
 * an id and a key, an id or key stands in it twice, it has none or more than SECRET_KEYS_MAX. The caller closes *out. */
MUST_CHECK int secret_keys_open(struct secret_keys **out, const char *path, struct reason *why);
/* The same for the setting above; where that is empty *out is NULL. */
MUST_CHECK int secret_keys_of_settings(struct secret_keys **out, const struct settings *settings, struct reason *why);
/* Reads the file again where it has been replaced since, so that a key can be added while a service runs: one stat() otherwise.
 * Refuses as secret_keys_open does; *keys then stays as it was. Only where nobody else uses *keys at the same time. */
MUST_CHECK int secret_keys_refresh(struct secret_keys **keys, struct reason *why);
/* Wipes the keys. Takes NULL. */
void secret_keys_close(struct secret_keys **keys);

size_t secret_keys_count(const struct secret_keys *keys);
uint32_t secret_keys_id(const struct secret_keys *keys, size_t nth); /* 0: the newest */
bool secret_keys_have(const struct secret_keys *keys, uint32_t id);

/* Where a sealed text stands; it cannot be opened as that of another field or row. */
struct secret_about {
    const char *field; /* table and column: "reporter.sealed" */
    const char *row;   /* its key, as text */
};

/* Appends the sealed text, size + SECRET_SEAL_BYTES long, to `out`. The newest key seals. */
void secret_seal(const struct secret_keys *keys, const struct secret_about *about, const struct bytes *plain,
                 struct bytes *out);
/* Appends the text to `out`. Refuses, with `about`'s field: the key with which it was sealed is not in the ring; it was sealed for
 * another place, or changed. `out` is untouched then. */
MUST_CHECK int secret_open(const struct secret_keys *keys, const struct secret_about *about, const struct bytes *sealed,
                           struct bytes *out, struct reason *why);
/* The id of the key that sealed it; 0: it is too short to be a sealed text. */
uint32_t secret_sealed_with(const void *sealed, size_t size);

/* The blind index of a text with the nth key. `kind` ("phone") keeps equal texts of different kinds apart. */
void secret_index(const struct secret_keys *keys, size_t nth, const char *kind, const char *text,
                  uint8_t index[SECRET_INDEX_BYTES]);
/* The code of a number with the nth key; `purpose` keeps codes for different things apart. */
void secret_code(const struct secret_keys *keys, size_t nth, const char *purpose, uint64_t number,
                 uint8_t code[SECRET_CODE_BYTES]);

#endif
