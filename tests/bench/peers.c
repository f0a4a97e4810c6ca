/* Moves reports through a broker over the hops that a report has with us: client → intake's rows → routing's → escalation's →
 * follower. Every hop is at least once: take a batch, commit its rows, put the next messages, acknowledge. Prints `name value`
 * lines, as zt-bench-chain does; tests/bench/peers starts the brokers and calls it. */
#include "peers_nats.h"
#include "peers_rabbit.h"
#include "peers_redis.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "common/histogram.h"

static int64_t clock_us(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
static int64_t wall_ms(void) {
    return clock_us(CLOCK_REALTIME) / 1000;
}

#include "peers_hops.h"

#define WORKERS_MAX 16
#define REPORTS_MAX 20000000
#define SETTLE_MS_MAX 30000 /* after the end of the load: how long arrivals are waited for */

static const char usage[] =
    "zt-bench-peers BROKER HOST PORT SECONDS RATE UNDER_WAY WORKERS URL_INTAKE URL_ROUTING URL_ESCALATION\n"
    "BROKER: rabbitmq, nats or redis. RATE: reports a second; 0: so many that UNDER_WAY have not arrived. WORKERS: of each hop.\n";

static const struct broker *const brokers[] = {&rabbit, &nats, &redis};

struct worker {
    pthread_t thread;
    void *link;
    enum queue ends[2];
    struct hop *hop; /* NULL: the client or the follower */
    struct letters in, out;
};

static struct {
    const struct broker *broker;
    struct address address;
    int seconds, rate, under_way, workers;
    const char *urls[HOPS];
    int64_t began_us, ended_us;
    int64_t *due_us;     /* of each report */
    atomic_uchar *times; /* that it arrived */
    atomic_int_fast64_t sent, arrived, arrived_in_time, doubled;
    atomic_bool stop, failed;
    pthread_mutex_t lock; /* over what follows */
    struct histogram accept, arrive;
    struct submit report;
} run = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void fail(const char *what, const struct reason *why) {
    if (!atomic_exchange(&run.failed, true))
        fprintf(stderr, "%s: %s: %s\n", what, why->field, why->text);
    atomic_store(&run.stop, true);
}

/* ---- the client ----------------------------------------------------------------------------------------------------------- */

static void fill_report(void) {
    struct submit *report = &run.report;
    strcpy(report->channel, "hotline");
    strcpy(report->item, "item_01");
    strcpy(report->area, "town_01");
    strcpy(report->address, "28 Songshan Road, opposite the north gate of the market");
    report->lat = 33.5321;
    report->lon = 114.0321;
    strcpy(report->title, "Street light has been out for three nights");
    strcpy(
        report->description,
        "The lamp in front of the school entrance does not come on. Children walk home here in the dark; last night a "
        "cyclist fell over the open kerb. Please mend it and tell us by when.");
}

/* Reports that may be sent now are taken by whichever client comes first: their first number and how many. */
static int64_t take_due(int64_t *first) {
    pthread_mutex_lock(&run.lock);
    int64_t now = clock_us(CLOCK_MONOTONIC), sent = atomic_load(&run.sent);
    int64_t until = run.rate > 0 ? (now - run.began_us) * run.rate / 1000000 + 1
                                 : atomic_load(&run.arrived) + run.under_way;
    int64_t count = until - sent > PREFETCH_MAX ? PREFETCH_MAX : until - sent;
    if (now >= run.ended_us || count < 0 || sent + count > REPORTS_MAX)
        count = now >= run.ended_us ? -1 : 0;
    *first = sent;
    for (int64_t i = 0; i < count; i++)
        run.due_us[sent + i] = run.rate > 0 ? run.began_us + (sent + i) * 1000000 / run.rate : now;
    if (count > 0)
        atomic_store(&run.sent, sent + count);
    pthread_mutex_unlock(&run.lock);
    return count;
}

static void send_reports(struct worker *worker, int64_t first, int64_t count) {
    static _Thread_local struct submit report;
    static _Thread_local struct bytes body;
    struct reason why;
    report = run.report;
    letters_reset(&worker->out);
    for (int64_t n = first; n < first + count; n++) {
        snprintf(report.key, sizeof report.key, "%08x0000-%" PRId64, (unsigned)run.seconds, n);
        snprintf(report.source_id, sizeof report.source_id, "B-%" PRId64, n);
        body.size = 0;
        message_encode(MESSAGE_submit, &report, &body);
        letters_add(&worker->out, body.data, body.size);
    }
    if (run.broker->put(worker->link, &worker->out, &why) != 0) {
        fail("client", &why);
        return;
    }
    int64_t now = clock_us(CLOCK_MONOTONIC);
    pthread_mutex_lock(&run.lock);
    for (int64_t n = first; n < first + count; n++)
        histogram_add(&run.accept, now - run.due_us[n]);
    pthread_mutex_unlock(&run.lock);
}

static void *client(void *context) {
    int64_t first, count;
    while (!atomic_load(&run.stop) && (count = take_due(&first)) >= 0) {
        if (count > 0)
            send_reports(context, first, count);
        else
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return NULL;
}

/* ---- the hops and the follower ---------------------------------------------------------------------------------------------- */

static void *hop_worker(void *context) {
    struct worker *worker = context;
    struct reason why;
    while (!atomic_load(&run.stop)) {
        int status = run.broker->take(worker->link, &worker->in, &why);
        if (status == 0 && worker->in.count == 0)
            continue;
        if (status == 0 && hop_batch(worker->hop, &worker->in, &worker->out) != 0)
            status = refuse(&why, "rows", "%s", db_reason(worker->hop->stage.db)->text);
        if (status == 0)
            status = run.broker->put(worker->link, &worker->out, &why);
        if (status == 0)
            status = run.broker->acknowledge(worker->link, &worker->in, &why);
        if (status != 0)
            fail(queue_names[worker->ends[0]], &why);
    }
    return NULL;
}

static void note_arrival(const struct case_moved *moved, int64_t now) {
    uint64_t n = number_of_case(moved->case_id);
    assert(n < REPORTS_MAX);
    if (atomic_fetch_add(&run.times[n], 1) > 0) {
        atomic_fetch_add(&run.doubled, 1);
        return;
    }
    atomic_fetch_add(&run.arrived, 1);
    atomic_fetch_add(&run.arrived_in_time, now <= run.ended_us);
    histogram_add(&run.arrive, now - run.due_us[n]);
}

static void *follower(void *context) {
    static struct case_moved moved;
    struct worker *worker = context;
    struct reason why;
    while (!atomic_load(&run.stop)) {
        int status = run.broker->take(worker->link, &worker->in, &why);
        int64_t now = clock_us(CLOCK_MONOTONIC);
        for (size_t i = 0; status == 0 && i < worker->in.count; i++) {
            const struct letter *letter = &worker->in.each[i];
            status = message_decode(MESSAGE_case_moved, worker->in.bytes.data + letter->at, letter->size, &moved, &why);
            if (status == 0)
                note_arrival(&moved, now);
        }
        if (status == 0 && worker->in.count > 0)
            status = run.broker->acknowledge(worker->link, &worker->in, &why);
        if (status != 0)
            fail("follower", &why);
    }
    return NULL;
}

/* ---- the run ---------------------------------------------------------------------------------------------------------------- */

static struct worker clients[WORKERS_MAX], hop_workers[HOPS][WORKERS_MAX], last;

static int open_worker(struct worker *worker, int from, int to, struct reason *why) {
    worker->ends[0] = (enum queue)from;
    worker->ends[1] = (enum queue)to;
    return run.broker->open(&worker->link, &run.address, worker->ends, why);
}

static int open_all(struct reason *why) {
    if (run.broker->prepare(&run.address, why) != 0 || open_worker(&last, QUEUE_TOLD, QUEUE_NONE, why) != 0)
        return -1;
    for (int i = 0; i < run.workers; i++) {
        if (open_worker(&clients[i], QUEUE_NONE, QUEUE_REPORTS, why) != 0)
            return -1;
        for (int hop = 0; hop < HOPS; hop++) {
            struct worker *worker = &hop_workers[hop][i];
            worker->hop = calloc(1, sizeof *worker->hop);
            if (open_worker(worker, hop, hop + 1, why) != 0 ||
                hop_open(worker->hop, &hop_kinds[hop], run.urls[hop], why) != 0)
                return -1;
        }
    }
    return 0;
}

static void start(struct worker *worker, void *(*work)(void *)) {
    int status = pthread_create(&worker->thread, NULL, work, worker);
    assert(status == 0);
    (void)status;
}

static void run_all(void) {
    run.began_us = clock_us(CLOCK_MONOTONIC);
    run.ended_us = run.began_us + run.seconds * INT64_C(1000000);
    start(&last, follower);
    for (int i = 0; i < run.workers; i++) {
        for (int hop = 0; hop < HOPS; hop++)
            start(&hop_workers[hop][i], hop_worker);
        start(&clients[i], client);
    }
    for (int i = 0; i < run.workers; i++)
        pthread_join(clients[i].thread, NULL);
    int64_t until = clock_us(CLOCK_MONOTONIC) + SETTLE_MS_MAX * INT64_C(1000);
    while (atomic_load(&run.arrived) < atomic_load(&run.sent) && clock_us(CLOCK_MONOTONIC) < until &&
           !atomic_load(&run.stop))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    atomic_store(&run.stop, true);
    for (int i = 0; i < run.workers; i++)
        for (int hop = 0; hop < HOPS; hop++)
            pthread_join(hop_workers[hop][i].thread, NULL);
    pthread_join(last.thread, NULL);
}

static void print_histogram(const char *name, const struct histogram *histogram) {
    printf("%s_p50_ms %.2f\n%s_p99_ms %.2f\n", name, (double)histogram_at(histogram, 0.5) / 1000, name,
           (double)histogram_at(histogram, 0.99) / 1000);
}

static int read_options(char **argv) {
    for (size_t i = 0; i < sizeof brokers / sizeof brokers[0]; i++)
        if (strcmp(argv[1], brokers[i]->name) == 0)
            run.broker = brokers[i];
    snprintf(run.address.host, sizeof run.address.host, "%s", argv[2]);
    run.address.port = atoi(argv[3]);
    run.seconds = atoi(argv[4]);
    run.rate = atoi(argv[5]);
    run.under_way = atoi(argv[6]);
    run.workers = atoi(argv[7]);
    for (int i = 0; i < HOPS; i++)
        run.urls[i] = argv[8 + i];
    return run.broker != NULL && run.seconds > 0 && run.rate >= 0 && run.under_way > 0 && run.workers > 0 &&
                   run.workers <= WORKERS_MAX
               ? 0
               : -1;
}

int main(int argc, char **argv) {
    struct reason why = {0};
    if (argc != 8 + HOPS || read_options(argv) != 0) {
        fputs(usage, stderr);
        return 2;
    }
    run.due_us = calloc(REPORTS_MAX, sizeof *run.due_us);
    run.times = calloc(REPORTS_MAX, sizeof *run.times);
    fill_report();
    if (open_all(&why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return 1;
    }
    run_all();
    int64_t sent = atomic_load(&run.sent), arrived = atomic_load(&run.arrived);
    printf("accepted %" PRId64 "\naccepted_per_s %.0f\narrived_per_s %.0f\n", sent, (double)sent / run.seconds,
           (double)atomic_load(&run.arrived_in_time) / run.seconds);
    print_histogram("accept", &run.accept);
    print_histogram("arrive", &run.arrive);
    printf("lost %" PRId64 "\ndoubled %" PRId64 "\ngaps 0\n", sent - arrived, atomic_load(&run.doubled));
    return atomic_load(&run.failed) || arrived < sent ? 1 : 0;
}
