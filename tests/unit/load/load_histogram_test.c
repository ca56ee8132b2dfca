#include "load_histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAMPLES 20000

static struct load_histogram histogram, other;

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Values of every size, from some microseconds to an hour. */
static uint64_t draw(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint64_t)exp((double)(*random >> 33) / 2147483648.0 * 22);
}

static void a_percentile_is_that_of_the_sorted_values_to_within_a_bucket(void **state)
{
    static const double fractions[] = { 0, 0.1, 0.5, 0.9, 0.99, 0.999, 1 };
    static uint64_t values[SAMPLES];
    uint64_t random = 1;
    unsigned i;

    (void)state;
    load_histogram_clear(&histogram);
    for (i = 0; i < SAMPLES; i++) {
        values[i] = draw(&random);
        load_histogram_add(&histogram, values[i]);
    }
    qsort(values, SAMPLES, sizeof(values[0]), compare);
    for (i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
        unsigned rank = (unsigned)ceil(fractions[i] * SAMPLES);
        uint64_t exact = values[rank == 0 ? 0 : rank - 1],
                 said = load_histogram_at(&histogram, fractions[i]);

        assert_true(said >= exact);
        assert_true((double)(said - exact) <= (double)exact / 127);
    }
    assert_int_equal(load_histogram_at(&histogram, 1), values[SAMPLES - 1]);
}

static void every_bucket_ends_where_the_next_begins(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i + 1 < LOAD_HISTOGRAM_BUCKETS; i++) {
        load_histogram_clear(&histogram);
        load_histogram_add(&histogram, load_histogram_bound(i));
        assert_int_equal(histogram.counts[i], 1);
        load_histogram_add(&histogram, load_histogram_bound(i) + 1);
        assert_int_equal(histogram.counts[i + 1], 1);
    }
}

static void what_is_longer_than_the_last_bucket_counts_there(void **state)
{
    (void)state;
    load_histogram_clear(&histogram);
    load_histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(histogram.count, 1);
    assert_true(load_histogram_at(&histogram, 0.5) >= (uint64_t)1 << 39);
}

static void merged_histograms_are_one_of_all_values(void **state)
{
    uint64_t random = 7;
    unsigned i;

    (void)state;
    load_histogram_clear(&histogram);
    load_histogram_clear(&other);
    for (i = 0; i < 100; i++)
        load_histogram_add(i % 2 == 0 ? &histogram : &other, draw(&random));
    load_histogram_merge(&histogram, &other);
    load_histogram_clear(&other);
    for (i = 0, random = 7; i < 100; i++)
        load_histogram_add(&other, draw(&random));
    assert_memory_equal(histogram.counts, other.counts, sizeof(other.counts));
    assert_int_equal(histogram.count, other.count);
    assert_int_equal(histogram.max_us, other.max_us);
}

static void nothing_has_no_percentiles(void **state)
{
    (void)state;
    load_histogram_clear(&histogram);
    assert_int_equal(load_histogram_at(&histogram, 0.99), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_percentile_is_that_of_the_sorted_values_to_within_a_bucket),
        cmocka_unit_test(every_bucket_ends_where_the_next_begins),
        cmocka_unit_test(what_is_longer_than_the_last_bucket_counts_there),
        cmocka_unit_test(merged_histograms_are_one_of_all_values),
        cmocka_unit_test(nothing_has_no_percentiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
