/* Counters and gauges in Prometheus text format (version 0.0.4), each a line of metrics.def. Thread-safe (atomics).
 *
 * metrics.def: METRIC(name, COUNTER | GAUGE | HISTOGRAM, unit, meaning) → enum metric { METRIC_name … }
 * exposed as zhitong_<name>{service="routing"}; counters end in _total, names carry their unit. What is kept in
 * milliseconds (…_ms) is exposed in seconds (…_seconds), as Prometheus asks. */
#ifndef ZHITONG_METRICS_H
#define ZHITONG_METRICS_H

#include <stddef.h>
#include <stdio.h>

enum metric {
#define METRIC(name, type, unit, meaning) METRIC_##name,
#include "common/metrics.def"
#undef METRIC
    METRIC_COUNT
};

void metrics_start(const char *service); /* borrowed for the life of the process */
void metric_add(enum metric metric, long long by);
void metric_set(enum metric metric, long long value);
long long metric_value(enum metric metric);

/* One duration for a histogram. Buckets 1 ms … 10 s; less than nothing and NaN count as 0. */
void metric_observe_ms(enum metric metric, double ms);

/* Writes the exposition into `out`, with that of the process (process_metrics.h); returns its length, cut at `room`. */
size_t metrics_write(char *out, size_t room);
void metrics_markdown(FILE *out);

#endif
