#include "services/zhitong/privacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/reporter.h"
#include "services/zhitong/options.h"

#define ERASE_ROWS 500 /* of one transaction */
#define LOOKS_MAX 1000000

struct secret_keys *privacy_keys(const char *command, const char *path) {
    struct secret_keys *keys = NULL;
    struct reason why;
    if (path == NULL)
        path = getenv("ZHITONG_SECRET_KEYS");
    if (path == NULL || path[0] == '\0') {
        (void)wrong_use(command, "name the keyring: --secret-keys FILE, or set ZHITONG_SECRET_KEYS");
        return NULL;
    }
    if (secret_keys_open(&keys, path, &why) == 0)
        return keys;
    fprintf(stderr, "%s: %s\n", why.field, why.text);
    return NULL;
}

/* ---- erase ---------------------------------------------------------------------------------------------------------------- */

static int erase_all(struct db *db) {
    long long total = 0;
    for (;;) {
        struct params params = {0};
        params_int4(&params, ERASE_ROWS);
        SCOPED_RESULT
        *result = db_ask(db, "privacy_erase", &params);
        if (result == NULL)
            return database_failed(db);
        int32_t rows = db_int4(result, 0, 0);
        total += rows;
        if (rows < ERASE_ROWS)
            break;
    }
    printf("%lld reporters erased\n", total);
    return EXIT_GOOD;
}

int people_erase_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;
    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "intake", privacy_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = erase_all(db);
    db_close(&db);
    return status;
}

/* ---- forget --------------------------------------------------------------------------------------------------------------- */

static int forget(struct db *db, const struct secret_keys *keys, const char *kind, const char *text) {
    struct params params = {0};
    struct column indexes = {0};
    uint8_t all[SECRET_KEYS_MAX][SECRET_INDEX_BYTES];
    struct reason why;
    if (reporter_indexes_of(keys, kind, text, all, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < secret_keys_count(keys); i++)
        column_uuid(&indexes, all[i]);
    params_text(&params, kind);
    params_column(&params, &indexes);
    SCOPED_RESULT
    *result = db_ask(db, "privacy_forget", &params);
    column_close(&indexes);
    if (result == NULL)
        return database_failed(db);
    printf("%d reporters erased; their reports stay, without them\n", PQntuples(result));
    return EXIT_GOOD;
}

int people_forget_command(int argc, char **argv) {
    const char *url = NULL, *path = NULL, *phone = NULL, *email = NULL;
    const struct option_row rows[] = {
        {"--secret-keys", &path, NULL}, {"--phone", &phone, NULL}, {"--email", &email, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if ((phone == NULL) == (email == NULL))
        return wrong_use(argv[0], "name one of --phone NUMBER and --email ADDRESS");
    struct secret_keys *keys = privacy_keys(argv[0], path);
    struct db *db = keys != NULL ? database_open(url, "intake", privacy_queries) : NULL;
    int status = EXIT_REFUSED;
    if (db != NULL)
        status = forget(db, keys, phone != NULL ? "phone" : "email", phone != NULL ? phone : email);
    db_close(&db);
    secret_keys_close(&keys);
    return status;
}

/* ---- looks ---------------------------------------------------------------------------------------------------------------- */

static int print_looks(struct db *db, long long of_case, long long most) {
    struct params params = {0};
    params_int8(&params, of_case);
    params_int4(&params, (int32_t)most);
    SCOPED_RESULT
    *result = db_ask(db, "privacy_looks", &params);
    if (result == NULL)
        return database_failed(db);
    printf("%-24s %-20s %-12s %-12s %-12s %s\n", "at", "who", "case", "reported by", "reporter", "why");
    for (int row = 0; row < PQntuples(result); row++) {
        char at[INSTANT_TEXT_MAX];
        instant_print(db_time(result, row, 0), at);
        printf("%-24s %-20s %-12lld %-12lld %-12lld %s\n", at, db_text(result, row, 1),
               (long long)db_int8(result, row, 2), (long long)db_int8(result, row, 3),
               (long long)db_int8(result, row, 4), db_text(result, row, 5));
    }
    return EXIT_GOOD;
}

int people_looks_command(int argc, char **argv) {
    const char *url = NULL, *case_text = NULL, *most_text = NULL;
    const struct option_row rows[] = {{"--case", &case_text, NULL}, {"--most", &most_text, NULL}, {NULL, NULL, NULL}};
    const struct number_range cases = {"--case", 1, INT64_MAX}, mosts = {"--most", 1, LOOKS_MAX};
    struct words words = {.max = 0};
    long long of_case = 0, most = 100;
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if ((case_text != NULL && number_read(case_text, &cases, &of_case) != 0) ||
        (most_text != NULL && number_read(most_text, &mosts, &most) != 0))
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "intake", privacy_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = print_looks(db, of_case, most);
    db_close(&db);
    return status;
}
