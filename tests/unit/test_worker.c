#include "common/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct seen { /* what the worker's functions were called with */
    int taken, last;
    bool in_order;
    atomic_int turns;
    int pipe[2];
};

struct numbered {
    struct letter letter;
    int number;
};

static void take(void *context, struct letter *take_letter) {
    struct seen *seen = context;
    int number = ((struct numbered *)take_letter)->number;
    seen->in_order = seen->in_order && number == seen->last + 1;
    seen->last = number;
    seen->taken++;
    free(take_letter);
}

static void put(struct worker *worker, int number) {
    struct numbered *numbered = calloc(1, sizeof *numbered);
    assert_non_null(numbered);
    numbered->letter.kind = LETTER_CALL;
    numbered->number = number;
    worker_put(worker, &numbered->letter);
}

static void letters_are_taken_in_order_and_all_before_the_end(void **state) {
    struct seen seen = {.in_order = true};
    struct worker *worker = worker_open(&(struct worker_options){.context = &seen, .take = take});
    (void)state;
    for (int i = 1; i <= 100; i++)
        put(worker, i);
    worker_close(&worker);
    assert_null(worker);
    assert_true(seen.in_order);
    assert_int_equal(seen.taken, 100);
}

static int turn_often(void *context) {
    atomic_fetch_add(&((struct seen *)context)->turns, 1);
    return 1;
}

static int turn_rarely(void *context) {
    atomic_fetch_add(&((struct seen *)context)->turns, 1);
    return 60000;
}

static int read_end(void *context) {
    return ((struct seen *)context)->pipe[0];
}

static void wait_for_turns(struct seen *seen, int turns) {
    for (int i = 0; i < 5000 && atomic_load(&seen->turns) < turns; i++)
        usleep(1000);
    assert_true(atomic_load(&seen->turns) >= turns);
}

static void a_turn_comes_again_after_the_time_that_the_last_one_named(void **state) {
    struct seen seen = {.turns = 0};
    struct worker *worker = worker_open(&(struct worker_options){.context = &seen, .take = take, .turn = turn_often});
    (void)state;
    wait_for_turns(&seen, 5);
    worker_close(&worker);
}

static void a_file_that_can_be_read_ends_the_wait(void **state) {
    struct seen seen = {.turns = 0};
    (void)state;
    assert_int_equal(pipe(seen.pipe), 0);
    struct worker *worker = worker_open(
        &(struct worker_options){.context = &seen, .take = take, .turn = turn_rarely, .fd = read_end});
    wait_for_turns(&seen, 1);
    assert_int_equal(write(seen.pipe[1], "x", 1), 1);
    wait_for_turns(&seen, 3); /* it is not read, so that the wait ends again and again */
    worker_close(&worker);
    close(seen.pipe[0]);
    close(seen.pipe[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_taken_in_order_and_all_before_the_end),
        cmocka_unit_test(a_turn_comes_again_after_the_time_that_the_last_one_named),
        cmocka_unit_test(a_file_that_can_be_read_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
