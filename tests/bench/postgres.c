/* The yardstick: the rows of the whole chain written by the services' own queries, without services, sockets or clients.
 * Four connections, one a service; a service's batch begins when the one before it has committed the same cases.
 *
 *     zt-bench-postgres SECONDS CASES_A_BATCH URL_INTAKE URL_ROUTING URL_ESCALATION URL_NOTIFICATION
 *
 * The database is migrated and otherwise empty. Prints `name value` lines. */
#include "postgres_stages.h"

#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#include "common/histogram.h"

#define STAGES 4
#define BATCHES_AHEAD_MAX 4 /* the first stage waits for the last one: nothing piles up */
#define BATCH_CASES_MAX 500

static struct stage stages[STAGES] = {
    {.service = "intake", .queries = intake_queries, .keeps_log = true, .save = save_intake},
    {.service = "routing", .queries = routing_queries, .follows = true, .keeps_log = true, .save = save_routing},
    {.service = "escalation", .queries = escalation_queries, .follows = true, .save = save_escalation},
    {.service = "notification", .queries = notification_queries, .follows = true, .save = save_notification},
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t done[STAGES]; /* batches that the stage has committed */
    int64_t last;         /* batches there will be; -1: not known yet */
    int64_t began_us[BATCHES_AHEAD_MAX + 1];
    int64_t started_us, ended_us;
    int seconds, batch;
    bool failed;
    struct histogram arrive;
} run = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .last = -1};

static int64_t clock_us(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits until the stage may do its next batch; false: there is none. Routing feeds both escalation and notification. */
static bool wait_turn(int at) {
    int before = at == 0 ? -1 : at == 1 ? 0 : 1;
    pthread_mutex_lock(&run.lock);
    for (;;) {
        int64_t next = run.done[at];
        int64_t slowest = run.done[2] < run.done[3] ? run.done[2] : run.done[3];
        if (at == 0 && run.last < 0 && clock_us(CLOCK_MONOTONIC) >= run.ended_us) {
            run.last = next;
            pthread_cond_broadcast(&run.changed);
        }
        if (run.failed || (run.last >= 0 && next >= run.last)) {
            pthread_mutex_unlock(&run.lock);
            return false;
        }
        if (before >= 0 ? run.done[before] > next : next - slowest < BATCHES_AHEAD_MAX)
            break;
        pthread_cond_wait(&run.changed, &run.lock);
    }
    if (at == 0)
        run.began_us[run.done[0] % (BATCHES_AHEAD_MAX + 1)] = clock_us(CLOCK_MONOTONIC);
    pthread_mutex_unlock(&run.lock);
    return true;
}

static void end_turn(int at, int status) {
    pthread_mutex_lock(&run.lock);
    int64_t batch = run.done[at]++;
    if (status != 0 && !run.failed) {
        fprintf(stderr, "%s: %s\n", stages[at].service, db_reason(stages[at].db)->text);
        run.failed = true;
    }
    if (at == STAGES - 1)
        histogram_add(&run.arrive, clock_us(CLOCK_MONOTONIC) - run.began_us[batch % (BATCHES_AHEAD_MAX + 1)]);
    pthread_cond_broadcast(&run.changed);
    pthread_mutex_unlock(&run.lock);
}

static void *work(void *context) {
    int at = (int)((struct stage *)context - stages);
    while (wait_turn(at)) {
        int64_t batch = run.done[at]; /* only this thread changes it */
        const struct rows rows = {.shard = (uint16_t)(batch % SHARD_COUNT),
                                  .first_seq = batch / SHARD_COUNT * run.batch + 1,
                                  .count = run.batch,
                                  .now = clock_us(CLOCK_REALTIME) / 1000};
        end_turn(at, stage_batch(&stages[at], &rows));
    }
    return NULL;
}

static void print_outcome(void) {
    int64_t cases = run.done[STAGES - 1] * run.batch;
    double seconds = (double)(clock_us(CLOCK_MONOTONIC) - run.started_us) / 1e6;
    printf("accepted %" PRId64 "\naccepted_per_s %.0f\narrived_per_s %.0f\n", cases, (double)cases / seconds,
           (double)cases / seconds);
    printf("arrive_p50_ms %.2f\narrive_p99_ms %.2f\n", (double)histogram_at(&run.arrive, 0.5) / 1000,
           (double)histogram_at(&run.arrive, 0.99) / 1000);
}

int main(int argc, char **argv) {
    pthread_t threads[STAGES];
    struct reason why;
    run.seconds = argc == 3 + STAGES ? atoi(argv[1]) : 0;
    run.batch = argc == 3 + STAGES ? atoi(argv[2]) : 0;
    if (run.seconds < 1 || run.batch < UNITS || run.batch > BATCH_CASES_MAX) {
        fprintf(
            stderr,
            "zt-bench-postgres SECONDS CASES_A_BATCH(%d-%d) URL_INTAKE URL_ROUTING URL_ESCALATION URL_NOTIFICATION\n",
            UNITS, BATCH_CASES_MAX);
        return 2;
    }
    for (int i = 0; i < STAGES; i++) {
        if (stage_open(&stages[i], argv[3 + i], &why) == 0)
            continue;
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return 1;
    }
    run.started_us = clock_us(CLOCK_MONOTONIC);
    run.ended_us = run.started_us + run.seconds * INT64_C(1000000);
    for (int i = 0; i < STAGES; i++)
        if (pthread_create(&threads[i], NULL, work, &stages[i]) != 0)
            return 1;
    for (int i = 0; i < STAGES; i++)
        pthread_join(threads[i], NULL);
    print_outcome();
    for (int i = 0; i < STAGES; i++)
        stage_close(&stages[i]);
    return run.failed ? 1 : 0;
}
