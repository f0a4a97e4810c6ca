#include "services/intake/files.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/journal.h"
#include "services/intake/uploads.h"

struct removing {
    struct errand errand;
    struct intake_files *files;
    size_t count;
    char names[FILES_TIDY_MAX][FILE_HEX_BYTES + 1];
};

struct intake_files *intake_files_open(const struct settings *settings, struct mailbox *out, struct reason *why) {
    struct file_store *store;
    if (file_store_open(&store, settings, why) != 0)
        return NULL;
    struct intake_files *files = calloc(1, sizeof *files);
    assert(files != NULL);
    files->store = store;
    files->bytes_max = (size_t)settings_number(settings, "ZHITONG_FILE_BYTES");
    files->storing = errands_open(out, UPLOADS_WAITING_MAX + 1);
    files->reading = errands_open(out, FILES_READING_MAX);
    files->tidy_at = clock_monotonic_ms() + FILES_TIDY_FIRST_MS;
    return files;
}

static void remove_names(struct errand *errand) {
    struct removing *removing = (struct removing *)errand;
    for (size_t i = 0; i < removing->count; i++) {
        char small[FILE_NAME_BYTES_MAX + 1];
        struct reason why;
        snprintf(small, sizeof small, "%s" FILE_THUMBNAIL, removing->names[i]);
        if (file_store_remove(removing->files->store, small, &why) != 0 ||
            file_store_remove(removing->files->store, removing->names[i], &why) != 0)
            journal_say(JOURNAL_WARNING, "file_not_removed", "%s: %s", removing->names[i], why.text);
    }
}

static void removed(struct errand *errand) {
    struct removing *removing = (struct removing *)errand;
    journal_say(JOURNAL_INFO, "files_removed", "%zu that no report names", removing->count);
    removing->files->tidying = false;
    free(removing);
}

static void forgotten(void *context, const struct ask *ask) {
    struct intake_files *files = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL || PQntuples(result) == 0) {
        files->tidying = false;
        return;
    }
    struct removing *removing = calloc(1, sizeof *removing);
    assert(removing != NULL);
    removing->files = files;
    removing->errand.run = remove_names;
    removing->errand.done = removed;
    for (int row = 0; row < PQntuples(result) && row < FILES_TIDY_MAX; row++)
        snprintf(removing->names[removing->count++], FILE_HEX_BYTES + 1, "%s", db_text(result, row, 0));
    if (errands_put(files->storing, &removing->errand))
        return;
    journal_say(JOURNAL_WARNING, "files_not_removed", "%zu rows are gone, their files stay", removing->count);
    files->tidying = false;
    free(removing);
}

void intake_files_turn(struct intake *intake) {
    struct intake_files *files = intake->files;
    int64_t now = clock_monotonic_ms();
    char seconds[24], most[24];
    if (files->store == NULL || files->tidying || now < files->tidy_at)
        return;
    files->tidy_at = now + FILES_TIDY_MS;
    snprintf(seconds, sizeof seconds, "%d", FILES_FORGET_SECONDS);
    snprintf(most, sizeof most, "%d", FILES_TIDY_MAX);
    struct ask *ask = ask_make(forgotten, files);
    ask_step(ask, "intake_files_forget", (const char *[]){seconds, most}, 2);
    files->tidying = asks_put(intake->asks, ASK_WRITE, ask);
}

bool intake_files_idle(const struct intake_files *files) {
    return errands_waiting(files->storing) == 0 && errands_waiting(files->reading) == 0;
}

void intake_files_stop(struct intake_files *files) {
    errands_stop(files->storing);
    errands_stop(files->reading);
}

void intake_files_close(struct intake_files **files) {
    errands_close(&(*files)->storing);
    errands_close(&(*files)->reading);
    file_store_close(&(*files)->store);
    (*files)->closed = true; /* requests that carry an upload let go of it when the HTTP server closes, later */
    if ((*files)->uploads == 0)
        free(*files);
    *files = NULL;
}
