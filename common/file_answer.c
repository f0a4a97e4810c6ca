#include "common/file_answer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/journal.h"

struct sending {
    struct errand errand;
    struct file_answer answer;
    int status, fd;
    size_t size;
    struct reason why;
};

static void run(struct errand *errand) {
    struct sending *sending = (struct sending *)errand;
    const struct file_answer *answer = &sending->answer;
    sending->status = file_store_get(answer->store, answer->name, &sending->fd, &sending->size, &sending->why);
}

static void send_file(const struct sending *sending) {
    const struct file_answer *answer = &sending->answer;
    char disposition[FILE_NAME_BYTES_MAX + 64];
    snprintf(disposition, sizeof disposition, "%s; filename=\"%.64s.%s\"", answer->shown ? "inline" : "attachment",
             answer->name, answer->ending);
    http_add_header(answer->request, "X-Content-Type-Options", "nosniff");
    http_add_header(answer->request, "Content-Security-Policy", "default-src 'none'; sandbox");
    http_add_header(answer->request, "Content-Disposition", disposition);
    http_add_header(answer->request, "Cache-Control", answer->cache_control);
    http_answer_file(answer->request, 200, answer->type, sending->fd, sending->size);
}

static void done(struct errand *errand) {
    struct sending *sending = (struct sending *)errand;
    const struct file_answer *answer = &sending->answer;
    if (sending->status == 0)
        send_file(sending);
    if (sending->status < 0) { /* the reason names folders: for the operator */
        journal_say(JOURNAL_WARNING, "file_unread", "%s: %s", sending->why.field, sending->why.text);
        (void)refuse(&sending->why, "", "files cannot be read now; try again");
    }
    if (sending->status > 0)
        (void)refuse(&sending->why, "file", "there is no such file");
    if (sending->status != 0)
        http_refuse(answer->request, sending->status > 0 ? 404 : 503, &sending->why);
    if (answer->then != NULL)
        answer->then(answer->context);
    free(sending);
}

void file_answer_send(struct errands *errands, const struct file_answer *answer) {
    struct sending *sending = calloc(1, sizeof *sending);
    assert(sending != NULL);
    *sending = (struct sending){.errand = {.run = run, .done = done}, .answer = *answer};
    if (errands_put(errands, &sending->errand))
        return;
    sending->status = -1;
    (void)refuse(&sending->why, "reading", "too many files wait");
    done(&sending->errand);
}
