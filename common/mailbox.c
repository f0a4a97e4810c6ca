#include "common/mailbox.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    struct letter *first, *last;
    int fd;
};

struct mailbox *mailbox_open(void) {
    struct mailbox *box = calloc(1, sizeof *box);
    assert(box != NULL);
    pthread_mutex_init(&box->lock, NULL);
    box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(box->fd >= 0);
    return box;
}

void mailbox_close(struct mailbox **box) {
    if (*box == NULL)
        return;
    assert((*box)->first == NULL);
    close((*box)->fd);
    pthread_mutex_destroy(&(*box)->lock);
    free(*box);
    *box = NULL;
}

int mailbox_fd(const struct mailbox *box) {
    return box->fd;
}

void mailbox_put(struct mailbox *box, struct letter *letter) {
    letter->next = NULL;
    pthread_mutex_lock(&box->lock);
    if (box->last != NULL)
        box->last->next = letter;
    else
        box->first = letter;
    box->last = letter;
    uint64_t one = 1;
    ssize_t written = write(box->fd, &one, sizeof one);
    assert(written == sizeof one);
    pthread_mutex_unlock(&box->lock);
}

void mailbox_put_stop(struct mailbox *box) {
    struct letter *stop = calloc(1, sizeof *stop);
    assert(stop != NULL);
    stop->kind = LETTER_STOP;
    mailbox_put(box, stop);
}

struct letter *mailbox_take(struct mailbox *box) {
    pthread_mutex_lock(&box->lock);
    struct letter *letter = box->first;
    if (letter != NULL) {
        box->first = letter->next;
        if (box->first == NULL) {
            box->last = NULL;
            uint64_t count;
            ssize_t drained = read(box->fd, &count, sizeof count);
            (void)drained;
        }
    }
    pthread_mutex_unlock(&box->lock);
    return letter;
}

struct letter *mailbox_wait(struct mailbox *box, int milliseconds) {
    struct letter *letter = mailbox_take(box);
    if (letter != NULL)
        return letter;
    struct pollfd wait = {.fd = box->fd, .events = POLLIN};
    (void)poll(&wait, 1, milliseconds);
    return mailbox_take(box);
}
