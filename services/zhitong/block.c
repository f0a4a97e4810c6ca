#include "services/zhitong/block.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/contact.h"
#include "common/secret_keys.h"
#include "services/zhitong/options.h"

#define DAYS_USUAL "30"
#define DAYS_MAX 365
#define REASON_BYTES_MAX 200
#define ANSWER_BYTES_MAX 2000

extern const struct db_query block_queries[];

/* Who is written down as having done it. */
static const char *by_whom(const char *given) {
    const char *user = getenv("USER");
    return given != NULL ? given : user != NULL && user[0] != '\0' ? user : "operator";
}

/* ---- add -------------------------------------------------------------------------------------------------------------- */

struct subject {
    const char *kind; /* NULL: none was given */
    const char *text; /* as it was given */
    char stored[CONTACT_BYTES_MAX + 1];
    uint32_t key; /* of the ring, with which that was made; 0: none */
};

/* What stands for it in the table: of all but a source only the blind index. */
static int make_stored(struct subject *subject, const char *path, struct reason *why) {
    char normal[CONTACT_BYTES_MAX + 1];
    uint8_t index[SECRET_INDEX_BYTES];
    struct secret_keys *keys = NULL;
    if (strlen(subject->text) > CONTACT_BYTES_MAX || subject->text[0] == '\0')
        return refuse(why, subject->kind, "must have 1 to %d bytes", CONTACT_BYTES_MAX);
    if (strcmp(subject->kind, "source") == 0) {
        strcpy(subject->stored, subject->text);
        return 0;
    }
    if (!contact_normal(subject->kind, subject->text, normal))
        return refuse(why, subject->kind, "must be %s", contact_form(subject->kind));
    if (path == NULL || path[0] == '\0')
        return refuse(why, "secret-keys", "only its blind index is kept: name the keyring that intake uses");
    if (secret_keys_open(&keys, path, why) != 0)
        return -1;
    secret_index(keys, 0, subject->kind, normal, index);
    subject->key = secret_keys_id(keys, 0);
    sodium_bin2hex(subject->stored, sizeof subject->stored, index, sizeof index);
    secret_keys_close(&keys);
    return 0;
}

static int check_source(struct db *db, const struct subject *subject) {
    struct params params = {0};
    if (strcmp(subject->kind, "source") != 0)
        return EXIT_GOOD;
    params_text(&params, subject->stored);
    SCOPED_RESULT
    *result = db_ask(db, "block_source", &params);
    if (result == NULL)
        return database_failed(db);
    if (PQntuples(result) == 1)
        return EXIT_GOOD;
    fprintf(stderr, "source: the loaded city has no source %s\n", subject->stored);
    return EXIT_REFUSED;
}

struct wish {
    const char *reason, *days, *by;
};

static int add(struct db *db, const struct subject *subject, const struct wish *wish) {
    struct params params = {0};
    char until[INSTANT_TEXT_MAX];
    int status = check_source(db, subject);
    if (status != EXIT_GOOD)
        return status;
    params_text(&params, subject->kind);
    params_text(&params, subject->stored);
    params_text(&params, wish->reason);
    params_text(&params, wish->days);
    params_text(&params, wish->by);
    params_int8(&params, subject->key);
    SCOPED_RESULT
    *result = db_ask(db, "block_add", &params);
    if (result == NULL)
        return database_failed(db);
    instant_print(db_time(result, 0, 1), until);
    printf("block %lld: %s until %s\n", (long long)db_int8(result, 0, 0), subject->kind, until);
    return EXIT_GOOD;
}

/* Exactly one of the four. */
static int choose(const char *const values[4], struct subject *subject) {
    static const char *const kinds[4] = {"source", "address", "phone", "email"};
    int given = 0;
    for (int i = 0; i < 4; i++)
        if (values[i] != NULL) {
            given++;
            subject->kind = kinds[i];
            subject->text = values[i];
        }
    return given == 1 ? 0 : -1;
}

int block_add_command(int argc, char **argv) {
    const char *url = NULL, *values[4] = {NULL}, *path = getenv("ZHITONG_SECRET_KEYS");
    struct wish wish = {.days = DAYS_USUAL};
    const struct option_row rows[] = {
        {"--source", &values[0], NULL}, {"--address", &values[1], NULL},  {"--phone", &values[2], NULL},
        {"--email", &values[3], NULL},  {"--reason", &wish.reason, NULL}, {"--days", &wish.days, NULL},
        {"--by", &wish.by, NULL},       {"--secret-keys", &path, NULL},   {NULL, NULL, NULL}};
    const struct number_range range = {"--days", 1, DAYS_MAX};
    struct words words = {.max = 0};
    struct subject subject = {.kind = NULL};
    struct reason why;
    long long days;

    if (options_read(argc, argv, rows, &words, &url) != 0 || number_read(wish.days, &range, &days) != 0)
        return EXIT_WRONG_USE;
    if (choose(values, &subject) != 0)
        return wrong_use("block add", "wants one of --source, --address, --phone and --email");
    if (wish.reason == NULL || wish.reason[0] == '\0' || strlen(wish.reason) > REASON_BYTES_MAX)
        return wrong_use("block add", "--reason TEXT must have 1 to %d bytes; whoever is blocked reads it",
                         REASON_BYTES_MAX);
    wish.by = by_whom(wish.by);
    if (sodium_init() < 0 || make_stored(&subject, path, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    struct db *db = database_open(url, "intake", block_queries);
    int status = db != NULL ? add(db, &subject, &wish) : EXIT_REFUSED;
    db_close(&db);
    return status;
}

/* ---- remove, keep ----------------------------------------------------------------------------------------------------- */

struct decision {
    const char *command, *query, *text; /* text: what those who appealed read when none is given; NULL: one must be */
    const char *missing, *done;
};

static int decide(int argc, char **argv, const struct decision *decision) {
    const char *url = NULL, *text = decision->text, *by = NULL;
    const struct option_row rows[] = {{"--text", &text, NULL}, {"--by", &by, NULL}, {NULL, NULL, NULL}};
    const struct number_range range = {"BLOCK", 1, INT64_MAX};
    struct words words = {.max = 1};
    struct params params = {0};
    long long number;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0 || text == NULL || text[0] == '\0' || strlen(text) > ANSWER_BYTES_MAX)
        return wrong_use(decision->command, "wants BLOCK and --text TEXT of 1 to %d bytes", ANSWER_BYTES_MAX);
    if (number_read(words.at[0], &range, &number) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "intake", block_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    params_text(&params, words.at[0]);
    params_text(&params, by_whom(by));
    params_text(&params, text);
    SCOPED_RESULT
    *result = db_ask(db, decision->query, &params);
    int status = result == NULL ? database_failed(db) : EXIT_GOOD;
    db_close(&db);
    if (status != EXIT_GOOD)
        return status;
    if (PQntuples(result) == 0) {
        fprintf(stderr, "block: %s %s\n", words.at[0], decision->missing);
        return EXIT_REFUSED;
    }
    printf("block %s: %s\n", words.at[0], decision->done);
    return EXIT_GOOD;
}

int block_remove_command(int argc, char **argv) {
    static const struct decision remove = {"block remove", "block_remove", "the block has been lifted",
                                           "does not hold: it has ended, was lifted, or never was", "lifted"};
    return decide(argc, argv, &remove);
}

int block_keep_command(int argc, char **argv) {
    static const struct decision keep = {"block keep", "block_keep", NULL, "has no appeal that waits for an answer",
                                         "stays, and its appeals are answered"};
    return decide(argc, argv, &keep);
}

/* ---- list, appeals ---------------------------------------------------------------------------------------------------- */

static void print_block(const PGresult *result, int row) {
    char added[INSTANT_TEXT_MAX], ends[INSTANT_TEXT_MAX], lifted[INSTANT_TEXT_MAX];
    instant_print(db_time(result, row, 5), added);
    instant_print(db_time(result, row, 6), ends);
    printf("%-6lld %-8s %-24s %s by %s until %s: %s", (long long)db_int8(result, row, 0), db_text(result, row, 1),
           db_text(result, row, 2), added, db_text(result, row, 4), ends, db_text(result, row, 3));
    if (!db_null(result, row, 8)) {
        instant_print(db_time(result, row, 8), lifted);
        printf("; lifted %s by %s", lifted, db_text(result, row, 7));
    }
    if (db_int8(result, row, 10) > 0)
        printf("; %lld appeals wait", (long long)db_int8(result, row, 10));
    printf("\n");
}

static void print_appeal(const PGresult *result, int row) {
    char at[INSTANT_TEXT_MAX];
    instant_print(db_time(result, row, 4), at);
    printf("appeal %lld against block %lld (%s: %s), %s:\n", (long long)db_int8(result, row, 0),
           (long long)db_int8(result, row, 1), db_text(result, row, 2), db_text(result, row, 3), at);
    for (const char *line = db_text(result, row, 5); *line != '\0';) {
        size_t size = strcspn(line, "\n");
        printf("  %.*s\n", (int)size, line);
        line += size + (line[size] != '\0');
    }
}

struct listing {
    const char *query, *value; /* its parameter; NULL: it has none */
    void (*print)(const PGresult *result, int row);
    const char *counted;
};

static int list(const char *url, const struct listing *listing) {
    struct params params = {0};
    struct db *db = database_open(url, "intake", block_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    if (listing->value != NULL)
        params_text(&params, listing->value);
    SCOPED_RESULT
    *result = db_ask(db, listing->query, listing->value != NULL ? &params : NULL);
    int status = result == NULL ? database_failed(db) : EXIT_GOOD;
    db_close(&db);
    if (status != EXIT_GOOD)
        return status;
    for (int row = 0; row < PQntuples(result); row++)
        listing->print(result, row);
    printf("%d %s\n", PQntuples(result), listing->counted);
    return EXIT_GOOD;
}

int block_list_command(int argc, char **argv) {
    const char *url = NULL;
    bool all = false;
    const struct option_row rows[] = {{"--all", NULL, &all}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    const struct listing blocks = {"block_list", all ? "yes" : "no", print_block, "blocks"};
    return list(url, &blocks);
}

int block_appeals_command(int argc, char **argv) {
    const char *url = NULL;
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    static const struct listing appeals = {"block_appeals", NULL, print_appeal, "appeals wait for an answer"};
    return list(url, &appeals);
}
