/* Everything sealed with an older key is sealed anew with the newest, some rows a transaction, while the services run. Where it was
 * broken off it goes on: each row says with which key it is sealed. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "common/reporter.h"
#include "services/zhitong/options.h"
#include "services/zhitong/privacy.h"

#define ROWS_A_BATCH 500

struct rekey {
    struct db *db;
    const struct secret_keys *keys;
    int64_t after;      /* the last reporter that was looked at in this round */
    long long moved;    /* sealed anew, in all */
    long long unopened; /* in this round: the key is not in the ring, or the row was changed */
    struct reason why;  /* of the last of those */
    struct column reporters, persons, phones, emails, accounts, sealed, rows;
    struct bytes scratch;
};

static void open_columns(struct rekey *rekey, struct column *columns[6]) {
    struct column *all[6] = {&rekey->reporters, &rekey->persons,  &rekey->phones,
                             &rekey->emails,    &rekey->accounts, &rekey->sealed};
    for (int i = 0; i < 6; i++)
        columns[i] = all[i];
}

static void seal_row(struct rekey *rekey, const PGresult *taken, int row) {
    struct reporter_details details = {{0}, {0}, {0}, {0}, {0}};
    struct reporter indexes;
    struct bytes old = {0};
    uint64_t reporter = (uint64_t)db_int8(taken, row, 0);
    const uint8_t *bytes = db_bytea(taken, row, 1, &old.size);
    old.data = (uint8_t *)(uintptr_t)bytes;
    if (reporter_open(rekey->keys, reporter, &old, &details, &rekey->why) != 0) {
        rekey->unopened++;
        return;
    }
    reporter_index(rekey->keys, 0, &details, &indexes);
    rekey->scratch.size = 0;
    reporter_seal(rekey->keys, reporter, &details, &rekey->scratch);
    column_int8(&rekey->reporters, (int64_t)reporter);
    column_uuid(&rekey->persons, indexes.person);
    column_uuid(&rekey->phones, indexes.phone);
    column_uuid(&rekey->emails, indexes.email);
    column_uuid(&rekey->accounts, indexes.account);
    column_bytea(&rekey->sealed, rekey->scratch.data, rekey->scratch.size);
}

static int send_rows(struct rekey *rekey) {
    struct params two = {0}, all = {0};
    params_column(&two, &rekey->reporters);
    params_column(&two, &rekey->persons);
    params_column(&all, &rekey->reporters);
    params_column(&all, &rekey->persons);
    params_column(&all, &rekey->phones);
    params_column(&all, &rekey->emails);
    params_column(&all, &rekey->accounts);
    params_column(&all, &rekey->sealed);
    params_int8(&all, secret_keys_id(rekey->keys, 0));
    if (db_send(rekey->db, "privacy_rekey_join", &two) != 0 || db_send(rekey->db, "privacy_rekey_empty", &two) != 0)
        return -1;
    return db_send(rekey->db, "privacy_rekey_put", &all);
}

/* Rows taken, 0 at the end of the round; -1: the database failed. */
static int batch(struct rekey *rekey) {
    struct params params = {0};
    struct column *columns[6];
    open_columns(rekey, columns);
    for (int i = 0; i < 6; i++)
        column_reset(columns[i]);
    params_int8(&params, secret_keys_id(rekey->keys, 0));
    params_int8(&params, rekey->after);
    params_int4(&params, ROWS_A_BATCH);
    SCOPED_RESULT
    *taken = db_send(rekey->db, "privacy_rekey_take", &params) == 0 ? db_take(rekey->db) : NULL;
    if (taken == NULL) {
        (void)!db_sync(rekey->db);
        return -1;
    }
    int rows = PQntuples(taken);
    for (int row = 0; row < rows; row++)
        seal_row(rekey, taken, row);
    if (rows > 0)
        rekey->after = db_int8(taken, rows - 1, 0);
    bool sent = rekey->reporters.count == 0 || send_rows(rekey) == 0;
    if (db_sync(rekey->db) != 0 || !sent)
        return -1;
    rekey->moved += rekey->reporters.count;
    return rows;
}

/* What is left to do, said before and while it is done. -1: the database failed. */
static long long left(struct rekey *rekey) {
    struct params params = {0};
    params_int8(&params, secret_keys_id(rekey->keys, 0));
    SCOPED_RESULT
    *result = db_ask(rekey->db, "privacy_keys", &params);
    return result != NULL ? db_int8(result, 0, 1) : -1;
}

/* Rounds, until one changes nothing: meanwhile a service may have written with an older key. */
static int rounds(struct rekey *rekey) {
    for (;;) {
        long long before = rekey->moved, rest = left(rekey);
        if (rest < 0)
            return -1;
        rekey->after = 0;
        rekey->unopened = 0;
        printf("%lld reporters to seal with key %" PRIu32 "\n", rest, secret_keys_id(rekey->keys, 0));
        int rows;
        while ((rows = batch(rekey)) > 0)
            printf("%lld sealed anew, up to reporter %" PRId64 "\n", rekey->moved, rekey->after);
        if (rows < 0)
            return -1;
        if (rekey->moved == before)
            return 0;
    }
}

/* What is sealed with the same ring besides, few enough to go together. */
struct secrets {
    const char *field; /* of secret_about */
    const char *take, *put, *meaning;
};

static const struct secrets secrets_sealed[] = {
    {"credential.sealed", "privacy_credentials", "privacy_credentials_put", "secrets of sources"},
    {"endpoint.sealed", "privacy_endpoints", "privacy_endpoints_put", "addresses of endpoints"},
};

static void seal_secret(struct rekey *rekey, const char *field, const PGresult *taken, int row) {
    const struct secret_about about = {field, db_text(taken, row, 0)};
    struct bytes old = {0}, plain = {0};
    const uint8_t *bytes = db_bytea(taken, row, 1, &old.size);
    old.data = (uint8_t *)(uintptr_t)bytes;
    if (secret_sealed_with(old.data, old.size) == secret_keys_id(rekey->keys, 0))
        return;
    if (secret_open(rekey->keys, &about, &old, &plain, &rekey->why) != 0) {
        rekey->unopened++;
        return;
    }
    rekey->scratch.size = 0;
    secret_seal(rekey->keys, &about, &plain, &rekey->scratch);
    column_text(&rekey->rows, about.row);
    column_bytea(&rekey->sealed, rekey->scratch.data, rekey->scratch.size);
    if (plain.size > 0)
        sodium_memzero(plain.data, plain.size);
    bytes_close(&plain);
}

static int seal_secrets(struct rekey *rekey, const struct secrets *secrets) {
    struct params params = {0};
    column_reset(&rekey->rows);
    column_reset(&rekey->sealed);
    SCOPED_RESULT
    *taken = db_send(rekey->db, secrets->take, NULL) == 0 ? db_take(rekey->db) : NULL;
    if (taken == NULL) {
        (void)!db_sync(rekey->db);
        return -1;
    }
    for (int row = 0; row < PQntuples(taken); row++)
        seal_secret(rekey, secrets->field, taken, row);
    bool sent = true;
    if (rekey->rows.count > 0) {
        params_column(&params, &rekey->rows);
        params_column(&params, &rekey->sealed);
        sent = db_send(rekey->db, secrets->put, &params) == 0;
    }
    if (db_sync(rekey->db) != 0 || !sent)
        return -1;
    printf("%u %s sealed anew\n", rekey->rows.count, secrets->meaning);
    return 0;
}

static int say_unused(struct rekey *rekey) {
    SCOPED_RESULT
    *used = db_ask(rekey->db, "privacy_used", NULL);
    if (used == NULL)
        return -1;
    for (size_t i = 1; i < secret_keys_count(rekey->keys); i++) {
        bool needed = false;
        for (int row = 0; row < PQntuples(used); row++)
            needed |= db_int8(used, row, 0) == (int64_t)secret_keys_id(rekey->keys, i);
        if (!needed)
            printf(
                "key %" PRIu32
                ": no reporter, source, endpoint or block needs it any more. Receipts that were given with it hold until its line is "
                "removed from the keyring: at once where it has leaked, else when they are no longer wanted\n",
                secret_keys_id(rekey->keys, i));
    }
    return 0;
}

static int run(struct rekey *rekey) {
    if (rounds(rekey) != 0)
        return database_failed(rekey->db);
    for (size_t i = 0; i < sizeof secrets_sealed / sizeof secrets_sealed[0]; i++)
        if (seal_secrets(rekey, &secrets_sealed[i]) != 0)
            return database_failed(rekey->db);
    if (say_unused(rekey) != 0)
        return database_failed(rekey->db);
    if (rekey->unopened == 0)
        return EXIT_GOOD;
    fprintf(stderr, "%s: %lld stay as they are: the last one %s\n", rekey->why.field, rekey->unopened, rekey->why.text);
    return EXIT_REFUSED;
}

int people_rekey_command(int argc, char **argv) {
    const char *url = NULL, *path = NULL;
    const struct option_row rows[] = {{"--secret-keys", &path, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct secret_keys *keys = privacy_keys(argv[0], path);
    struct rekey rekey = {.keys = keys, .db = keys != NULL ? database_open(url, "intake", privacy_queries) : NULL};
    int status = EXIT_REFUSED;
    if (rekey.db != NULL)
        status = run(&rekey);
    struct column *columns[6];
    open_columns(&rekey, columns);
    for (int i = 0; i < 6; i++)
        column_close(columns[i]);
    column_close(&rekey.rows);
    bytes_close(&rekey.scratch);
    db_close(&rekey.db);
    secret_keys_close(&keys);
    return status;
}
