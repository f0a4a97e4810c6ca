#include "services/zhitong/keys_source.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/secret_keys.h"
#include "services/zhitong/key_file.h"
#include "services/zhitong/keys.h"
#include "services/zhitong/options.h"

#define SECRET_BYTES 32
#define OVERLAP "86400"      /* s */
#define OVERLAP_MAX 31536000 /* s */
#define KEY_TEXT_MAX 63
#define KEPT_HEX_MAX 400
#define HMAC_PREFIX "whsec_" /* as Standard Webhooks writes a secret */

extern const struct db_query keys_source_queries[];

struct giving { /* a new key on its way into file and table */
    const char *url, *source, *kind, *out, *ring;
    long long overlap; /* s; -1: nothing is replaced */
    struct db *db;
    struct key_file file;
    char credential[17];
    char text[KEY_TEXT_MAX + 1]; /* as it is shown */
    struct bytes secret;         /* as it is used */
};

static int complain(const struct reason *why) {
    fprintf(stderr, "%s: %s\n", why->field, why->text);
    return EXIT_REFUSED;
}

/* ---- add and rotate -------------------------------------------------------------------------------------------------- */

/* `key` and `hmac-body` are used as the text that they are; `hmac` as bytes, as Standard Webhooks has it. */
static void make_secret(struct giving *giving) {
    uint8_t random[SECRET_BYTES], name[8];
    bool is_hmac = strcmp(giving->kind, "hmac") == 0;
    randombytes_buf(random, sizeof random);
    randombytes_buf(name, sizeof name);
    sodium_bin2hex(giving->credential, sizeof giving->credential, name, sizeof name);
    size_t prefix = is_hmac ? strlen(HMAC_PREFIX) : 0;
    memcpy(giving->text, HMAC_PREFIX, prefix);
    sodium_bin2base64(giving->text + prefix, sizeof giving->text - prefix, random, sizeof random,
                      is_hmac ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (is_hmac)
        bytes_append(&giving->secret, random, sizeof random);
    else
        bytes_append(&giving->secret, giving->text, strlen(giving->text));
    sodium_memzero(random, sizeof random);
}

static int seal(const struct giving *giving, struct bytes *sealed, struct reason *why) {
    struct secret_keys *keys = NULL;
    const struct secret_about about = {"credential.sealed", giving->credential};
    if (giving->ring == NULL || giving->ring[0] == '\0')
        return refuse(why, "--secret-keys",
                      "is missing: what signs is kept sealed with intake's keyring; or set ZHITONG_SECRET_KEYS");
    if (secret_keys_open(&keys, giving->ring, why) != 0)
        return -1;
    secret_seal(keys, &about, &giving->secret, sealed);
    secret_keys_close(&keys);
    return 0;
}

/* What the table keeps, in hexadecimal: a digest, from which nobody gets the key, or the sealed secret. */
static int kept_of(const struct giving *giving, char hex[KEPT_HEX_MAX + 1], struct reason *why) {
    struct bytes kept = {0};
    uint8_t digest[32];
    if (strcmp(giving->kind, "key") == 0) {
        crypto_generichash(digest, sizeof digest, giving->secret.data, giving->secret.size, NULL, 0);
        bytes_append(&kept, digest, sizeof digest);
    } else if (seal(giving, &kept, why) != 0) {
        return -1;
    }
    sodium_bin2hex(hex, KEPT_HEX_MAX + 1, kept.data, kept.size);
    bytes_close(&kept);
    return 0;
}

static int send_row(struct giving *giving, const char *kept, struct reason *why) {
    struct params expire = {0}, row = {0};
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", giving->overlap);
    params_text(&expire, giving->source);
    params_text(&expire, giving->kind);
    params_text(&expire, seconds);
    params_text(&row, giving->credential);
    params_text(&row, giving->source);
    params_text(&row, giving->kind);
    params_text(&row, kept);
    db_forget_failure(giving->db);
    if ((giving->overlap >= 0 && db_send(giving->db, "source_expire", &expire) != 0) ||
        db_send(giving->db, "source_add", &row) != 0 || db_send(giving->db, "source_notify", NULL) != 0) {
        *why = *db_reason(giving->db);
        return -1;
    }
    for (int step = giving->overlap >= 0 ? 0 : 1; step < 3; step++) {
        SCOPED_RESULT
        *result = db_take(giving->db);
        if (result == NULL) {
            *why = *db_reason(giving->db);
            return -1;
        }
    }
    return 0;
}

/* The file stands under its name before the row is committed: a failure before the commit leaves neither. */
static int give_row(struct giving *giving, struct reason *why) {
    char kept[KEPT_HEX_MAX + 1], text[KEY_TEXT_MAX + 2];
    if (kept_of(giving, kept, why) != 0)
        return -1;
    snprintf(text, sizeof text, "%s\n", giving->text);
    int status = key_file_write_text(&giving->file, text, why);
    sodium_memzero(text, sizeof text);
    if (status != 0 || send_row(giving, kept, why) != 0 || key_file_keep(&giving->file, why) != 0)
        return -1;
    if (db_sync(giving->db) == 0)
        return 0;
    *why = *db_reason(giving->db);
    unlink(giving->file.path);
    return -1;
}

static int check_source(struct db *db, const char *source, struct reason *why) {
    struct params params = {0};
    params_text(&params, source);
    SCOPED_RESULT
    *result = db_ask(db, "source_known", &params);
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    return PQntuples(result) > 0 ? 0 : refuse(why, "source", "the loaded city has no source %s", source);
}

static int give(struct giving *giving) {
    struct reason why;
    int status = check_source(giving->db, giving->source, &why);
    if (status == 0 && strlen(giving->out) >= sizeof giving->file.path)
        status = refuse(&why, "file", "its name is too long");
    if (status == 0) {
        strcpy(giving->file.path, giving->out);
        make_secret(giving);
        status = give_row(giving, &why);
    }
    key_file_drop(&giving->file);
    if (giving->secret.data != NULL)
        sodium_memzero(giving->secret.data, giving->secret.size);
    bytes_close(&giving->secret);
    sodium_memzero(giving->text, sizeof giving->text);
    if (status != 0)
        return complain(&why);
    bool is_key = strcmp(giving->kind, "key") == 0; /* of a secret that signs the database has the sealed bytes */
    printf("%s of %s: %s, readable nowhere but in %s%s\n", giving->kind, giving->source, giving->credential,
           giving->out, is_key ? "" : ", and with the keyring");
    return EXIT_GOOD;
}

/* A CURVE key is that of a client whose name is the source's code; there is one at a time, so a new one replaces the old at once, or
 * not at all. */
static int give_curve(struct giving *giving) {
    const struct client_giving client = {.url = giving->url,
                                         .name = giving->source,
                                         .out = giving->out,
                                         .force = giving->file.force,
                                         .replaces = giving->overlap >= 0};
    struct reason why;
    return check_source(giving->db, giving->source, &why) == 0 ? keys_give_client(&client) : complain(&why);
}

static int give_action(int argc, char **argv, bool rotate) {
    struct giving giving = {.kind = "key", .overlap = -1, .ring = getenv("ZHITONG_SECRET_KEYS")};
    const char *overlap = rotate ? OVERLAP : "0";
    const struct option_row rows[] = {{"--kind", &giving.kind, NULL},
                                      {"--out", &giving.out, NULL},
                                      {"--secret-keys", &giving.ring, NULL},
                                      {"--force", NULL, &giving.file.force},
                                      {rotate ? "--overlap" : NULL, &overlap, NULL},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 2};
    long long seconds;
    if (options_read(argc, argv, rows, &words, &giving.url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 2 || giving.out == NULL)
        return wrong_use(argv[0], "CODE and --out FILE are needed");
    if (strcmp(giving.kind, "key") != 0 && strcmp(giving.kind, "hmac") != 0 && strcmp(giving.kind, "hmac-body") != 0 &&
        strcmp(giving.kind, "curve") != 0)
        return wrong_use(argv[0], "--kind is key, hmac, hmac-body or curve");
    if (number_read(overlap, &(struct number_range){"--overlap", 0, OVERLAP_MAX}, &seconds) != 0)
        return EXIT_WRONG_USE;
    giving.overlap = rotate ? seconds : -1;
    giving.source = words.at[1];
    giving.db = sodium_init() < 0 ? NULL : database_open(giving.url, "intake", keys_source_queries);
    if (giving.db == NULL)
        return EXIT_REFUSED;
    int status = strcmp(giving.kind, "curve") == 0 ? give_curve(&giving) : give(&giving);
    db_close(&giving.db);
    return status;
}

/* ---- revoke and list ----------------------------------------------------------------------------------------------------- */

static int withdraw(struct db *db, const char *source, const char *credential) {
    struct params params = {0};
    params_text(&params, source);
    params_text(&params, credential);
    SCOPED_RESULT
    *result = db_send(db, "source_revoke", &params) == 0 ? db_take(db) : NULL;
    bool sent = result != NULL && db_send(db, "source_notify", NULL) == 0;
    if (db_sync(db) != 0 || !sent)
        return database_failed(db);
    if (PQntuples(result) == 0) {
        fprintf(stderr, "source: %s has no such key that is good\n", source);
        return EXIT_REFUSED;
    }
    printf("%s: %d revoked\n", source, PQntuples(result));
    return EXIT_GOOD;
}

static int list(struct db *db, const char *source) {
    struct params params = {0};
    params_text(&params, source);
    SCOPED_RESULT
    *result = db_ask(db, "source_list", &params);
    if (result == NULL)
        return database_failed(db);
    printf("%-24s %-17s %-10s %-24s %-27s %s\n", "source", "credential", "kind", "added", "state", "last used");
    for (int row = 0; row < PQntuples(result); row++) {
        char added[INSTANT_TEXT_MAX];
        instant_print(db_time(result, row, 3), added);
        printf("%-24s %-17s %-10s %-24s %-27s %s\n", db_text(result, row, 0), db_text(result, row, 1),
               db_text(result, row, 2), added, db_text(result, row, 4), db_text(result, row, 5));
    }
    return EXIT_GOOD;
}

static int look_action(int argc, char **argv, bool revokes) {
    const char *url = NULL, *credential = NULL;
    const struct option_row rows[] = {{revokes ? "--credential" : NULL, &credential, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 2};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (revokes && words.count < 2)
        return wrong_use(argv[0], "CODE is missing");
    struct db *db = database_open(url, "intake", keys_source_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    const char *source = words.count > 1 ? words.at[1] : NULL;
    int status = revokes ? withdraw(db, source, credential) : list(db, source);
    db_close(&db);
    return status;
}

int keys_source_command(int argc, char **argv) {
    const char *action = argc > 1 ? argv[1] : "";
    if (strcmp(action, "add") == 0 || strcmp(action, "rotate") == 0)
        return give_action(argc, argv, action[0] == 'r');
    if (strcmp(action, "revoke") == 0 || strcmp(action, "list") == 0)
        return look_action(argc, argv, action[0] == 'r');
    return wrong_use(argv[0], "says add, rotate, revoke or list first");
}
