#include "services/zhitong/keys_secret.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/secret_keys.h"
#include "services/zhitong/key_file.h"
#include "services/zhitong/options.h"

#define RING_BYTES_MAX 16384
#define HEAD \
    "# Keyring, the newest key first. Who has this file can read the personal data: keep it as safe, and back it up.\n"

/* The next number, and what the file holds already, behind it. */
static int read_ring(const char *path, uint32_t *next, char text[RING_BYTES_MAX], struct reason *why) {
    struct secret_keys *keys = NULL;
    if (secret_keys_open(&keys, path, why) != 0)
        return -1;
    int status = 0;
    if (secret_keys_count(keys) == SECRET_KEYS_MAX)
        status = refuse(why, path, "holds %d keys, which is all that fit; remove the oldest ones first",
                        SECRET_KEYS_MAX);
    for (size_t i = 0; i < secret_keys_count(keys); i++)
        if (secret_keys_id(keys, i) >= *next)
            *next = secret_keys_id(keys, i) + 1;
    secret_keys_close(&keys);
    FILE *file = status == 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return status != 0 ? status : refuse(why, path, "cannot be read");
    size_t size = fread(text, 1, RING_BYTES_MAX - 1, file);
    text[size] = '\0';
    if (!feof(file))
        status = refuse(why, path, "is longer than %d bytes", RING_BYTES_MAX - 1);
    fclose(file);
    return status;
}

static int write_ring(struct key_file *file, uint32_t id, const char *rest, struct reason *why) {
    static char text[RING_BYTES_MAX + 256];
    uint8_t key[SECRET_KEY_BYTES];
    char key_text[sodium_base64_ENCODED_LEN(SECRET_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    randombytes_buf(key, sizeof key);
    sodium_bin2base64(key_text, sizeof key_text, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    /* The comment stays where it was: at the head. */
    size_t head = strncmp(rest, HEAD, strlen(HEAD)) == 0 ? strlen(HEAD) : 0;
    snprintf(text, sizeof text, "%s%" PRIu32 " %s\n%s", HEAD, id, key_text, rest + head);
    int status = key_file_write_text(file, text, why);
    if (status == 0)
        status = key_file_keep(file, why);
    key_file_drop(file);
    sodium_memzero(text, sizeof text);
    sodium_memzero(key, sizeof key);
    sodium_memzero(key_text, sizeof key_text);
    return status;
}

/* A file that is replaced keeps its owner and mode: services may run as another user than the operator. */
static int like_before(const char *path, const struct stat *before, struct reason *why) {
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read");
    bool good = fchown(fileno(file), before->st_uid, before->st_gid) == 0 && fchmod(fileno(file), before->st_mode) == 0;
    fclose(file);
    return good ? 0 : refuse(why, path, "the key is added, but the file's owner or mode could not be kept");
}

int keys_secret_command(int argc, char **argv) {
    static char rest[RING_BYTES_MAX];
    struct key_file file = {{0}, {0}, false};
    const struct option_row rows[] = {{"--add", NULL, &file.force}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    const char *url = NULL;
    struct stat before = {0};
    struct reason why;
    uint32_t id = 1;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use(argv[0], "FILE is missing");
    if (strlen(words.at[0]) >= sizeof file.path)
        return wrong_use(argv[0], "FILE: its name is too long");
    strcpy(file.path, words.at[0]);
    bool add = file.force;
    int status = sodium_init() < 0 ? refuse(&why, "libsodium", "does not start") : 0;
    if (status == 0 && !add && stat(file.path, &before) == 0)
        status = refuse(&why, file.path, "exists already; --add puts a new key in front of those it holds");
    if (status == 0 && add)
        status = stat(file.path, &before) == 0 ? read_ring(file.path, &id, rest, &why)
                                               : refuse(&why, file.path, "is not there; leave --add out to make it");
    if (status == 0)
        status = write_ring(&file, id, rest, &why);
    if (status == 0 && add)
        status = like_before(file.path, &before, &why);
    sodium_memzero(rest, sizeof rest);
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    printf("%s: key %" PRIu32 " seals from now on\n", file.path, id);
    return EXIT_GOOD;
}
