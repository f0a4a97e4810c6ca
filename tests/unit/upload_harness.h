/* A store in memory for the file parts of forms: a file's digest is its first bytes. For test_http_form.c. */
#ifndef ZHITONG_UPLOAD_HARNESS_H
#define ZHITONG_UPLOAD_HARNESS_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_form.h"

struct made {
    struct made *next;
    char text[HTTP_FILE_HEX_BYTES + 1];
    uint64_t bytes;
    http_stored_done *done;
    void *waits;
};
static struct made *unfinished; /* of the server's thread */
static atomic_int live;

static inline int made_open(struct http_request *request, void *context, const struct http_form_field *part,
                            void **upload, struct reason *why) {
    (void)request;
    (void)context;
    if (strcmp(part->file_name, "unwanted") == 0) {
        (void)refuse(why, part->name, "is not wanted");
        return 415;
    }
    *upload = calloc(1, sizeof(struct made));
    live++;
    return 0;
}

static inline int made_write(void *upload, const uint8_t *data, size_t size, struct reason *why) {
    struct made *made = upload;
    for (size_t i = 0; i < size; i++, made->bytes++)
        if (made->bytes < HTTP_FILE_HEX_BYTES)
            made->text[made->bytes] = (char)data[i];
    if (strncmp(made->text, "bad", 3) != 0)
        return 0;
    (void)refuse(why, "file", "is bad");
    return 415;
}

static inline void made_finish(void *upload, http_stored_done *done, void *waits) {
    struct made *made = upload;
    made->done = done;
    made->waits = waits;
    made->next = unfinished;
    unfinished = made;
}

static inline void made_abandon(void *upload) {
    struct made **at = &unfinished;
    while (*at != NULL && *at != upload)
        at = &(*at)->next;
    if (*at != NULL)
        *at = (*at)->next;
    free(upload);
    live--;
}

static const struct http_upload upload = {made_open, made_write, made_finish, made_abandon};

static inline void finish_made(void) {
    while (unfinished != NULL) {
        struct made *made = unfinished;
        struct http_stored stored = {.bytes = made->bytes};
        unfinished = made->next;
        memcpy(stored.file, made->text, sizeof stored.file);
        if (strncmp(made->text, "late", 4) == 0) {
            stored.status = 422;
            (void)refuse(&stored.why, "file", "is bad after all");
        }
        made->done(made->waits, &stored);
        free(made);
        live--;
    }
}

#endif
