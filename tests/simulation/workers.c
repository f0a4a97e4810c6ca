/* Workers without threads (common/worker.h, replaced): the world decides when a letter is taken. */
#include "common/worker.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/simulation/world.h"

#define STALL_MS_MAX 3000

struct worker {
    struct worker *next;
    struct worker_options options;
    struct mailbox *in;
    struct node *node;
    struct letter *letter; /* the next to be taken */
    int64_t take_at, turn_at;
};

static struct worker *workers;

/* Most of the time a thread is woken at once; sometimes the disk or the scheduler has something else to do. */
static int64_t delay(void) {
    return chance_one_in(60) ? chance_between(100, STALL_MS_MAX) : chance_between(0, 4);
}

static void look(struct worker *worker) {
    if (worker->letter != NULL || (worker->letter = mailbox_take(worker->in)) == NULL)
        return;
    worker->take_at = world.now_ms + delay();
}

struct worker *worker_open(const struct worker_options *options) {
    struct worker *worker = calloc(1, sizeof *worker), **end = &workers;
    assert(worker != NULL);
    worker->options = *options;
    worker->in = mailbox_open();
    worker->node = world.current;
    worker->turn_at = options->turn != NULL ? world.now_ms + chance_between(0, 20) : NEVER;
    while (*end != NULL)
        end = &(*end)->next;
    return *end = worker;
}

void worker_put(struct worker *worker, struct letter *take_letter) {
    mailbox_put(worker->in, take_letter);
    look(worker);
}

static void take(struct worker *worker) {
    struct letter *letter = worker->letter;
    worker->letter = NULL;
    worker->options.take(worker->options.context, letter);
}

void worker_close(struct worker **worker) {
    if (*worker == NULL)
        return;
    for (look(*worker); (*worker)->letter != NULL; look(*worker))
        take(*worker);
    mailbox_close(&(*worker)->in);
    struct worker **at = &workers;
    while (*at != *worker)
        at = &(*at)->next;
    *at = (*worker)->next;
    free(*worker);
    *worker = NULL;
}

static int64_t next_at(const struct worker *worker) {
    int64_t at = worker->turn_at;
    if (worker->letter != NULL && worker->take_at < at)
        at = worker->take_at;
    return at < worker->node->stalled_until ? worker->node->stalled_until : at;
}

static struct worker *next_worker(void) {
    struct worker *next = workers;
    for (struct worker *worker = workers; worker != NULL; worker = worker->next)
        if (next_at(worker) < next_at(next))
            next = worker;
    return next;
}

int64_t workers_next_at(void) {
    return workers != NULL ? next_at(next_worker()) : NEVER;
}

void workers_step(void) {
    struct worker *worker = next_worker();
    world.current = worker->node;
    if (worker->letter != NULL && worker->take_at <= world.now_ms) {
        trace("takes letter %d", (int)worker->letter->kind);
        world.works += worker->letter->kind == LETTER_WORK;
        take(worker);
        look(worker);
    }
    if (worker->options.turn != NULL) {
        int wait_ms = worker->options.turn(worker->options.context);
        worker->turn_at = wait_ms < 0 ? NEVER : world.now_ms + wait_ms + chance_between(0, 10);
    }
    node_wake(worker->node);
    world.current = NULL;
}
