/* What intake has for files: the store, a thread that stores and one that reads, and the tidying up. */
#ifndef ZHITONG_INTAKE_FILES_H
#define ZHITONG_INTAKE_FILES_H

#include "common/file_answer.h"
#include "services/intake/intake.h"

#define FILES_READING_MAX 256      /* files that wait to be read for an answer; more get 503 */
#define FILES_FORGET_SECONDS 86400 /* so long a file may lie without a report that names it */
#define FILES_TIDY_MS 600000       /* how often that is looked after */
#define FILES_TIDY_FIRST_MS 3000   /* after the start */
#define FILES_TIDY_MAX 500         /* files that are removed at once */

struct intake_files {
    struct file_store *store; /* NULL: no folder is set */
    struct errands *storing, *reading;
    size_t uploads; /* under way */
    size_t bytes_max;
    int64_t tidy_at; /* monotonic ms */
    bool tidying;
    bool closed; /* the last upload frees it */
};

/* NULL: refused. `out` is the loop's mailbox. */
struct intake_files *intake_files_open(const struct settings *settings, struct mailbox *out, struct reason *why);
void intake_files_turn(struct intake *intake); /* once a turn of the loop */
bool intake_files_idle(const struct intake_files *files);
void intake_files_stop(struct intake_files *files);
void intake_files_close(struct intake_files **files);

#endif
