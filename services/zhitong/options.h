/* What the commands of `zhitong` share: reading the command line and opening the database. */
#ifndef ZHITONG_OPTIONS_H
#define ZHITONG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/db.h"

#define EXIT_GOOD 0
#define EXIT_REFUSED 1   /* refused, broken or failed */
#define EXIT_WRONG_USE 2 /* the command line makes no sense */

struct option_row {     /* exactly one of the two is not NULL */
    const char *name;   /* with its dashes */
    const char **value; /* set to the word after the option */
    bool *flag;         /* set to true */
};

struct words { /* what is left: the words that belong to no option */
    const char *at[8];
    size_t count, max; /* max: how many the command takes */
};

/* Reads argv[1]…; the options' values and the words are borrowed from argv. A row whose name is NULL ends the table;
 * `--database URL` is always known and set to *url. Says on stderr what is wrong and returns -1. */
MUST_CHECK int options_read(int argc, char **argv, const struct option_row *rows, struct words *words,
                            const char **url);
/* Says on stderr what is wrong with the command line; returns EXIT_WRONG_USE. */
int wrong_use(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A whole number from low to high. Says on stderr what is wrong with the text and returns -1. */
struct number_range {
    const char *name; /* as the usage line calls it */
    long long low, high;
};
MUST_CHECK int number_read(const char *text, const struct number_range *range, long long *out);

/* db_open with one table of queries; says on stderr why it does not work. The caller closes the result, NULL on failure. */
struct db *database_open(const char *url, const char *schema, const struct db_query *queries);
/* Says on stderr why the last query failed; returns EXIT_REFUSED. */
int database_failed(const struct db *db);

/* A milliseconds count since 1970 as RFC 3339 in UTC. */
#define INSTANT_TEXT_MAX 32
void instant_print(int64_t unix_ms, char text[INSTANT_TEXT_MAX]);

#endif
