#include "common/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/clock.h"

#define LETTERS 20000
#define WRITERS 3
#define PATIENCE_MS 20000

struct note {
    struct letter letter;
    int writer, number;
};

static struct note *note_of(int writer, int number) {
    struct note *note = calloc(1, sizeof *note);
    note->letter.kind = LETTER_WORK;
    note->writer = writer;
    note->number = number;
    return note;
}

static bool readable(const struct mailbox *box) {
    struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void letters_come_out_in_order_and_the_fd_tells_of_them(void **state) {
    struct mailbox *box = mailbox_open();
    (void)state;
    assert_null(mailbox_take(box));
    assert_false(readable(box));
    for (int i = 0; i < 3; i++)
        mailbox_put(box, &note_of(0, i)->letter);
    for (int i = 0; i < 3; i++) {
        assert_true(readable(box));
        struct note *note = (struct note *)mailbox_take(box);
        assert_int_equal(note->number, i);
        free(note);
    }
    assert_false(readable(box));
    assert_null(mailbox_take(box));
    mailbox_put(box, &note_of(0, 9)->letter); /* and again, once it was empty */
    assert_true(readable(box));
    free(mailbox_take(box));
    mailbox_close(&box);
    assert_null(box);
    mailbox_close(&box);
}

static void stopping_is_a_letter_behind_the_others(void **state) {
    struct mailbox *box = mailbox_open();
    (void)state;
    mailbox_put(box, &note_of(0, 0)->letter);
    mailbox_put_stop(box);
    struct letter *letter = mailbox_take(box);
    assert_int_equal(letter->kind, LETTER_WORK);
    free(letter);
    letter = mailbox_take(box);
    assert_int_equal(letter->kind, LETTER_STOP);
    free(letter);
    mailbox_close(&box);
}

static void waiting_in_vain_ends_after_its_time(void **state) {
    struct mailbox *box = mailbox_open();
    int64_t before = clock_monotonic_ms();
    (void)state;
    assert_null(mailbox_wait(box, 30));
    assert_true(clock_monotonic_ms() - before >= 29);
    mailbox_put_stop(box);
    free(mailbox_wait(box, -1)); /* what waits already is there at once */
    mailbox_close(&box);
}

struct writer {
    pthread_t thread;
    struct mailbox *box;
    int number;
};

static void *write_letters(void *argument) {
    struct writer *writer = argument;
    for (int i = 0; i < LETTERS; i++)
        mailbox_put(writer->box, &note_of(writer->number, i)->letter);
    return NULL;
}

/* Every letter arrives, in the order of its writer; a wake-up that is lost would end the wait in NULL. */
static void letters_of_several_threads_each_keep_their_order(void **state) {
    struct mailbox *box = mailbox_open();
    struct writer writers[WRITERS];
    int next[WRITERS] = {0};
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.box = box, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_letters, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS * LETTERS; i++) {
        struct note *note = (struct note *)mailbox_wait(box, PATIENCE_MS);
        if (note == NULL)
            fail_msg("letter %d never came", i);
        assert_int_equal(note->number, next[note->writer]++);
        free(note);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    assert_false(readable(box));
    mailbox_close(&box);
}

struct echo {
    struct mailbox *in, *out;
};

static void *send_back(void *argument) {
    struct echo *echo = argument;
    for (;;) {
        struct letter *letter = mailbox_wait(echo->in, -1);
        if (letter == NULL)
            continue;
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return NULL;
        }
        ((struct note *)letter)->number++; /* ours while we hold it: ThreadSanitizer watches */
        mailbox_put(echo->out, letter);
    }
}

static void a_letter_belongs_to_one_thread_at_a_time(void **state) {
    struct echo echo = {mailbox_open(), mailbox_open()};
    struct note *note = note_of(0, 0);
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_back, &echo), 0);
    for (int i = 0; i < 2000; i++) {
        note->number++;
        mailbox_put(echo.in, &note->letter);
        assert_ptr_equal(mailbox_wait(echo.out, PATIENCE_MS), &note->letter);
        assert_int_equal(note->number, 2 * (i + 1));
    }
    mailbox_put_stop(echo.in);
    pthread_join(thread, NULL);
    free(note);
    mailbox_close(&echo.in);
    mailbox_close(&echo.out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_out_in_order_and_the_fd_tells_of_them),
        cmocka_unit_test(stopping_is_a_letter_behind_the_others),
        cmocka_unit_test(waiting_in_vain_ends_after_its_time),
        cmocka_unit_test(letters_of_several_threads_each_keep_their_order),
        cmocka_unit_test(a_letter_belongs_to_one_thread_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
