#include "common/histogram.h"

#include <math.h>

#define SUB_BITS 7 /* 2^7 buckets a doubling: each is at most 1/128 wide */

static unsigned bucket_of(uint64_t value) {
    if (value < 2u << SUB_BITS)
        return (unsigned)value;
    unsigned shift = 63 - SUB_BITS - (unsigned)__builtin_clzll(value);
    unsigned bucket = (shift << SUB_BITS) + (unsigned)(value >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The middle of what the bucket holds. */
static int64_t value_of(unsigned bucket) {
    if (bucket < 2u << SUB_BITS)
        return bucket;
    unsigned shift = (bucket >> SUB_BITS) - 1;
    uint64_t low = (uint64_t)(bucket - (shift << SUB_BITS)) << shift;
    return (int64_t)(low + ((UINT64_C(1) << shift) >> 1));
}

void histogram_add(struct histogram *histogram, int64_t value) {
    uint64_t counted = value < 0 ? 0 : (uint64_t)value;
    histogram->count++;
    histogram->buckets[bucket_of(counted)]++;
    if (value > histogram->greatest)
        histogram->greatest = value;
}

int64_t histogram_at(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count), seen = 0;
    if (histogram->count == 0)
        return 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen < wanted || seen == 0)
            continue;
        int64_t value = value_of(bucket);
        return value < histogram->greatest ? value : histogram->greatest;
    }
    return histogram->greatest;
}
