/* A worker: a thread that takes letters from its mailbox, one after the other, and may have something to do in between. The lanes,
 * the reader and the mesh are workers; what they do is in functions of one turn each, which know nothing of threads. */
#ifndef ZHITONG_WORKER_H
#define ZHITONG_WORKER_H

#include "common/mailbox.h"

struct worker;

struct worker_options { /* all are called in the worker's thread */
    void *context;
    void (*take)(void *context, struct letter *take_letter);
    /* After the letters; returns how long the wait for the next may last, in ms, -1: until one comes. NULL: none. */
    int (*turn)(void *context);
    int (*fd)(void *context); /* what ends the wait beside a letter; -1: nothing now. NULL: nothing ever */
};

struct worker *worker_open(const struct worker_options *options);
void worker_put(struct worker *worker, struct letter *take_letter); /* from any thread */
/* Takes the letters that were put before, then ends the thread and waits for that. NULL is fine. */
void worker_close(struct worker **worker);

#endif
