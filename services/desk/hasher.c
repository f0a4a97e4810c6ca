#include "services/desk/hasher.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct call call;
    struct hasher *hasher;
    char password[PASSWORD_MAX + 1];
    char hash[crypto_pwhash_STRBYTES];
    bool same;
    hasher_done *done;
    void *context;
};

struct hasher {
    struct mailbox *in, *out;
    pthread_t thread;
    size_t waiting, waiting_max;
    char nobody[crypto_pwhash_STRBYTES]; /* the hash of a password that nobody knows */
};

static void *hasher_main(void *context) {
    struct hasher *hasher = context;
    unsigned char random[16];
    char password[33];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(password, sizeof password, random, sizeof random);
    int status = crypto_pwhash_argon2id_str(hasher->nobody, password, strlen(password), PASSWORD_OPERATIONS,
                                            PASSWORD_MEMORY);
    assert(status == 0);
    (void)status;
    for (;;) {
        struct letter *letter = mailbox_wait(hasher->in, -1);
        if (letter == NULL)
            continue;
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return NULL;
        }
        struct job *job = (struct job *)letter;
        bool nobody = job->hash[0] == '\0';
        int fits = crypto_pwhash_str_verify(nobody ? hasher->nobody : job->hash, job->password, strlen(job->password));
        job->same = fits == 0 && !nobody;
        sodium_memzero(job->password, sizeof job->password);
        mailbox_put(hasher->out, letter);
    }
}

static void back(struct call *call) {
    struct job *job = (struct job *)call;
    job->hasher->waiting--;
    job->done(job->context, job->same);
    free(job);
}

struct hasher *hasher_open(struct mailbox *out, size_t waiting_max) {
    struct hasher *hasher = calloc(1, sizeof *hasher);
    assert(hasher != NULL);
    hasher->out = out;
    hasher->waiting_max = waiting_max;
    hasher->in = mailbox_open();
    int status = pthread_create(&hasher->thread, NULL, hasher_main, hasher);
    assert(status == 0);
    (void)status;
    return hasher;
}

bool hasher_verify(struct hasher *hasher, const char *password, const char *hash, hasher_done *done, void *context) {
    if (hasher->waiting >= hasher->waiting_max)
        return false;
    struct job *job = calloc(1, sizeof *job);
    assert(job != NULL && strlen(password) <= PASSWORD_MAX);
    job->call = (struct call){.letter.kind = LETTER_CALL, .back = back};
    job->hasher = hasher;
    snprintf(job->password, sizeof job->password, "%s", password);
    snprintf(job->hash, sizeof job->hash, "%s", hash);
    job->done = done;
    job->context = context;
    hasher->waiting++;
    mailbox_put(hasher->in, &job->call.letter);
    return true;
}

void hasher_stop(struct hasher *hasher) {
    mailbox_put_stop(hasher->in);
    pthread_join(hasher->thread, NULL);
}

void hasher_close(struct hasher **hasher) {
    if (*hasher == NULL)
        return;
    mailbox_close(&(*hasher)->in);
    free(*hasher);
    *hasher = NULL;
}
