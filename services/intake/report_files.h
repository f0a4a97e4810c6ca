/* Files that reports name by their SHA-256: a report is refused when one of them is not stored, and what is accepted is written down.
 * Costs nothing where no report of a batch names one. */
#ifndef ZHITONG_INTAKE_REPORT_FILES_H
#define ZHITONG_INTAKE_REPORT_FILES_H

#include "common/batch.h"
#include "common/file_store.h"

#define REPORT_FILES_MAX 10 /* of one report */

struct report_files {
    struct column asked;
    struct column files, cases, shards; /* of intake_files_use */
    PGresult *stored;                   /* of the files that are there, in order */
};

void report_files_close(struct report_files *of);
void report_files_begin(struct report_files *of);
/* The form of the field: at most REPORT_FILES_MAX hashes separated by one blank. Pure. Refuses (field "files"). */
MUST_CHECK int report_files_read(const char *text, struct reason *why);
/* Remembers what is to be looked up; what has no right form is left out, for report_files_check to refuse. */
void report_files_ask(struct report_files *of, const char *text);
int report_files_load(struct report_files *of, struct db *db);
MUST_CHECK int report_files_check(const struct report_files *of, const char *text, struct reason *why);
void report_files_keep(struct report_files *of, const char *text, uint64_t case_id);
int report_files_save(struct report_files *of, struct db *db);

#endif
