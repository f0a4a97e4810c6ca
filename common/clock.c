#include "common/clock.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

/* A mutex and not a seqlock: `shown_ms` is written by every reader, and an uncontended lock costs 20 ns. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool known;
static int64_t base_ms;    /* what the database last said … */
static int64_t base_at_ns; /* … and when, by the monotonic clock */
static double base_speed = 1;
static bool real_known;
static int64_t real_ahead_ms; /* of the monotonic clock */
static int64_t shown_ms;      /* the latest instant handed out: nobody sees an earlier one after it */

static int64_t monotonic_ns(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t extrapolate(int64_t at_ns) {
    return base_ms + (int64_t)((double)(at_ns - base_at_ns) * base_speed / 1e6);
}

bool clock_sync(int64_t now_ms, double speed) {
    bool jump = false;

    assert(speed > 0 && isfinite(speed));
    pthread_mutex_lock(&lock);
    int64_t at_ns = monotonic_ns();
    if (known && speed == base_speed) {
        int64_t off = now_ms - extrapolate(at_ns);
        jump = fabs((double)off) > CLOCK_JUMP_MS * (speed > 1 ? speed : 1);
    }
    base_ms = now_ms;
    base_at_ns = at_ns;
    base_speed = speed;
    if (!known)
        shown_ms = now_ms;
    known = true;
    pthread_mutex_unlock(&lock);
    return jump;
}

bool clock_known(void) {
    pthread_mutex_lock(&lock);
    bool answer = known;
    pthread_mutex_unlock(&lock);
    return answer;
}

int64_t clock_now(void) {
    pthread_mutex_lock(&lock);
    assert(known);
    int64_t now = extrapolate(monotonic_ns());
    if (now > shown_ms)
        shown_ms = now;
    now = shown_ms;
    pthread_mutex_unlock(&lock);
    return now;
}

double clock_speed(void) {
    pthread_mutex_lock(&lock);
    double speed = base_speed;
    pthread_mutex_unlock(&lock);
    return speed;
}

void clock_sync_real(int64_t now_ms) {
    pthread_mutex_lock(&lock);
    real_ahead_ms = now_ms - clock_monotonic_ms();
    real_known = true;
    pthread_mutex_unlock(&lock);
}

static int64_t host_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_real(void) {
    pthread_mutex_lock(&lock);
    int64_t now = real_known ? clock_monotonic_ms() + real_ahead_ms : host_ms();
    pthread_mutex_unlock(&lock);
    return now;
}

int64_t clock_monotonic_ms(void) {
    return monotonic_ns() / 1000000;
}
