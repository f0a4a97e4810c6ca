/* How far an import has come, in a file beside its CSV: everything up to a record is answered.
 *
 * Losing it costs time and nothing else: the keys of records stay the same, so reports sent again are not doubled. */
#ifndef ZHITONG_IMPORT_PROGRESS_H
#define ZHITONG_IMPORT_PROGRESS_H

#include <stdint.h>

#include "services/zhitong/import_record.h"

struct import_progress {
    uint64_t line;               /* where the last answered record starts; 0: none yet */
    char check[IMPORT_HASH_MAX]; /* import_hash of that record's raw text: the file must still be the same */
    uint64_t accepted, repeated, refused;
    uint64_t rejects_bytes; /* size of the rejects file up to here */
};

/* Written whole or not at all. Refuses with the path as field. */
MUST_CHECK int import_progress_write(const struct import_progress *progress, const char *path, struct reason *why);
/* 1: read; 0: there is no such file; -1: it cannot be read, or is no progress file. */
MUST_CHECK int import_progress_read(struct import_progress *progress, const char *path, struct reason *why);

#endif
