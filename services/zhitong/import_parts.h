/* What an import is made of, between import.c, which runs it, and import_open.c, which opens and closes its parts. */
#ifndef ZHITONG_IMPORT_PARTS_H
#define ZHITONG_IMPORT_PARTS_H

#include <limits.h>
#include <sys/types.h>

#include "common/submit_client.h"
#include "services/zhitong/import_meter.h"
#include "services/zhitong/import_record.h"
#include "services/zhitong/import_rows.h"
#include "services/zhitong/import_source.h"
#include "services/zhitong/options.h"

struct importer {
    const char *path, *endpoints, *rejects_path, *database_url, *source_code, *encoding;
    bool resume, paced;
    long long rate, window; /* rate 0: as fast as it goes */
    struct import_origin origin;
    struct wire_keys keys;
    char server_key[WIRE_KEY_SIZE];
    void *zmq;
    FILE *file, *text;            /* the same one, or the file recoded to UTF-8 */
    struct import_source *source; /* NULL: columns are named as fields */
    off_t file_size;
    char progress_path[PATH_MAX];
    struct csv *csv;
    struct import_columns columns;
    struct submit_client *client;
    struct import_rows rows;
    struct import_progress progress;
    struct import_meter meter;
    struct submit next; /* read and not sent yet */
    uint64_t next_row;
    bool has_next, at_end, failed;
    int64_t next_at, began_ms, saved_ms, clock_ms;
    uint64_t sent;
    struct db *db;
};

/* Says on stderr what is wrong; 0 when all is open. Answers go to `answered` with the importer as context. */
MUST_CHECK int import_open(struct importer *importer,
                           void (*answered)(void *context, const struct submit_answer *answer));
void import_close(struct importer *importer);
/* Without the database time runs on from the last reading. */
void import_read_clock(struct importer *importer);

#endif
