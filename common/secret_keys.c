#include "common/secret_keys.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONTEXT "zhitong" /* of crypto_kdf, with its NUL 8 bytes */
#define LINE_BYTES_MAX 200
#define PATH_BYTES_MAX 1000
#define ID_BYTES 4
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(SECRET_SEAL_BYTES == ID_BYTES + NONCE_BYTES + TAG_BYTES, "what a sealed text is longer");
_Static_assert(sizeof CONTEXT == crypto_kdf_CONTEXTBYTES, "context of the derived keys");

enum purpose { FOR_SEAL = 1, FOR_INDEX, FOR_CODE };

struct secret_key {
    uint32_t id;
    uint8_t root[SECRET_KEY_BYTES], seal[SECRET_KEY_BYTES], index[SECRET_KEY_BYTES], code[SECRET_KEY_BYTES];
};

struct secret_keys {
    char path[PATH_BYTES_MAX + 1];
    struct stat file; /* as it was when it was read */
    size_t count;
    struct secret_key keys[SECRET_KEYS_MAX];
};

/* ---- the file --------------------------------------------------------------------------------------------------------- */

static const struct secret_key *key_of(const struct secret_keys *keys, uint32_t id) {
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].id == id)
            return &keys->keys[i];
    return NULL;
}

static int read_id(const char *text, uint32_t *id) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX)
        return -1;
    *id = (uint32_t)value;
    return 0;
}

static bool has_root(const struct secret_keys *keys, const uint8_t root[SECRET_KEY_BYTES]) {
    for (size_t i = 0; i < keys->count; i++)
        if (sodium_memcmp(keys->keys[i].root, root, SECRET_KEY_BYTES) == 0)
            return true;
    return false;
}

/* Says what is wrong with the line, NULL where nothing is. Never quotes it: it may hold a key. */
static const char *add_line(struct secret_keys *keys, char *line) {
    char *rest = NULL;
    const char *id_text = strtok_r(line, " \t\r\n", &rest), *key_text = strtok_r(NULL, " \t\r\n", &rest);
    if (id_text == NULL || id_text[0] == '#')
        return NULL;
    if (keys->count == SECRET_KEYS_MAX)
        return "is one key too many; remove the oldest ones, which `zhitong people rekey` names";
    struct secret_key *key = &keys->keys[keys->count];
    uint32_t id;
    size_t size;
    if (read_id(id_text, &id) != 0)
        return "must begin with the key's number, from 1";
    if (key_text == NULL || strtok_r(NULL, " \t\r\n", &rest) != NULL)
        return "must be `ID KEY`, as `zhitong keys secret` writes it";
    if (sodium_base642bin(key->root, SECRET_KEY_BYTES, key_text, strlen(key_text), NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size != SECRET_KEY_BYTES)
        return "must have a key of 32 bytes in base64";
    if (key_of(keys, id) != NULL || has_root(keys, key->root))
        return "has a number or key that stands in it before";
    key->id = id;
    crypto_kdf_derive_from_key(key->seal, SECRET_KEY_BYTES, FOR_SEAL, CONTEXT, key->root);
    crypto_kdf_derive_from_key(key->index, SECRET_KEY_BYTES, FOR_INDEX, CONTEXT, key->root);
    crypto_kdf_derive_from_key(key->code, SECRET_KEY_BYTES, FOR_CODE, CONTEXT, key->root);
    keys->count++;
    return NULL;
}

static int read_lines(struct secret_keys *keys, const char *path, FILE *file, struct reason *why) {
    char line[LINE_BYTES_MAX];
    const char *wrong = NULL;
    int number = 0;
    while (wrong == NULL && fgets(line, sizeof line, file) != NULL) {
        number++;
        wrong = strlen(line) + 1 == sizeof line ? "is too long" : add_line(keys, line);
    }
    sodium_memzero(line, sizeof line);
    if (wrong != NULL)
        return refuse(why, path, "line %d %s", number, wrong);
    if (keys->count == 0)
        return refuse(why, path, "holds no key; `zhitong keys secret` makes one");
    return 0;
}

static int read_file(struct secret_keys *keys, const char *path, struct reason *why) {
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "the keyring cannot be read: %s", strerror(errno));
    setvbuf(file, NULL, _IONBF, 0); /* no copy of the keys is left in a buffer */
    int status = 0;
    if (fstat(fileno(file), &keys->file) != 0 || !S_ISREG(keys->file.st_mode))
        status = refuse(why, path, "the keyring is not a file");
    else if ((keys->file.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        status = refuse(why, path, "others may read or write the keyring: chmod 0600 it, or 0640");
    else
        status = read_lines(keys, path, file, why);
    fclose(file);
    return status;
}

int secret_keys_open(struct secret_keys **out, const char *path, struct reason *why) {
    if (sodium_init() < 0)
        return refuse(why, "libsodium", "does not start");
    if (strlen(path) > PATH_BYTES_MAX)
        return refuse(why, "path", "the keyring's is longer than %d bytes", PATH_BYTES_MAX);
    struct secret_keys *keys = sodium_malloc(sizeof *keys);
    assert(keys != NULL);
    memset(keys, 0, sizeof *keys);
    strcpy(keys->path, path);
    if (read_file(keys, path, why) != 0) {
        secret_keys_close(&keys);
        return -1;
    }
    sodium_mprotect_readonly(keys);
    *out = keys;
    return 0;
}

int secret_keys_of_settings(struct secret_keys **out, const struct settings *settings, struct reason *why) {
    const char *path = settings_text(settings, "ZHITONG_SECRET_KEYS");
    if (path[0] != '\0')
        return secret_keys_open(out, path, why);
    *out = NULL;
    return 0;
}

int secret_keys_refresh(struct secret_keys **keys, struct reason *why) {
    struct stat now;
    const struct stat *then = &(*keys)->file;
    struct secret_keys *fresh;
    if (stat((*keys)->path, &now) == 0 && now.st_ino == then->st_ino && now.st_size == then->st_size &&
        now.st_mtim.tv_sec == then->st_mtim.tv_sec && now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
        return 0;
    if (secret_keys_open(&fresh, (*keys)->path, why) != 0)
        return -1;
    secret_keys_close(keys);
    *keys = fresh;
    return 0;
}

void secret_keys_close(struct secret_keys **keys) {
    sodium_free(*keys); /* wipes */
    *keys = NULL;
}

size_t secret_keys_count(const struct secret_keys *keys) {
    return keys->count;
}

uint32_t secret_keys_id(const struct secret_keys *keys, size_t nth) {
    assert(nth < keys->count);
    return keys->keys[nth].id;
}

bool secret_keys_have(const struct secret_keys *keys, uint32_t id) {
    return key_of(keys, id) != NULL;
}

/* ---- sealing -------------------------------------------------------------------------------------------------------------- */

/* Field and row, each ended by its NUL. */
static void about_bytes(const struct secret_about *about, struct bytes *out) {
    bytes_append(out, about->field, strlen(about->field) + 1);
    bytes_append(out, about->row, strlen(about->row) + 1);
}

void secret_seal(const struct secret_keys *keys, const struct secret_about *about, const struct bytes *plain,
                 struct bytes *out) {
    const struct secret_key *key = &keys->keys[0];
    uint8_t head[ID_BYTES + NONCE_BYTES] = {(uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8),
                                            (uint8_t)key->id};
    struct bytes with = {0};
    uint8_t *sealed = malloc(plain->size + TAG_BYTES);
    unsigned long long size;
    assert(sealed != NULL);
    about_bytes(about, &with);
    randombytes_buf(head + ID_BYTES, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, plain->data, plain->size, with.data, with.size, NULL,
                                               head + ID_BYTES, key->seal);
    bytes_append(out, head, sizeof head);
    bytes_append(out, sealed, size);
    free(sealed);
    bytes_close(&with);
}

uint32_t secret_sealed_with(const void *sealed, size_t size) {
    const uint8_t *at = sealed;
    if (size < SECRET_SEAL_BYTES)
        return 0;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int secret_open(const struct secret_keys *keys, const struct secret_about *about, const struct bytes *sealed,
                struct bytes *out, struct reason *why) {
    uint32_t id = secret_sealed_with(sealed->data, sealed->size);
    const struct secret_key *key = key_of(keys, id);
    if (id == 0)
        return refuse(why, about->field, "is too short to be a sealed text");
    if (key == NULL)
        return refuse(why, about->field, "was sealed with the key %" PRIu32 ", which is not in the keyring", id);
    const uint8_t *nonce = sealed->data + ID_BYTES, *from = nonce + NONCE_BYTES;
    size_t size = sealed->size - ID_BYTES - NONCE_BYTES;
    uint8_t *plain = malloc(size); /* longer than the text by the tag */
    struct bytes with = {0};
    unsigned long long plain_size;
    assert(plain != NULL);
    about_bytes(about, &with);
    int status = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_size, NULL, from, size, with.data, with.size,
                                                            nonce, key->seal);
    if (status == 0)
        bytes_append(out, plain, plain_size);
    else
        (void)refuse(why, about->field, "does not open: it was changed, or belongs to another row");
    sodium_memzero(plain, size);
    free(plain);
    bytes_close(&with);
    return status == 0 ? 0 : -1;
}

/* ---- index and code ------------------------------------------------------------------------------------------------------- */

static void keyed(const uint8_t key[SECRET_KEY_BYTES], const char *kind, const struct bytes *what, uint8_t out[16]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, SECRET_KEY_BYTES, 16);
    crypto_generichash_update(&state, (const uint8_t *)kind, strlen(kind) + 1);
    crypto_generichash_update(&state, what->data, what->size);
    crypto_generichash_final(&state, out, 16);
    sodium_memzero(&state, sizeof state);
}

void secret_index(const struct secret_keys *keys, size_t nth, const char *kind, const char *text,
                  uint8_t index[SECRET_INDEX_BYTES]) {
    assert(nth < keys->count);
    const struct bytes what = {.data = (uint8_t *)(uintptr_t)text, .size = strlen(text)};
    keyed(keys->keys[nth].index, kind, &what, index);
}

void secret_code(const struct secret_keys *keys, size_t nth, const char *purpose, uint64_t number,
                 uint8_t code[SECRET_CODE_BYTES]) {
    uint8_t bytes[8];
    assert(nth < keys->count);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    const struct bytes what = {.data = bytes, .size = sizeof bytes};
    keyed(keys->keys[nth].code, purpose, &what, code);
}
