#include "services/zhitong/options.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int wrong_use(const char *command, const char *format, ...) {
    va_list arguments;

    fprintf(stderr, "%s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; --help shows how it is used\n");
    return EXIT_WRONG_USE;
}

static const struct option_row *find(const struct option_row *rows, const char *name) {
    for (; rows != NULL && rows->name != NULL; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

static bool is_database(const char *word) {
    return strcmp(word, "--database") == 0;
}

int options_read(int argc, char **argv, const struct option_row *rows, struct words *words, const char **url) {
    const struct option_row database = {"--database", url, NULL};

    assert(words->max <= sizeof words->at / sizeof words->at[0]);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            if (words->count == words->max)
                return -wrong_use(argv[0], "%s is a word too many", argv[i]);
            words->at[words->count++] = argv[i];
            continue;
        }
        const struct option_row *row = is_database(argv[i]) ? &database : find(rows, argv[i]);
        if (row == NULL)
            return -wrong_use(argv[0], "%s is not known", argv[i]);
        if (row->flag != NULL) {
            *row->flag = true;
            continue;
        }
        /* Another option is no value: at the end of a line stands the --database that comes from the environment. */
        if (++i == argc || is_database(argv[i]) || find(rows, argv[i]) != NULL)
            return -wrong_use(argv[0], "%s wants a value", row->name);
        *row->value = argv[i];
    }
    return 0;
}

int number_read(const char *text, const struct number_range *range, long long *out) {
    char *end;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < range->low || number > range->high) {
        fprintf(stderr, "%s: must be a whole number from %lld to %lld, not %s\n", range->name, range->low, range->high,
                text);
        return -1;
    }
    *out = number;
    return 0;
}

struct db *database_open(const char *url, const char *schema, const struct db_query *queries) {
    const struct db_query *const tables[] = {queries, NULL};
    struct reason why;
    struct db *db;

    if (db_open(&db, url, schema, tables, &why) == 0)
        return db;
    fprintf(stderr, "%s: %s\n", why.field, why.text);
    return NULL;
}

int database_failed(const struct db *db) {
    fprintf(stderr, "%s: %s\n", db_reason(db)->field, db_reason(db)->text);
    return EXIT_REFUSED;
}

void instant_print(int64_t unix_ms, char text[INSTANT_TEXT_MAX]) {
    time_t seconds = (time_t)(unix_ms / 1000 - (unix_ms % 1000 < 0));
    struct tm parts;
    char whole[24];

    gmtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, INSTANT_TEXT_MAX, "%s.%03dZ", whole, (int)(unix_ms - (int64_t)seconds * 1000));
}
