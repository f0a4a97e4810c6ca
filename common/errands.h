/* Slow things for the loop: a thread that does one after the other, of which only so many may wait. Each comes back to the loop. */
#ifndef ZHITONG_ERRANDS_H
#define ZHITONG_ERRANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/mailbox.h"

struct errands;

struct errand { /* the first member of whatever is to be done */
    struct call call;
    struct errands *errands;
    void (*run)(struct errand *errand);  /* in the thread */
    void (*done)(struct errand *errand); /* in the loop; owns it then */
};

/* `out` is the loop's mailbox. */
struct errands *errands_open(struct mailbox *out, size_t waiting_max);
/* The caller has filled run and done. False: too many wait, and the errand is still the caller's. */
bool errands_put(struct errands *errands, struct errand *errand);
size_t errands_waiting(const struct errands *errands); /* also those whose answer waits in the loop's mailbox */
void errands_stop(struct errands *errands);            /* ends the thread; what it had taken comes back */
void errands_close(struct errands **errands);

#endif
