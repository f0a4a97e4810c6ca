#include "services/zhitong/keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/zhitong/key_file.h"
#include "services/zhitong/options.h"

extern const struct db_query keys_queries[];

struct grant { /* whose public key goes into mesh.access */
    const char *name, *kind;
    const char *unit; /* of a department; NULL otherwise */
    bool replaces;    /* the key that the name has now, which must be there, ends */
};

static int complain(const struct reason *why) {
    fprintf(stderr, "%s: %s\n", why->field, why->text);
    return EXIT_REFUSED;
}

static int make_file(struct key_file *file, const char *path, struct wire_keys *keys, struct reason *why) {
    if (strlen(path) >= sizeof file->path)
        return refuse(why, "file", "its name is too long");
    strcpy(file->path, path);
    wire_keys_make(keys);
    return key_file_write(file, keys, why);
}

int keys_service_command(int argc, char **argv) {
    struct key_file file = {{0}, {0}, false};
    const struct option_row rows[] = {{"--force", NULL, &file.force}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    const char *url = NULL;
    struct wire_keys keys;
    struct reason why;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use(argv[0], "FILE is missing");
    int status = make_file(&file, words.at[0], &keys, &why);
    if (status == 0)
        status = key_file_keep(&file, &why);
    key_file_drop(&file);
    sodium_memzero(keys.secret_key, sizeof keys.secret_key);
    if (status != 0)
        return complain(&why);
    printf("%s: public key %s\n", file.path, keys.public_key);
    return EXIT_GOOD;
}

/* ---- departments and clients --------------------------------------------------------------------------------- */

static int check_unit(struct db *db, const char *unit, struct reason *why) {
    struct params params = {0};

    params_text(&params, unit);
    SCOPED_RESULT
    *result = db_ask(db, "keys_unit", &params);
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    if (PQntuples(result) == 0)
        return refuse(why, "unit", "the loaded city has no unit %s", unit);
    return 0;
}

static int send_end(struct db *db, const struct grant *grant, struct reason *why) {
    struct params params = {0};
    params_text(&params, grant->name);
    SCOPED_RESULT
    *result = db_send(db, "keys_revoke", &params) == 0 ? db_take(db) : NULL;
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    return PQntuples(result) > 0 ? 0 : refuse(why, "name", "nobody called %s has a key that is good", grant->name);
}

/* Sends row and notice; they are committed by the db_sync that follows. */
static int send_grant(struct db *db, const struct grant *grant, const char *public_key, struct reason *why) {
    struct params params = {0};

    params_text(&params, grant->name);
    params_text(&params, grant->kind);
    params_text(&params, public_key);
    params_text(&params, grant->unit);
    db_forget_failure(db);
    if (grant->replaces && send_end(db, grant, why) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_send(db, "keys_add", &params) == 0 ? db_take(db) : NULL;
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    if (PQntuples(result) == 0)
        return refuse(why, "name", "%s has a key already; `zhitong keys revoke %s` first", grant->name, grant->name);
    return 0;
}

/* The file stands under its name before the row is committed: a failure before the commit leaves neither. */
static int commit_grant(struct db *db, struct key_file *file, struct reason *why) {
    if (key_file_keep(file, why) != 0) {
        db_close(&db); /* undone */
        return -1;
    }
    bool sent = db_send(db, "keys_notify", NULL) == 0;
    int status = db_sync(db) == 0 && sent ? 0 : -1;
    if (status != 0) {
        *why = *db_reason(db);
        unlink(file->path);
    }
    db_close(&db);
    return status;
}

static int give(struct db *db, const struct grant *grant, struct key_file *file, const char *path) {
    struct wire_keys keys = {{0}, {0}};
    struct reason why;
    int status = -1;

    if (grant->unit != NULL && check_unit(db, grant->unit, &why) != 0)
        goto done;
    if (make_file(file, path, &keys, &why) != 0)
        goto done;
    if (send_grant(db, grant, keys.public_key, &why) != 0)
        goto done;
    status = commit_grant(db, file, &why);
    db = NULL;
done:
    db_close(&db);
    key_file_drop(file);
    sodium_memzero(keys.secret_key, sizeof keys.secret_key);
    if (status != 0)
        return complain(&why);
    printf("%s %s: public key %s, secret key in %s\n", grant->kind, grant->name, keys.public_key, path);
    return EXIT_GOOD;
}

static int name_is_good(const char *command, const char *name) {
    if (strlen(name) <= WIRE_USER_MAX)
        return 0;
    return -wrong_use(command, "NAME has %zu bytes, at most %d", strlen(name), WIRE_USER_MAX);
}

static int give_command(int argc, char **argv, bool department) {
    const char *url = NULL, *unit = NULL, *out = NULL;
    struct key_file file = {{0}, {0}, false};
    const struct option_row rows[] = {{"--out", &out, NULL},
                                      {"--force", NULL, &file.force},
                                      {department ? "--unit" : NULL, &unit, NULL},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use(argv[0], "NAME is missing");
    if (out == NULL || (department && unit == NULL))
        return wrong_use(argv[0], "%s is missing", out == NULL ? "--out FILE" : "--unit UNIT");
    if (name_is_good(argv[0], words.at[0]) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    const struct grant grant = {words.at[0], argv[0], unit, false};
    return give(db, &grant, &file, out);
}

int keys_department_command(int argc, char **argv) {
    return give_command(argc, argv, true);
}

int keys_client_command(int argc, char **argv) {
    return give_command(argc, argv, false);
}

int keys_give_client(const struct client_giving *giving) {
    struct key_file file = {{0}, {0}, giving->force};
    struct db *db = database_open(giving->url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    const struct grant grant = {giving->name, "client", NULL, giving->replaces};
    return give(db, &grant, &file, giving->out);
}

/* ---- list and revoke ------------------------------------------------------------------------------------------- */

static void print_list(const PGresult *result) {
    printf("%-24s %-10s %-20s %-40s %-24s %s\n", "name", "kind", "unit", "public key", "added", "revoked");
    for (int row = 0; row < PQntuples(result); row++) {
        char added[INSTANT_TEXT_MAX], revoked[INSTANT_TEXT_MAX] = "";
        instant_print(db_time(result, row, 4), added);
        if (!db_null(result, row, 5))
            instant_print(db_time(result, row, 5), revoked);
        printf("%-24s %-10s %-20s %-40s %-24s %s\n", db_text(result, row, 0), db_text(result, row, 1),
               db_text(result, row, 2), db_text(result, row, 3), added, revoked);
    }
}

int keys_list_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    SCOPED_RESULT
    *result = db_ask(db, "keys_list", NULL);
    int status = EXIT_GOOD;
    if (result == NULL)
        status = database_failed(db);
    else
        print_list(result);
    db_close(&db);
    return status;
}

static int withdraw(struct db *db, const char *name) {
    struct params params = {0};

    params_text(&params, name);
    SCOPED_RESULT
    *result = db_send(db, "keys_revoke", &params) == 0 ? db_take(db) : NULL;
    bool sent = result != NULL && db_send(db, "keys_notify", NULL) == 0;
    if (db_sync(db) != 0 || !sent)
        return database_failed(db);
    if (PQntuples(result) == 0) {
        fprintf(stderr, "name: nobody called %s has a key that is good\n", name);
        return EXIT_REFUSED;
    }
    printf("%s is revoked\n", name);
    return EXIT_GOOD;
}

int keys_revoke_command(int argc, char **argv) {
    struct words words = {.max = 1};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use(argv[0], "NAME is missing");
    struct db *db = database_open(url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = withdraw(db, words.at[0]);
    db_close(&db);
    return status;
}
