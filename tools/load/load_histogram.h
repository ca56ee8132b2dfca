/* A histogram of latencies after the manner of HDR: every power of two has 128 buckets, so that a
 * value is known to within 0.8 % from a microsecond to days, in memory that does not grow. */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

#define LOAD_HISTOGRAM_FINE 128
/* Up to 2^40 µs, twelve days; what is longer counts as that. */
#define LOAD_HISTOGRAM_BUCKETS (LOAD_HISTOGRAM_FINE * 34)

struct load_histogram {
    uint64_t counts[LOAD_HISTOGRAM_BUCKETS];
    uint64_t count, max_us;
    double sum_us;
};

void load_histogram_clear(struct load_histogram *histogram);
void load_histogram_add(struct load_histogram *histogram, uint64_t us);
void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from);

/* The least value that @fraction (0 to 1) of what was added does not exceed, rounded up to the end
 * of its bucket; 0 where nothing was added. */
uint64_t load_histogram_at(const struct load_histogram *histogram, double fraction);

/* The largest value of bucket @index. */
uint64_t load_histogram_bound(unsigned index);

#endif
