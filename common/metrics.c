#include "common/metrics.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "common/process_metrics.h"

#define NAME_BYTES_MAX 64

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct meaning {
    const char *name;
    enum kind kind;
    const char *unit;
    const char *meaning;
};

static const struct meaning meanings[METRIC_COUNT] = {
#define METRIC(name, type, unit, meaning) {#name, type, unit, meaning},
#include "common/metrics.def"
#undef METRIC
};

/* Upper bounds in ms, inclusive; what is longer counts only under +Inf. */
static const int bounds_ms[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
#define BOUND_COUNT (sizeof bounds_ms / sizeof bounds_ms[0])

static const char *service_name = "zhitong";
static atomic_llong values[METRIC_COUNT];

struct observed {
    atomic_ullong buckets[BOUND_COUNT + 1];
    atomic_ullong sum_us;
};
static struct observed observations[METRIC_COUNT]; /* of histograms; the others' stay empty */

void metrics_start(const char *service) {
    assert(service != NULL);
    service_name = service;
}

void metric_add(enum metric metric, long long by) {
    assert(metric < METRIC_COUNT);
    atomic_fetch_add_explicit(&values[metric], by, memory_order_relaxed);
}

void metric_set(enum metric metric, long long value) {
    assert(metric < METRIC_COUNT);
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

long long metric_value(enum metric metric) {
    assert(metric < METRIC_COUNT);
    return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

void metric_observe_ms(enum metric metric, double ms) {
    size_t bucket = 0;

    assert(metric < METRIC_COUNT && meanings[metric].kind == HISTOGRAM);
    if (!(ms > 0)) /* a clock that steps back, or NaN */
        ms = 0;
    if (ms > 1e12)
        ms = 1e12;
    while (bucket < BOUND_COUNT && ms > bounds_ms[bucket])
        bucket++;
    atomic_fetch_add_explicit(&observations[metric].buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&observations[metric].sum_us, (unsigned long long)(ms * 1000), memory_order_relaxed);
}

/* Prometheus wants base units: what is kept in ms is shown in seconds. Returns the exposed name, without zhitong_. */
static bool exposed_in_seconds(const struct meaning *metric, char name[NAME_BYTES_MAX]) {
    size_t length = strlen(metric->name);
    bool seconds = length > 3 && strcmp(metric->name + length - 3, "_ms") == 0;
    int size = snprintf(name, NAME_BYTES_MAX, "%.*s%s", (int)(seconds ? length - 2 : length), metric->name,
                        seconds ? "seconds" : "");

    assert(size < NAME_BYTES_MAX);
    return seconds;
}

static const char *type_of(const struct meaning *metric) {
    static const char *const types[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    return types[metric->kind];
}

static void write_value(FILE *out, const char *name, long long value, bool seconds) {
    fprintf(out, "zhitong_%s{service=\"%s\"} ", name, service_name);
    if (seconds)
        fprintf(out, "%.3f\n", (double)value / 1000);
    else
        fprintf(out, "%lld\n", value);
}

static void write_histogram(FILE *out, const char *name, struct observed *observed) {
    unsigned long long count = 0;

    for (size_t i = 0; i < BOUND_COUNT; i++) {
        count += atomic_load_explicit(&observed->buckets[i], memory_order_relaxed);
        fprintf(out, "zhitong_%s_bucket{service=\"%s\",le=\"%g\"} %llu\n", name, service_name, bounds_ms[i] / 1000.0,
                count);
    }
    count += atomic_load_explicit(&observed->buckets[BOUND_COUNT], memory_order_relaxed);
    fprintf(out, "zhitong_%s_bucket{service=\"%s\",le=\"+Inf\"} %llu\n", name, service_name, count);
    fprintf(out, "zhitong_%s_sum{service=\"%s\"} %.6f\n", name, service_name,
            (double)atomic_load_explicit(&observed->sum_us, memory_order_relaxed) / 1e6);
    /* the buckets' sum and not a counter of its own: the two must agree in every scrape */
    fprintf(out, "zhitong_%s_count{service=\"%s\"} %llu\n", name, service_name, count);
}

static void write_metrics(FILE *out) {
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        char name[NAME_BYTES_MAX];
        bool seconds = exposed_in_seconds(&meanings[i], name);

        fprintf(out, "# HELP zhitong_%s %s\n", name, meanings[i].meaning);
        fprintf(out, "# TYPE zhitong_%s %s\n", name, type_of(&meanings[i]));
        if (meanings[i].kind == HISTOGRAM)
            write_histogram(out, name, &observations[i]);
        else
            write_value(out, name, metric_value((enum metric)i), seconds);
    }
}

size_t metrics_write(char *out, size_t room) {
    assert(room > 0);
    FILE *text = fmemopen(out, room, "w");

    if (text == NULL) /* out of memory: an empty scrape is seen by the one who scrapes */
        return 0;
    write_metrics(text);
    process_metrics_write(text, service_name);
    fflush(text);
    long size = ftell(text);
    fclose(text);
    return size < 0 ? 0 : (size_t)size < room ? (size_t)size : room;
}

void metrics_markdown(FILE *out) {
    fputs("| metric | type | unit | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        char name[NAME_BYTES_MAX];
        bool seconds = exposed_in_seconds(&meanings[i], name);

        fprintf(out, "| `zhitong_%s` | %s | %s | %s |\n", name, type_of(&meanings[i]),
                seconds ? "seconds" : meanings[i].unit, meanings[i].meaning);
    }
    process_metrics_markdown(out);
}
