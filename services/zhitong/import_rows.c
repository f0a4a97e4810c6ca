#include "services/zhitong/import_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void import_rows_open(struct import_rows *rows, size_t room) {
    *rows = (struct import_rows){.room = room};
    rows->ring = calloc(room, sizeof *rows->ring);
    assert(rows->ring != NULL);
}

void import_rows_close(struct import_rows *rows) {
    for (size_t i = 0; rows->ring != NULL && i < rows->room; i++)
        free(rows->ring[i].raw);
    free(rows->ring);
    rows->ring = NULL;
}

bool import_rows_full(const struct import_rows *rows) {
    return rows->next - rows->first == rows->room;
}

struct import_row *import_row(struct import_rows *rows, uint64_t number) {
    assert(number >= rows->first && number < rows->next);
    return &rows->ring[number % rows->room];
}

uint64_t import_rows_add(struct import_rows *rows, size_t line, const char *raw) {
    assert(!import_rows_full(rows));
    uint64_t number = rows->next++;
    struct import_row *row = import_row(rows, number);
    *row = (struct import_row){.line = line, .raw = strdup(raw)};
    assert(row->raw != NULL);
    return number;
}

static void write_reject(FILE *rejects, const struct import_row *row) {
    fprintf(rejects, "%zu,", row->line);
    csv_write_field(rejects, row->why.field);
    fputc(',', rejects);
    csv_write_field(rejects, row->why.text);
    fputc(',', rejects);
    csv_write_field(rejects, row->raw);
    fputc('\n', rejects);
}

void import_rows_retire(struct import_rows *rows, struct import_progress *progress) {
    struct import_row *last = NULL;
    for (; rows->first < rows->next && import_row(rows, rows->first)->outcome != ROW_WAITING; rows->first++) {
        struct import_row *row = import_row(rows, rows->first);
        progress->accepted += row->outcome == ROW_ACCEPTED;
        progress->repeated += row->outcome == ROW_REPEATED;
        progress->refused += row->outcome == ROW_REFUSED;
        if (row->outcome == ROW_REFUSED && rows->rejects != NULL)
            write_reject(rows->rejects, row);
        if (last != NULL) {
            free(last->raw);
            last->raw = NULL;
        }
        last = row;
    }
    if (last == NULL)
        return;
    progress->line = last->line;
    import_hash(progress->check, last->raw);
    free(last->raw);
    last->raw = NULL;
    if (rows->rejects != NULL && fflush(rows->rejects) == 0)
        progress->rejects_bytes = (uint64_t)ftello(rows->rejects);
}

int import_rejects_open(struct import_rows *rows, const char *path, const struct import_progress *resumed,
                        struct reason *why) {
    bool go_on = resumed != NULL && resumed->rejects_bytes > 0;
    FILE *file = fopen(path, go_on ? "r+e" : "we");
    if (file == NULL && go_on && errno == ENOENT) { /* somebody moved it away: what comes goes into a new one */
        go_on = false;
        file = fopen(path, "we");
    }
    if (file == NULL)
        return refuse(why, path, "cannot be written: %s", strerror(errno));
    int status = 0;
    if (go_on)
        status = ftruncate(fileno(file), (off_t)resumed->rejects_bytes) | fseeko(file, 0, SEEK_END);
    else
        fputs("line,field,reason,record\n", file);
    if (status != 0) {
        fclose(file);
        return refuse(why, path, "cannot be written: %s", strerror(errno));
    }
    rows->rejects = file;
    return 0;
}
