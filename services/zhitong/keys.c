#include "services/zhitong/keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/zhitong/key_file.h"
#include "services/zhitong/options.h"

extern const struct db_query keys_queries[];

#define NAME_BYTES_MAX 64
#define OVERLAP "86400"      /* s */
#define OVERLAP_MAX 31536000 /* s */

enum before {                /* what becomes of the key that the name has now */
              BEFORE_NONE,   /* there must be none */
              BEFORE_ENDS,   /* it must be there, and is revoked */
              BEFORE_EXPIRES /* it must be there, and ends when the overlap is over */
};

struct grant { /* whose public key goes into mesh.access */
    const char *name, *kind;
    const char *unit; /* of a department; NULL otherwise, and where it is that of the key before */
    enum before before;
    const char *overlap; /* s */
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
    bool expires = grant->before == BEFORE_EXPIRES;
    struct params params = {0};
    params_text(&params, grant->name);
    params_text(&params, grant->kind);
    if (expires)
        params_text(&params, grant->overlap);
    SCOPED_RESULT
    *result = db_send(db, expires ? "keys_expire" : "keys_revoke", &params) == 0 ? db_take(db) : NULL;
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    return PQntuples(result) > 0
               ? 0
               : refuse(why, "name", "no %s called %s has a key that is good", grant->kind, grant->name);
}

/* Sends row and notice; they are committed by the db_sync that follows. */
static int send_grant(struct db *db, const struct grant *grant, const char *public_key, struct reason *why) {
    struct params params = {0};

    params_text(&params, grant->name);
    params_text(&params, grant->kind);
    params_text(&params, public_key);
    params_text(&params, grant->unit);
    db_forget_failure(db);
    if (grant->before != BEFORE_NONE && send_end(db, grant, why) != 0)
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
    if (strlen(name) <= NAME_BYTES_MAX)
        return 0;
    return -wrong_use(command, "NAME has %zu bytes, at most %d", strlen(name), NAME_BYTES_MAX);
}

/* What a command that gives a key was told, checked. EXIT_GOOD, or how the command ends. */
struct giving {
    struct grant grant;
    struct key_file file;
    const char *url, *out, *overlap;
};

static int read_giving(int argc, char **argv, struct giving *giving, bool department) {
    bool rotates = giving->grant.before == BEFORE_EXPIRES;
    struct words words = {.max = department ? 2 : 1};
    long long seconds;
    const struct option_row rows[] = {{"--out", &giving->out, NULL},
                                      {"--force", NULL, &giving->file.force},
                                      {!department ? NULL
                                       : rotates   ? "--overlap"
                                                   : "--unit",
                                       rotates ? &giving->grant.overlap : &giving->grant.unit, NULL},
                                      {NULL, NULL, NULL}};
    if (options_read(argc, argv, rows, &words, &giving->url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < words.max)
        return wrong_use(argv[0], "NAME is missing");
    giving->grant.name = words.at[words.max - 1];
    if (giving->out == NULL || (department && !rotates && giving->grant.unit == NULL))
        return wrong_use(argv[0], "%s is missing", giving->out == NULL ? "--out FILE" : "--unit UNIT");
    if (number_read(giving->grant.overlap, &(struct number_range){"--overlap", 0, OVERLAP_MAX}, &seconds) != 0)
        return EXIT_WRONG_USE;
    return name_is_good(argv[0], giving->grant.name) != 0 ? EXIT_WRONG_USE : EXIT_GOOD;
}

static int give_command(int argc, char **argv, enum before before) {
    struct giving giving = {.grant = {.kind = argv[0], .before = before, .overlap = OVERLAP}};
    int status = read_giving(argc, argv, &giving, strcmp(argv[0], "department") == 0);
    if (status != EXIT_GOOD)
        return status;
    struct db *db = database_open(giving.url, "mesh", keys_queries);
    return db == NULL ? EXIT_REFUSED : give(db, &giving.grant, &giving.file, giving.out);
}

int keys_client_command(int argc, char **argv) {
    return give_command(argc, argv, BEFORE_NONE);
}

int keys_give_client(const struct client_giving *giving) {
    struct key_file file = {{0}, {0}, giving->force};
    struct db *db = database_open(giving->url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    const struct grant grant = {giving->name, "client", NULL, giving->replaces ? BEFORE_ENDS : BEFORE_NONE, NULL};
    return give(db, &grant, &file, giving->out);
}

/* ---- list and revoke ------------------------------------------------------------------------------------------- */

static void print_list(const PGresult *result) {
    printf("%-24s %-10s %-20s %-40s %-24s %s\n", "name", "kind", "unit", "public key", "added", "state");
    for (int row = 0; row < PQntuples(result); row++) {
        char added[INSTANT_TEXT_MAX], ended[INSTANT_TEXT_MAX] = "";
        instant_print(db_time(result, row, 4), added);
        if (!db_null(result, row, 6))
            instant_print(db_time(result, row, 6), ended);
        printf("%-24s %-10s %-20s %-40s %-24s %s%s\n", db_text(result, row, 0), db_text(result, row, 1),
               db_text(result, row, 2), db_text(result, row, 3), added, db_text(result, row, 5), ended);
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

static int withdraw(struct db *db, const char *name, const char *kind) {
    struct params params = {0};

    params_text(&params, name);
    params_text(&params, kind);
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

static int revoke_command(int argc, char **argv, const char *kind) {
    struct words words = {.max = kind != NULL ? 2 : 1};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < words.max)
        return wrong_use(argv[0], "NAME is missing");
    struct db *db = database_open(url, "mesh", keys_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = withdraw(db, words.at[words.max - 1], kind);
    db_close(&db);
    return status;
}

int keys_revoke_command(int argc, char **argv) {
    return revoke_command(argc, argv, NULL);
}

int keys_department_command(int argc, char **argv) {
    const char *action = argc > 1 ? argv[1] : "";
    if (strcmp(action, "add") == 0)
        return give_command(argc, argv, BEFORE_NONE);
    if (strcmp(action, "rotate") == 0)
        return give_command(argc, argv, BEFORE_EXPIRES);
    if (strcmp(action, "revoke") == 0)
        return revoke_command(argc, argv, "department");
    return wrong_use(argv[0], "says add, rotate or revoke first");
}
