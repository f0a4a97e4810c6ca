/* RFC 4180 CSV, UTF-8 (a BOM is skipped), header line first, CRLF or LF, quoted fields may span lines.
 * Streams: one record at a time, memory bounded by CSV_RECORD_MAX. Every refusal names line and column. */
#ifndef ZHITONG_CSV_H
#define ZHITONG_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "proto/reason.h"

#define CSV_RECORD_MAX 65536 /* bytes of one record */
#define CSV_COLUMNS_MAX 128

struct csv;

/* Reads the header. `file` is borrowed; `name` is for messages ("items.csv"). */
MUST_CHECK int csv_open(struct csv **out, FILE *file, const char *name, struct reason *why);
/* The same for a file from a spreadsheet, whose fields may be separated by commas, semicolons or tabs: by whichever the header has
 * most of. */
MUST_CHECK int csv_open_any(struct csv **out, FILE *file, const char *name, struct reason *why);
void csv_close(struct csv **csv);

/* 1: a record was read; 0: end of file; -1: refused (broken quoting, wrong number of fields, not UTF-8, too long);
 * after a refusal the next call goes on with the next record. */
MUST_CHECK int csv_next(struct csv *csv, struct reason *why);
size_t csv_line(const struct csv *csv);                  /* line on which the current record starts, from 1 */
int csv_column(const struct csv *csv, const char *name); /* index of a column, -1 when the header lacks it */
const char *csv_column_name(const struct csv *csv, size_t index);
size_t csv_column_count(const struct csv *csv);
/* Field of the current record, NUL-terminated, borrowed until the next call; "" for index -1. */
const char *csv_field(const struct csv *csv, int index);
/* The raw text of the current record (without line end), for a rejects file. */
const char *csv_raw(const struct csv *csv);
/* Writes one field with quoting where needed. */
void csv_write_field(FILE *out, const char *text);

#endif
