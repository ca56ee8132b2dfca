#include "load_histogram.h"

#include <string.h>

#define FINE_BITS 7
#define US_MAX (((uint64_t)1 << 40) - 1)

/* Below 128 a bucket a value; above, the seven bits behind the leading one choose within its power
 * of two. */
static unsigned index_of(uint64_t us)
{
    unsigned shift;

    if (us > US_MAX)
        us = US_MAX;
    if (us < LOAD_HISTOGRAM_FINE)
        return (unsigned)us;
    shift = 63 - (unsigned)__builtin_clzll(us) - FINE_BITS;
    return ((shift + 1) << FINE_BITS) | (unsigned)((us >> shift) & (LOAD_HISTOGRAM_FINE - 1));
}

uint64_t load_histogram_bound(unsigned index)
{
    unsigned shift = index >> FINE_BITS;

    if (shift == 0)
        return index;
    shift--;
    return ((((uint64_t)LOAD_HISTOGRAM_FINE | (index & (LOAD_HISTOGRAM_FINE - 1))) + 1) << shift)
           - 1;
}

void load_histogram_clear(struct load_histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
}

void load_histogram_add(struct load_histogram *histogram, uint64_t us)
{
    histogram->counts[index_of(us)]++;
    histogram->count++;
    histogram->sum_us += (double)us;
    if (us > histogram->max_us)
        histogram->max_us = us;
}

void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from)
{
    unsigned i;

    for (i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
    into->count += from->count;
    into->sum_us += from->sum_us;
    if (from->max_us > into->max_us)
        into->max_us = from->max_us;
}

uint64_t load_histogram_at(const struct load_histogram *histogram, double fraction)
{
    double wanted = fraction * (double)histogram->count;
    uint64_t seen = 0, bound;
    unsigned i;

    for (i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= wanted) {
            bound = load_histogram_bound(i);
            return bound < histogram->max_us ? bound : histogram->max_us;
        }
    }
    return histogram->max_us;
}
