/* Sends a kept file as an HTTP answer: read in a thread, with headers that let no browser run it or take it for something else. */
#ifndef ZHITONG_FILE_ANSWER_H
#define ZHITONG_FILE_ANSWER_H

#include "common/errands.h"
#include "common/file_store.h"
#include "common/http.h"

struct file_answer {
    struct http_request *request;
    const struct file_store *store;
    char name[FILE_NAME_BYTES_MAX + 1];
    const char *type;            /* media type; borrowed for good */
    const char *ending;          /* of the name to save it under */
    bool shown;                  /* in a page; else offered for saving */
    const char *cache_control;   /* borrowed for good */
    void (*then)(void *context); /* called once it is answered; may be NULL */
    void *context;
};

/* Answers now or later: 200, 404 when it is not there, 503 when it cannot be read or too many wait. The answer is copied. */
void file_answer_send(struct errands *errands, const struct file_answer *answer);

#endif
