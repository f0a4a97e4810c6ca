#include "services/intake/uploads.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/journal.h"
#include "common/metrics.h"
#include "services/intake/admission.h"
#include "services/intake/file_row.h"
#include "services/intake/files.h"
#include "services/intake/thumbnail.h"

struct upload {
    struct errand errand;
    struct intake_files *files;
    struct intake *intake;
    char path[FILE_PATH_BYTES_MAX]; /* "": unlinked */
    int fd;
    uint64_t bytes;
    uint8_t head[FILE_HEAD_BYTES];
    enum file_type type;
    bool known; /* the type */
    http_stored_done *done;
    void *waits; /* NULL: abandoned, nobody is told */
    struct strip found;
    struct bytes small; /* picture; none where it is no picture */
    struct http_stored stored;
};

static void let_go(struct upload *upload) {
    if (upload->fd >= 0)
        close(upload->fd);
    if (upload->path[0] != '\0')
        unlink(upload->path);
    upload->fd = -1;
    upload->path[0] = '\0';
}

static void end(struct upload *upload) {
    if (upload->waits != NULL)
        metric_add(upload->stored.status == 0 ? METRIC_files_stored_total : METRIC_files_refused_total, 1);
    if (upload->waits != NULL)
        upload->done(upload->waits, &upload->stored);
    let_go(upload);
    bytes_close(&upload->small);
    struct intake_files *files = upload->files;
    free(upload);
    if (--files->uploads == 0 && files->closed)
        free(files);
}

/* For the caller the reason is said without folders and hosts; for the operator with them. */
static int fail(struct upload *upload, const char *what) {
    journal_say(JOURNAL_WARNING, "file_not_stored", "%s", what);
    upload->stored.status = 503;
    return refuse(&upload->stored.why, "file", "cannot be kept now; try again");
}

/* ---- as it comes, in the loop ------------------------------------------------------------------------------------------- */

static int upload_open(struct http_request *request, void *context, const struct http_form_field *part, void **out,
                       struct reason *why) {
    struct intake *intake = intake_of(context);
    struct intake_files *files = intake->files;
    int status = admission_judge_file(intake, request, why);
    if (status != 0)
        return status;
    if (files->store == NULL) {
        (void)refuse(why, part->name, "files are not taken here: ZHITONG_FILES_FOLDER is not set");
        return 501;
    }
    if (files->uploads >= UPLOADS_WAITING_MAX) {
        (void)refuse(why, part->name, "too many files are being stored; try again");
        return 503;
    }
    struct upload *upload = calloc(1, sizeof *upload);
    assert(upload != NULL);
    upload->files = files;
    upload->intake = intake;
    upload->fd = file_store_incoming(files->store, upload->path);
    if (upload->fd < 0) {
        (void)fail(upload, strerror(errno));
        *why = upload->stored.why;
        free(upload);
        return 503;
    }
    files->uploads++;
    *out = upload;
    return 0;
}

static int find_type(struct upload *upload, size_t size, struct reason *why) {
    if (file_type_of(upload->head, size, &upload->type, why) != 0)
        return 415;
    upload->known = true;
    return 0;
}

static int upload_write(void *context, const uint8_t *data, size_t size, struct reason *why) {
    struct upload *upload = context;
    for (size_t i = 0; i < size && upload->bytes + i < FILE_HEAD_BYTES; i++)
        upload->head[upload->bytes + i] = data[i];
    upload->bytes += size;
    if (upload->bytes > upload->files->bytes_max) {
        (void)refuse(why, "file", "is longer than %zu bytes", upload->files->bytes_max);
        return 413;
    }
    if (!upload->known && upload->bytes >= FILE_HEAD_BYTES) {
        int status = find_type(upload, FILE_HEAD_BYTES, why);
        if (status != 0)
            return status;
    }
    if (write(upload->fd, data, size) == (ssize_t)size) /* into the page cache; a full disk is short or fails */
        return 0;
    (void)fail(upload, strerror(errno));
    *why = upload->stored.why;
    return 503;
}

/* ---- in the thread --------------------------------------------------------------------------------------------------------- */

static int read_back(struct upload *upload, struct bytes *file) {
    uint8_t piece[65536];
    for (uint64_t at = 0; at < upload->bytes;) {
        ssize_t got = pread(upload->fd, piece, sizeof piece, (off_t)at);
        if (got <= 0)
            return fail(upload, got < 0 ? strerror(errno) : "an incoming file is shorter than what came");
        bytes_append(file, piece, (size_t)got);
        at += (uint64_t)got;
    }
    return 0;
}

static int put(struct upload *upload, const char *ending, const struct bytes *bytes) {
    char name[FILE_NAME_BYTES_MAX + 1];
    struct reason why;
    snprintf(name, sizeof name, "%s%s", upload->stored.file, ending);
    return file_store_put(upload->files->store, name, bytes, &why) == 0 ? 0 : fail(upload, why.text);
}

/* Puts what is left of the file in its place, so that only a small picture waits in memory. */
static int write_back(struct upload *upload, const struct bytes *clean) {
    if (ftruncate(upload->fd, 0) != 0 || lseek(upload->fd, 0, SEEK_SET) != 0)
        return fail(upload, strerror(errno));
    for (size_t at = 0; at < clean->size;) {
        ssize_t wrote = write(upload->fd, clean->data + at, clean->size - at);
        if (wrote <= 0)
            return fail(upload, strerror(errno));
        at += (size_t)wrote;
    }
    upload->bytes = clean->size;
    return 0;
}

static int strip(struct upload *upload, struct bytes *file, struct bytes *clean) {
    struct http_stored *stored = &upload->stored;
    if (read_back(upload, file) != 0)
        return -1;
    stored->status = 400; /* what is refused from here is the picture's fault */
    if (strip_file(upload->type, file, clean, &upload->found, &stored->why) != 0)
        return -1;
    if (upload->found.width > 0 &&
        thumbnail_make(upload->type, clean, &upload->found, &upload->small, &stored->why) != 0)
        return -1;
    stored->status = 0;
    stored->bytes = clean->size;
    file_hash(clean, stored->file);
    return write_back(upload, clean);
}

static void run_strip(struct errand *errand) {
    struct upload *upload = (struct upload *)errand;
    struct bytes file = {0}, clean = {0};
    (void)strip(upload, &file, &clean);
    bytes_close(&file);
    bytes_close(&clean);
}

static void run_put(struct errand *errand) {
    struct upload *upload = (struct upload *)errand;
    struct bytes clean = {0};
    if (read_back(upload, &clean) == 0 && (upload->small.size == 0 || put(upload, FILE_THUMBNAIL, &upload->small) == 0))
        (void)put(upload, "", &clean);
    bytes_close(&clean);
}

/* ---- and back --------------------------------------------------------------------------------------------------------------- */

/* First the row, then the file: a row whose file did not get there is removed after a day, like any that no report names, and its sender
 * was told to try again. A file without a row would lie there for ever. */
static void put_errand(struct upload *upload, void (*run)(struct errand *), void (*done)(struct errand *)) {
    upload->errand.run = run;
    upload->errand.done = done;
    if (errands_put(upload->files->storing, &upload->errand))
        return;
    (void)fail(upload, "too many files wait to be stored");
    end(upload);
}

static void is_put(struct errand *errand) {
    end((struct upload *)errand);
}

static void row_written(void *context, const struct ask *ask) {
    struct upload *upload = context;
    if (ask_result(ask, 0) == NULL)
        (void)fail(upload, ask_reason(ask)->text);
    if (upload->stored.status != 0 || upload->waits == NULL)
        end(upload);
    else
        put_errand(upload, run_put, is_put);
}

static void is_stripped(struct errand *errand) {
    struct upload *upload = (struct upload *)errand;
    if (upload->stored.status != 0 || upload->waits == NULL) {
        end(upload);
        return;
    }
    struct file_row row;
    file_row_of(&upload->found, intake_city(upload->intake), &row);
    const struct upload_note note = {row.lat, row.lon, row.taken_at};
    static_assert(sizeof note <= sizeof upload->stored.note, "it must fit");
    memcpy(upload->stored.note, &note, sizeof note);
    row.file = upload->stored.file;
    row.type = file_type_mime(upload->type);
    row.bytes = upload->stored.bytes;
    struct ask *ask = ask_make(row_written, upload);
    file_row_step(&row, ask);
    if (asks_put(upload->intake->asks, ASK_WRITE, ask))
        return;
    (void)fail(upload, "too many questions to the database are under way");
    end(upload);
}

static void upload_finish(void *context, http_stored_done *done, void *waits) {
    struct upload *upload = context;
    size_t head = upload->bytes < FILE_HEAD_BYTES ? (size_t)upload->bytes : FILE_HEAD_BYTES;
    upload->done = done;
    upload->waits = waits;
    if (!upload->known)
        upload->stored.status = find_type(upload, head, &upload->stored.why);
    if (upload->stored.status == 0)
        put_errand(upload, run_strip, is_stripped);
    else
        end(upload);
}

static void upload_abandon(void *context) {
    struct upload *upload = context;
    bool under_way = upload->waits != NULL;
    upload->waits = NULL;
    if (!under_way)
        end(upload);
}

const struct http_upload intake_upload = {upload_open, upload_write, upload_finish, upload_abandon};
