/* A record of a source's own CSV file as a report, by the map of the loaded city. */
#ifndef ZHITONG_IMPORT_SOURCE_H
#define ZHITONG_IMPORT_SOURCE_H

#include <stdio.h>

#include "common/csv.h"
#include "common/source_map.h"

struct import_source;

struct import_source_options {
    const char *database_url, *code;
    const char *public_key; /* of the client that hands in: it must be the source's, or reports would come twice */
    const struct csv *csv;  /* borrowed */
};
/* Refuses: no city, no such source, another one's key, a column that is needed and not there (field: its name). */
MUST_CHECK int import_source_open(struct import_source **out, const struct import_source_options *options,
                                  struct reason *why);
void import_source_close(struct import_source **source);
/* The current record. Refuses as source_report; the field is the column's name. `key` is for one without a number. */
MUST_CHECK int import_source_read(const struct import_source *source, const char *key, struct submit *out,
                                  struct reason *why);

/* Names the column in place of the field, in what intake says. */
void import_source_place(const struct import_source *source, struct reason *why);

/* The file's text as UTF-8 from another encoding, by iconv's name for it ("GB18030"); what cannot be converted becomes the
 * byte FF, which csv_next refuses with its line. The file is borrowed until the result is fclose()d. Refuses an unknown encoding. */
MUST_CHECK int import_recode(FILE **out, FILE *file, const char *encoding, struct reason *why);

#endif
