/* Counts of durations by size, for percentiles within 1 %: 128 buckets for every doubling. */
#ifndef ZHITONG_HISTOGRAM_H
#define ZHITONG_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 4608 /* up to 2^42 µs; what is longer counts as that */

struct histogram { /* zero-initialised is empty; free to copy */
    uint64_t count;
    int64_t greatest;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* A negative value counts as 0. */
void histogram_add(struct histogram *histogram, int64_t value);
/* The value that this share (0 to 1) of the values does not exceed; 0 when it is empty. */
int64_t histogram_at(const struct histogram *histogram, double share);

#endif
