#include "common/worker.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
    struct worker_options options;
    struct mailbox *in;
    pthread_t thread;
};

/* Everything that waits; false: it shall end. */
static bool take_letters(struct worker *worker) {
    struct letter *letter;
    while ((letter = mailbox_take(worker->in)) != NULL) {
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return false;
        }
        worker->options.take(worker->options.context, letter);
    }
    return true;
}

static void *worker_main(void *context) {
    struct worker *worker = context;
    const struct worker_options *options = &worker->options;
    while (take_letters(worker)) {
        int wait_ms = options->turn != NULL ? options->turn(options->context) : -1;
        struct pollfd waits[2] = {{.fd = mailbox_fd(worker->in), .events = POLLIN},
                                  {.fd = options->fd != NULL ? options->fd(options->context) : -1, .events = POLLIN}};
        (void)poll(waits, waits[1].fd >= 0 ? 2 : 1, wait_ms);
    }
    return NULL;
}

struct worker *worker_open(const struct worker_options *options) {
    struct worker *worker = calloc(1, sizeof *worker);
    assert(worker != NULL);
    worker->options = *options;
    worker->in = mailbox_open();
    int status = pthread_create(&worker->thread, NULL, worker_main, worker);
    assert(status == 0);
    (void)status;
    return worker;
}

void worker_put(struct worker *worker, struct letter *take_letter) {
    mailbox_put(worker->in, take_letter);
}

void worker_close(struct worker **worker) {
    if (*worker == NULL)
        return;
    mailbox_put_stop((*worker)->in);
    pthread_join((*worker)->thread, NULL);
    mailbox_close(&(*worker)->in);
    free(*worker);
    *worker = NULL;
}
