/* Records of a city's past, as records.csv of a city folder holds them: what came in when, and when it was closed. */
#ifndef ZHITONG_RECORDS_H
#define ZHITONG_RECORDS_H

#include "proto/codec.h"

#define RECORDS_MAX 1000000

struct record {
    struct submit report;  /* without its key */
    int64_t at, closed_at; /* unix ms; closed_at 0: still open */
};

struct records {
    struct record **rows; /* in the order of `at` */
    size_t count;
};

/* Reads the whole file. Refuses with column as field and line in the text. The caller closes. */
MUST_CHECK int records_open(struct records *out, const char *path, struct reason *why);
void records_close(struct records *records);

#endif
