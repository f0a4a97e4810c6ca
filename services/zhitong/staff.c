#include "services/zhitong/staff.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/case_life.h"
#include "services/desk/hasher.h"
#include "services/zhitong/options.h"

#define PASSWORD_MIN 10 /* bytes */

extern const struct db_query staff_queries[];

/* ---- passwords ------------------------------------------------------------------------------------------------------ */

/* The first line of the file, or of standard input; never a word of the command line, which everybody can see. */
static int read_password(const char *path, char password[PASSWORD_MAX + 2]) {
    FILE *file = path != NULL ? fopen(path, "re") : stdin;
    char *line = file != NULL ? fgets(password, PASSWORD_MAX + 2, file) : NULL;

    if (file != NULL && file != stdin)
        fclose(file);
    if (line == NULL) {
        fprintf(stderr, "password: none can be read from %s\n", path != NULL ? path : "standard input");
        return -1;
    }
    password[strcspn(password, "\r\n")] = '\0';
    if (strlen(password) >= PASSWORD_MIN && strlen(password) <= PASSWORD_MAX)
        return 0;
    fprintf(stderr, "password: must have %d to %d bytes\n", PASSWORD_MIN, PASSWORD_MAX);
    return -1;
}

static int hash_password(const char *path, char hash[crypto_pwhash_STRBYTES]) {
    char password[PASSWORD_MAX + 2];
    int status = -1;

    if (sodium_init() < 0)
        fprintf(stderr, "libsodium does not start\n");
    else if (read_password(path, password) == 0)
        status = crypto_pwhash_argon2id_str(hash, password, strlen(password), PASSWORD_OPERATIONS, PASSWORD_MEMORY);
    sodium_memzero(password, sizeof password);
    return status == 0 ? 0 : -1;
}

/* ---- one statement ---------------------------------------------------------------------------------------------------- */

struct change {
    const char *query;
    const char *values[4];       /* ended by NULL when fewer */
    const char *good;            /* NULL: nothing is said */
    const char *field, *missing; /* what is wrong when it finds no row */
};

static int change(const char *url, const struct change *change) {
    struct params params = {0};
    struct db *db = database_open(url, "desk", staff_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    for (size_t i = 0; i < 4 && change->values[i] != NULL; i++)
        params_text(&params, change->values[i]);
    SCOPED_RESULT
    *result = db_ask(db, change->query, &params);
    int status = EXIT_GOOD;
    if (result == NULL)
        status = database_failed(db);
    else if (PQntuples(result) == 0)
        status = EXIT_REFUSED;
    if (result != NULL && status != EXIT_GOOD)
        fprintf(stderr, "%s: %s %s\n", change->field, change->values[0], change->missing);
    else if (status == EXIT_GOOD && change->good != NULL)
        printf("%s: %s\n", change->values[0], change->good);
    db_close(&db);
    return status;
}

int staff_add_command(int argc, char **argv) {
    const char *url = NULL, *name = NULL, *path = NULL;
    const struct option_row rows[] = {{"--name", &name, NULL}, {"--password-file", &path, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    char hash[crypto_pwhash_STRBYTES];

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0 || name == NULL)
        return wrong_use("staff add", "%s is missing", words.count == 0 ? "LOGIN" : "--name NAME");
    if (strlen(words.at[0]) > 64 || strlen(name) > 240)
        return wrong_use("staff add", "LOGIN has at most 64 bytes and NAME 240");
    if (hash_password(path, hash) != 0)
        return EXIT_REFUSED;
    return change(url, &(struct change){"staff_add",
                                        {words.at[0], name, hash},
                                        "added; give a post next: zhitong staff post",
                                        "login",
                                        "is taken"});
}

int staff_password_command(int argc, char **argv) {
    const char *url = NULL, *path = NULL;
    const struct option_row rows[] = {{"--password-file", &path, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    char hash[crypto_pwhash_STRBYTES];

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use("staff password", "LOGIN is missing");
    if (hash_password(path, hash) != 0)
        return EXIT_REFUSED;
    return change(url, &(struct change){"staff_password",
                                        {words.at[0], hash},
                                        "has a new password; open sessions have ended",
                                        "login",
                                        "is nobody's"});
}

static int enable(int argc, char **argv, bool enabled) {
    const char *url = NULL;
    struct words words = {.max = 1};

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0)
        return wrong_use(enabled ? "staff enable" : "staff disable", "LOGIN is missing");
    return change(url, &(struct change){"staff_enable",
                                        {words.at[0], enabled ? "yes" : "no"},
                                        enabled ? "may sign in" : "may not sign in any more; open sessions have ended",
                                        "login",
                                        "is nobody's"});
}

int staff_disable_command(int argc, char **argv) {
    return enable(argc, argv, false);
}

int staff_enable_command(int argc, char **argv) {
    return enable(argc, argv, true);
}

/* ---- posts ------------------------------------------------------------------------------------------------------------------- */

static int check_privacy(const char *list) {
    static const char *const names[] = {"public", "internal", "restricted"};
    for (const char *at = list; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL) {
        size_t size = strcspn(at, ",");
        bool known = false;
        for (int i = 0; i < 3; i++)
            known = known || (strlen(names[i]) == size && strncmp(names[i], at, size) == 0);
        if (!known)
            return -wrong_use("staff post",
                              "--privacy takes public, internal and restricted, separated by commas, not %s", list);
    }
    return 0;
}

static int check_unit(const char *url, const char *unit) {
    return change(url, &(struct change){"staff_unit", {unit}, NULL, "unit", "is no unit of the loaded city"});
}

int staff_post_command(int argc, char **argv) {
    const char *url = NULL, *role = NULL, *unit = NULL, *privacy = "public";
    bool ends = false;
    const struct option_row rows[] = {{"--role", &role, NULL},
                                      {"--unit", &unit, NULL},
                                      {"--privacy", &privacy, NULL},
                                      {"--end", NULL, &ends},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0 || role == NULL || unit == NULL)
        return wrong_use("staff post", "%s is missing",
                         words.count == 0 ? "LOGIN"
                         : role == NULL   ? "--role ROLE"
                                          : "--unit UNIT");
    if (case_role(role) == NULL || strcmp(role, "citizen") == 0)
        return wrong_use("staff post", "%s is no role of the staff; proto/CASE_LIFE.md lists them", role);
    if (ends)
        return change(
            url,
            &(struct change){
                "staff_post_end", {words.at[0], role, unit}, "has that post no more", "login", "has no such post"});
    if (check_privacy(privacy) != 0)
        return EXIT_WRONG_USE;
    if (check_unit(url, unit) != EXIT_GOOD)
        return EXIT_REFUSED;
    return change(url, &(struct change){
                           "staff_post", {words.at[0], role, unit, privacy}, "has the post", "login", "is nobody's"});
}

int staff_list_command(int argc, char **argv) {
    struct words words = {.max = 0};
    const char *url = NULL;

    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "desk", staff_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    SCOPED_RESULT
    *result = db_ask(db, "staff_list", NULL);
    int status = result == NULL ? database_failed(db) : EXIT_GOOD;
    printf("%-20s %-24s %-9s %-6s %-18s %-32s %s\n", "login", "name", "may enter", "post", "role", "unit", "privacy");
    for (int row = 0; result != NULL && row < PQntuples(result); row++)
        printf("%-20s %-24s %-9s %-6s %-18s %-32s %s\n", db_text(result, row, 0), db_text(result, row, 1),
               !db_bool(result, row, 2)   ? "no"
               : !db_bool(result, row, 3) ? "no word"
                                          : "yes",
               db_text(result, row, 4), db_text(result, row, 5), db_text(result, row, 6), db_text(result, row, 7));
    db_close(&db);
    return status;
}
