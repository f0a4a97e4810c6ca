/* Settings come from the environment, each checked against one table; NAME_FILE names a file that holds the value
 * (secrets: docker and kubernetes mount them so). An unknown ZHITONG_* variable is refused: a typo must not pass. */
#ifndef ZHITONG_SETTINGS_H
#define ZHITONG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "proto/reason.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_NUMBER,
    SETTING_FLAG,
    SETTING_SECRET,
    SETTING_WORD,    /* one of the words of `unit` */
    SETTING_ADDRESS, /* a numeric IPv4 or IPv6 address of this host, or 0.0.0.0 or :: for all of them */
    SETTING_HOST,    /* a host name (RFC 1123) or a numeric address, neither of all addresses; empty where min is 0 */
};

struct setting {
    const char *name; /* environment variable, ZHITONG_… */
    enum setting_type type;
    /* Of a number: "ms", "bytes", "entries"; of a word: those there are, with blanks between; "" else. */
    const char *unit;
    const char *fallback; /* as it would be written; NULL: must be set */
    long long min, max;   /* of a number, inclusive; of a text: length in bytes */
    const char *meaning;  /* one sentence for --help and OPERATIONS.md */
};

struct setting_table {
    const struct setting *rows;
    size_t count;
};

struct settings;

/* Reads and checks every setting of the two tables (the common one and the service's own; either may be empty).
 * Refuses with the variable's name as field. The caller closes *out. */
MUST_CHECK int settings_open(struct settings **out, const struct setting_table tables[2], struct reason *why);
void settings_close(struct settings **settings);

/* The value of a setting that stands in one of the tables (asserted). Texts are borrowed until close. */
const char *settings_text(const struct settings *settings, const char *name); /* also of words, addresses and hosts */
long long settings_number(const struct settings *settings, const char *name);
bool settings_flag(const struct settings *settings, const char *name);

/* The table as `--help` prints it and as a Markdown table for OPERATIONS.md. */
void settings_help(FILE *out, const struct setting *table, size_t count);
void settings_markdown(FILE *out, const struct setting *table, size_t count);

#endif
