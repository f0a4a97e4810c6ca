#include "services/intake/report_files.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"

void report_files_close(struct report_files *of) {
    column_close(&of->asked);
    column_close(&of->files);
    column_close(&of->cases);
    column_close(&of->shards);
    PQclear(of->stored);
    of->stored = NULL;
}

void report_files_begin(struct report_files *of) {
    column_reset(&of->asked);
    column_reset(&of->files);
    column_reset(&of->cases);
    column_reset(&of->shards);
    PQclear(of->stored);
    of->stored = NULL;
}

/* The next hash of a list of the right form; false: there is none. */
static bool next_hash(const char **at, char hash[FILE_HEX_BYTES + 1]) {
    if (**at == '\0')
        return false;
    snprintf(hash, FILE_HEX_BYTES + 1, "%s", *at);
    *at += FILE_HEX_BYTES;
    *at += **at == ' ';
    return true;
}

int report_files_read(const char *text, struct reason *why) {
    size_t size = strlen(text), count = (size + 1) / (FILE_HEX_BYTES + 1);
    bool fits = (size + 1) % (FILE_HEX_BYTES + 1) == 0;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < size && fits; i++) {
        bool blank = i % (FILE_HEX_BYTES + 1) == FILE_HEX_BYTES;
        fits = blank ? text[i] == ' ' : strchr("0123456789abcdef", text[i]) != NULL;
    }
    if (!fits)
        return refuse(why, "files",
                      "must be SHA-256 in lower-case hex, separated by one blank each, as POST /files answers");
    if (count > REPORT_FILES_MAX)
        return refuse(why, "files", "must be at most %d", REPORT_FILES_MAX);
    return 0;
}

void report_files_ask(struct report_files *of, const char *text) {
    char hash[FILE_HEX_BYTES + 1];
    struct reason why;
    if (text[0] == '\0' || report_files_read(text, &why) != 0)
        return;
    while (next_hash(&text, hash))
        column_text(&of->asked, hash);
}

int report_files_load(struct report_files *of, struct db *db) {
    if (of->asked.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &of->asked);
    if (db_send(db, "intake_files_stored", &params) != 0)
        return -1;
    of->stored = db_take(db);
    return of->stored == NULL ? -1 : 0;
}

static bool is_stored(const struct report_files *of, const char *hash) {
    int low = 0, high = of->stored == NULL ? 0 : PQntuples(of->stored);
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(hash, db_text(of->stored, middle, 0));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

int report_files_check(const struct report_files *of, const char *text, struct reason *why) {
    char hash[FILE_HEX_BYTES + 1];
    if (report_files_read(text, why) != 0)
        return -1;
    while (next_hash(&text, hash))
        if (!is_stored(of, hash))
            return refuse(why, "files", "there is no file %.12s…; send it to /files first", hash);
    return 0;
}

void report_files_keep(struct report_files *of, const char *text, uint64_t case_id) {
    char hash[FILE_HEX_BYTES + 1];
    while (next_hash(&text, hash)) {
        column_text(&of->files, hash);
        column_int8(&of->cases, (int64_t)case_id);
        column_int2(&of->shards, (int16_t)case_shard(case_id));
    }
}

int report_files_save(struct report_files *of, struct db *db) {
    if (of->files.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &of->files);
    params_column(&params, &of->cases);
    params_column(&params, &of->shards);
    return db_send(db, "intake_files_use", &params);
}
