/* A request whose body is a form: its fields, and where the files in it go.
 *
 * Which routes read forms is said by struct http_route's `body`. Texts are kept in memory under the limits below; file parts go to
 * the server's struct http_upload piece by piece and are never whole in memory. The handler is called when all of it is stored.
 *
 * Names, texts and file names are UTF-8 without control bytes; a text may hold tabs and newlines, and a line end that came as
 * CR LF is a newline. What breaks that, and what form.h refuses, gets 400 with the field's name. */
#ifndef ZHITONG_HTTP_FORM_H
#define ZHITONG_HTTP_FORM_H

#include "common/form.h"
#include "common/http.h"

#define HTTP_FORM_TEXT_BYTES_MAX 65536 /* of one text field */
#define HTTP_FORM_ALL_BYTES_MAX 262144 /* of all text fields with their names */
#define HTTP_FORM_FILES_MAX 10         /* file parts of a form */
#define HTTP_FILE_HEX_BYTES 64         /* SHA-256 as lower-case hex */
#define HTTP_NOTE_BYTES 32

struct http_form_field {
    const char *name;
    const char *value; /* of a text field, NUL-ended; "" for a file part */
    size_t size;
    const char *file_name;    /* of a file part, as its sender calls it: for people, never a path. NULL: a text field */
    const char *content_type; /* of a file part, as its sender claims; NULL: no claim */
    const char *file;         /* SHA-256 hex of what was stored; NULL: a text field */
    uint64_t file_bytes;      /* of what was stored */
    const uint8_t *note;      /* HTTP_NOTE_BYTES of a file part, see struct http_stored; NULL: a text field */
};

/* The fields in order; none when the body was no form. Borrowed until the request is answered. A file field that a browser sends
 * empty is left out. */
size_t http_form_count(const struct http_request *request);
const struct http_form_field *http_form_at(const struct http_request *request, size_t at);
/* The first text of that name; NULL when absent. */
const char *http_form_value(const struct http_request *request, const char *name);
/* The HTTP status to refuse the form with, and why; 0: it was read. A route of HTTP_BODY_ANY is called with a form that could not be
 * read, which has no fields then, so that it refuses in its own form of errors; of others the server refuses it. *why is borrowed
 * until the request is answered. */
MUST_CHECK int http_form_fault(const struct http_request *request, const struct reason **why);
/* Whether the body came as a form (HTTP_BODY_ANY and HTTP_BODY_FILE take others too). */
bool http_is_form(const struct http_request *request);

/* ---- where file parts go ------------------------------------------------------------------------------------------------ */

struct http_stored { /* what became of a file part */
    int status;      /* 0: stored; else the HTTP status to refuse with, and `why` */
    struct reason why;
    char file[HTTP_FILE_HEX_BYTES + 1];
    uint64_t bytes;
    uint8_t note[HTTP_NOTE_BYTES]; /* what the store tells its handler of this copy; its form is theirs */
};
typedef void http_stored_done(void *waits, const struct http_stored *stored);

/* A file part in the making belongs to the store from open until `done` returns or abandon is called. All are called from the
 * loop and must not wait for a disk or a network. open and write return 0, or the HTTP status to refuse with. */
struct http_upload {
    int (*open)(struct http_request *request, void *context, const struct http_form_field *part, void **upload,
                struct reason *why);
    int (*write)(void *upload, const uint8_t *data, size_t size, struct reason *why);
    /* All of it is here: calls done once, from the loop, now or later. */
    void (*finish)(void *upload, http_stored_done *done, void *waits);
    /* The request is gone or was refused: forgets it; done is not called any more. */
    void (*abandon)(void *upload);
};

#endif
