/* A queue between two threads: letters are put by any thread and taken by one. Its fd is readable while letters wait,
 * so that the taker can sleep in poll. Letters are pointers; who takes one owns it. */
#ifndef ZHITONG_MAILBOX_H
#define ZHITONG_MAILBOX_H

#include <stddef.h>

struct mailbox;

enum letter_kind {
    LETTER_STOP,    /* to a thread: end */
    LETTER_WORK,    /* struct work, to a lane and back */
    LETTER_VIEW,    /* struct mesh_view, from the mesh */
    LETTER_RELEASE, /* struct mesh_release, to the mesh */
    LETTER_LEAVE,   /* to the mesh: others shall have the shards now */
    LETTER_READ,    /* struct read_job, to the reader and back */
    LETTER_CALL     /* struct call, from a thread of a service's own */
};

struct letter { /* the first member of whatever travels */
    struct letter *next;
    enum letter_kind kind;
};

struct call { /* the taker calls it */
    struct letter letter;
    void (*back)(struct call *call);
};

struct mailbox *mailbox_open(void);
void mailbox_close(struct mailbox **box); /* letters still inside are the caller's bug: asserted */
int mailbox_fd(const struct mailbox *box);
void mailbox_put(struct mailbox *box, struct letter *letter);
void mailbox_put_stop(struct mailbox *box);                         /* a LETTER_STOP, which the taker frees */
struct letter *mailbox_take(struct mailbox *box);                   /* NULL when empty */
struct letter *mailbox_wait(struct mailbox *box, int milliseconds); /* NULL after the time; -1 waits for ever */

#endif
