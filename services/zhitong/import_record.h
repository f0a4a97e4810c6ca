/* A record of a CSV file as a report: its columns, its key, its instant. Pure. */
#ifndef ZHITONG_IMPORT_RECORD_H
#define ZHITONG_IMPORT_RECORD_H

#include <stdint.h>

#include "common/csv.h"
#include "proto/codec.h"

#define IMPORT_HASH_MAX 17   /* 16 hexadecimal digits and a NUL */
#define IMPORT_FIELDS_MAX 40 /* of struct submit */

struct import_columns {
    int of_field[IMPORT_FIELDS_MAX]; /* by place in messages.def; -1: the file has no such column */
    int at, source_id;
    char unknown[200]; /* names of the columns that nobody reads, for a note */
};

/* The file's columns are named as the fields of `submit`. Refuses when channel (unless one is given for all), item or area
 * is missing. */
MUST_CHECK int import_columns_find(struct import_columns *columns, const struct csv *csv, const char *channel,
                                   struct reason *why);

struct import_origin {          /* what all records of a file share */
    char hash[IMPORT_HASH_MAX]; /* of the file's name, see import_hash */
    const char *channel;        /* of records that name none; NULL: they must */
};

/* The current record as a report. Refuses with the column as field: too long, not a number, missing. */
MUST_CHECK int import_record_read(struct submit *out, const struct csv *csv, const struct import_columns *columns,
                                  const struct import_origin *origin, struct reason *why);

/* 64 bits of BLAKE2b. */
void import_hash(char out[IMPORT_HASH_MAX], const char *text);
/* Idempotency key: the file's hash and the record's own number, or its line when it has none. The same file in the same
 * order gives the same keys, so that importing it again doubles nothing. */
void import_key(char key[65], const char *hash, const char *source_id, size_t line);

#endif
