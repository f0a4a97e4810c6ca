#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "common/clock.h"

/* The clock is one for the process, so the tests run in this order and each begins later than the one before. */
#define START INT64_C(1795420800000)
#define HOUR INT64_C(3600000)
#define STILL_MS INT64_C(60000) /* that the machine may do something else for */

static void pause_ms(int ms) {
    struct timespec time = {.tv_sec = 0, .tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}

static void assert_between(int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most)
        fail_msg("%lld is not from %lld to %lld", (long long)value, (long long)least, (long long)most);
}

static void nothing_is_known_before_the_first_reading(void **state) {
    (void)state;
    assert_false(clock_known());
    assert_false(clock_sync(START, 1)); /* no jump, whatever it says */
    assert_true(clock_known());
    assert_between(clock_now(), START, START + STILL_MS);
}

static void time_runs_on_between_readings(void **state) {
    int64_t timer = clock_monotonic_ms(); /* around the other one: somebody else may run in between */
    int64_t before = clock_now();
    (void)state;
    pause_ms(50);
    int64_t passed = clock_now() - before;
    int64_t timed = clock_monotonic_ms() - timer;
    assert_between(passed, 49, timed + 2);
    assert_true(clock_speed() == 1.0);
}

static void time_can_be_driven(void **state) {
    (void)state;
    int64_t timer = clock_monotonic_ms();
    int64_t start = clock_now();
    assert_false(clock_sync(start, 3600)); /* a change of speed is no jump */
    pause_ms(100);
    int64_t now = clock_now();
    int64_t timed = clock_monotonic_ms() - timer;
    assert_between(now - start, 100 * 3600 - 3600, (timed + 2) * 3600);
    assert_true(clock_speed() == 3600.0);
    assert_false(clock_sync(clock_now() + 1000 * 3600, 3600)); /* a second of the wall: below the limit */
    assert_true(clock_sync(clock_now() + (3000 + STILL_MS) * 3600, 3600));
    assert_false(clock_sync(clock_now(), 1));
}

static void a_jump_forward_is_reported_and_followed(void **state) {
    int64_t before = clock_now();
    (void)state;
    assert_false(clock_sync(before + CLOCK_JUMP_MS - 500, 1));
    assert_true(clock_sync(before + HOUR, 1));
    assert_between(clock_now(), before + HOUR, before + HOUR + STILL_MS);
}

static void time_never_goes_back(void **state) {
    int64_t before = clock_now();
    (void)state;
    assert_true(clock_sync(before - HOUR, 1));
    int64_t held = clock_now();
    assert_between(held, before, before + STILL_MS); /* the moment before the reading may have run on */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(clock_now(), held);
        pause_ms(2);
    }
    int64_t timer = clock_monotonic_ms();
    assert_true(clock_sync(held - 100, 1)); /* an hour ahead of the last reading */
    int64_t now = clock_now();
    int64_t timed = clock_monotonic_ms() - timer;
    assert_between(now, held, held + (timed > 99 ? timed - 99 : 0));
    pause_ms(150);
    assert_between(clock_now(), held + 20, held + STILL_MS); /* reached, runs on */
}

static void a_steady_clock_is_no_jump(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_false(clock_sync(clock_now() + i % 3 - 1, 1));
        pause_ms(1);
    }
}

static atomic_bool stop;

static void *look(void *unused) {
    int64_t last = 0;
    (void)unused;
    while (!stop) {
        int64_t now = clock_now();
        if (now < last)
            return "time went back";
        last = now;
    }
    return NULL;
}

static void no_thread_sees_time_go_back(void **state) {
    pthread_t threads[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, look, NULL);
    for (int i = 0; i < 200; i++) {
        clock_sync(clock_now() + (i * 37) % 101 - 50, i % 2 ? 1 : 1000);
        pause_ms(1);
    }
    stop = true;
    for (int i = 0; i < 3; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        assert_null(complaint);
    }
}

/* The host's until the database has said it; then neither driven nor held still. */
static void real_time_is_the_databases(void **state) {
    (void)state;
    assert_between(clock_real(), (int64_t)time(NULL) * 1000 - 1000, (int64_t)time(NULL) * 1000 + 2000);
    clock_sync(clock_now(), 3600);
    clock_sync_real(START);
    assert_between(clock_real(), START, START + 1000);
    pause_ms(20);
    assert_between(clock_real(), START + 20, START + 1000);
    clock_sync_real(START - HOUR);
    assert_between(clock_real(), START - HOUR, START - HOUR + 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_the_first_reading),
        cmocka_unit_test(time_runs_on_between_readings),
        cmocka_unit_test(time_can_be_driven),
        cmocka_unit_test(a_jump_forward_is_reported_and_followed),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(a_steady_clock_is_no_jump),
        cmocka_unit_test(no_thread_sees_time_go_back),
        cmocka_unit_test(real_time_is_the_databases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
