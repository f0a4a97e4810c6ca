#include "services/zhitong/password.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "services/zhitong/options.h"

#define PASSWORD_BYTES_MIN 16 /* nobody types it: a file holds it */
#define PASSWORD_BYTES_MAX 200

extern const struct db_query password_queries[];

static int read_password(const char *path, char password[PASSWORD_BYTES_MAX + 2]) {
    FILE *file = fopen(path, "re");
    char *line = file != NULL ? fgets(password, PASSWORD_BYTES_MAX + 2, file) : NULL;

    if (file != NULL)
        fclose(file);
    if (line == NULL) {
        fprintf(stderr, "--password-file: nothing can be read from %s\n", path);
        return -1;
    }
    password[strcspn(password, "\r\n")] = '\0';
    if (strlen(password) >= PASSWORD_BYTES_MIN && strlen(password) <= PASSWORD_BYTES_MAX)
        return 0;
    fprintf(stderr, "--password-file: the first line of %s must have %d to %d bytes\n", path, PASSWORD_BYTES_MIN,
            PASSWORD_BYTES_MAX);
    return -1;
}

static int set_password(struct db *db, const char *role, const char *verifier) {
    struct params params = {0};

    params_text(&params, role);
    params_text(&params, verifier);
    bool sent = db_send(db, "password_offer", &params) == 0 && db_send(db, "password_set", NULL) == 0;
    return db_sync(db) == 0 && sent ? EXIT_GOOD : database_failed(db);
}

static int change(struct db *db, const char *role, const char *password) {
    struct params params = {0};

    params_text(&params, role);
    SCOPED_RESULT
    *result = db_ask(db, "password_role", &params);
    if (result == NULL)
        return database_failed(db);
    if (PQntuples(result) == 0) {
        fprintf(stderr, "ROLE: %s is the role of no service; they are zhitong_intake, zhitong_routing …\n", role);
        return EXIT_REFUSED;
    }
    char *verifier = PQencryptPasswordConn(db_raw(db), password, role, "scram-sha-256");
    if (verifier == NULL) {
        fprintf(stderr, "password: %s", PQerrorMessage(db_raw(db)));
        return EXIT_REFUSED;
    }
    int status = set_password(db, role, verifier);
    PQfreemem(verifier);
    return status;
}

int password_command(int argc, char **argv) {
    const char *url = NULL, *path = NULL;
    const struct option_row rows[] = {{"--password-file", &path, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    char password[PASSWORD_BYTES_MAX + 2];

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0 || path == NULL)
        return wrong_use("password", "%s is missing", words.count == 0 ? "ROLE" : "--password-file FILE");
    int status = read_password(path, password) == 0 ? EXIT_GOOD : EXIT_REFUSED;
    struct db *db = status == EXIT_GOOD ? database_open(url, "mesh", password_queries) : NULL;
    status = db != NULL ? change(db, words.at[0], password) : EXIT_REFUSED;
    db_close(&db);
    sodium_memzero(password, sizeof password);
    return status;
}
