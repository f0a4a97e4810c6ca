#include "common/classifier_watch.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "common/journal.h"

struct identity { /* of a file: another one, or other contents, has another */
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
};

struct classifier_watch {
    const char *path;
    struct classifier *now; /* of the caller's thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;           /* from here on under the lock */
    struct classifier *next; /* read and not taken yet */
    struct reason why;       /* what was wrong with the file last; text "" when nothing */
};

static bool same(const struct identity *a, const struct identity *b) {
    return a->device == b->device && a->number == b->number && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct identity identity_of(const char *path) {
    struct stat found;

    if (stat(path, &found) != 0)
        return (struct identity){0};
    return (struct identity){found.st_dev, found.st_ino, found.st_size, found.st_ctim};
}

/* Reads the file and leaves what came of it for the caller's thread. */
static void read_file(struct classifier_watch *watch) {
    struct classifier *read = NULL;
    struct reason why = {0};
    int status = classifier_read(&read, watch->path, &why);

    if (status == 0)
        journal_say(JOURNAL_INFO, "classifier", "%s: %u labels, %u features, learned from %u texts", watch->path,
                    read->label_count, read->feature_count, read->texts);
    else
        journal_say(JOURNAL_WARNING, "classifier_refused", "%s: %s", why.field, why.text);
    pthread_mutex_lock(&watch->lock);
    watch->why = why;
    if (status == 0) {
        classifier_close(&watch->next);
        watch->next = read;
    }
    pthread_mutex_unlock(&watch->lock);
}

static bool stopped(struct classifier_watch *watch) {
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CLASSIFIER_LOOK_MS / 1000;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping && pthread_cond_timedwait(&watch->stop, &watch->lock, &until) == 0)
        continue;
    bool stopping = watch->stopping;
    pthread_mutex_unlock(&watch->lock);
    return stopping;
}

static void *watch_main(void *context) {
    struct classifier_watch *watch = context;
    struct identity known = {0};
    bool looked = false;

    do {
        struct identity found = identity_of(watch->path);
        if (looked && same(&found, &known))
            continue;
        known = found;
        looked = true;
        read_file(watch);
    } while (!stopped(watch));
    return NULL;
}

struct classifier_watch *classifier_watch_open(const char *path) {
    struct classifier_watch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t monotonic;

    assert(watch != NULL);
    watch->path = path;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = classifier_watch_is_set(watch) ? pthread_create(&watch->thread, NULL, watch_main, watch) : 0;
    assert(failed == 0);
    return watch;
}

void classifier_watch_close(struct classifier_watch **open) {
    struct classifier_watch *watch = *open;

    *open = NULL;
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_signal(&watch->stop);
    pthread_mutex_unlock(&watch->lock);
    if (classifier_watch_is_set(watch))
        pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stop);
    pthread_mutex_destroy(&watch->lock);
    classifier_close(&watch->now);
    classifier_close(&watch->next);
    free(watch);
}

bool classifier_watch_is_set(const struct classifier_watch *watch) {
    return watch->path[0] != '\0';
}

const struct classifier *classifier_watch_now(struct classifier_watch *watch, struct reason *why) {
    pthread_mutex_lock(&watch->lock);
    if (watch->next != NULL) {
        classifier_close(&watch->now);
        watch->now = watch->next;
        watch->next = NULL;
    }
    if (watch->now == NULL && watch->why.text[0] != '\0')
        *why = watch->why;
    else if (watch->now == NULL)
        (void)refuse(why, "model", "is being read; try again");
    pthread_mutex_unlock(&watch->lock);
    return watch->now;
}
