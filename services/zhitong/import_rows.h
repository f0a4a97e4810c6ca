/* Records under way, in the order of the file: answers come in any order, what is said about records goes out in the file's. */
#ifndef ZHITONG_IMPORT_ROWS_H
#define ZHITONG_IMPORT_ROWS_H

#include "proto/reason.h"
#include "services/zhitong/import_progress.h"

enum row_outcome { ROW_WAITING, ROW_ACCEPTED, ROW_REPEATED, ROW_REFUSED };

struct import_row {
    enum row_outcome outcome;
    size_t line;
    char *raw;         /* the record as it stands in the file; owned */
    struct reason why; /* when refused */
};

struct import_rows { /* zero-initialised but for room and rejects */
    struct import_row *ring;
    uint64_t first, next; /* the row numbers that are under way: first … next - 1 */
    size_t room;
    FILE *rejects; /* NULL: nobody wants them; borrowed */
};

void import_rows_open(struct import_rows *rows, size_t room);
void import_rows_close(struct import_rows *rows);
bool import_rows_full(const struct import_rows *rows);
/* Adds a record (there must be room); returns its number, the tag of its answer. Copies raw. */
uint64_t import_rows_add(struct import_rows *rows, size_t line, const char *raw);
struct import_row *import_row(struct import_rows *rows, uint64_t number);
/* Takes out what is answered from the front: counts it, writes the rejects, moves the progress. */
void import_rows_retire(struct import_rows *rows, struct import_progress *progress);

/* Opens the rejects file: a new one with its header, or, when resuming, the old one cut to the size that the progress
 * names, so that no record stands in it twice. Refuses with the path as field. */
MUST_CHECK int import_rejects_open(struct import_rows *rows, const char *path, const struct import_progress *resumed,
                                   struct reason *why);

#endif
