#include "common/errands.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct errands {
    struct mailbox *in, *out;
    pthread_t thread;
    size_t waiting, waiting_max;
};

static void *errands_main(void *context) {
    struct errands *errands = context;
    for (;;) {
        struct letter *letter = mailbox_wait(errands->in, -1);
        if (letter == NULL)
            continue;
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return NULL;
        }
        struct errand *errand = (struct errand *)letter;
        errand->run(errand);
        mailbox_put(errands->out, letter);
    }
}

static void back(struct call *call) {
    struct errand *errand = (struct errand *)call;
    errand->errands->waiting--;
    errand->done(errand);
}

struct errands *errands_open(struct mailbox *out, size_t waiting_max) {
    struct errands *errands = calloc(1, sizeof *errands);
    assert(errands != NULL);
    errands->out = out;
    errands->waiting_max = waiting_max;
    errands->in = mailbox_open();
    int status = pthread_create(&errands->thread, NULL, errands_main, errands);
    assert(status == 0);
    (void)status;
    return errands;
}

bool errands_put(struct errands *errands, struct errand *errand) {
    if (errands->waiting >= errands->waiting_max)
        return false;
    errand->call = (struct call){.letter.kind = LETTER_CALL, .back = back};
    errand->errands = errands;
    errands->waiting++;
    mailbox_put(errands->in, &errand->call.letter);
    return true;
}

size_t errands_waiting(const struct errands *errands) {
    return errands->waiting;
}

void errands_stop(struct errands *errands) {
    mailbox_put_stop(errands->in);
    pthread_join(errands->thread, NULL);
}

void errands_close(struct errands **errands) {
    if (*errands == NULL)
        return;
    mailbox_close(&(*errands)->in);
    free(*errands);
    *errands = NULL;
}
