#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "inference_sample.h"

#define COUNT 5

/* Probabilities 1/2, 1/4, 1/8, 1/16, 1/16. */
static const float logits[COUNT] = { -0.693147f, -1.386294f, -2.079442f, -2.772589f, -2.772589f };

static void count_draws(const struct inference_sampling *sampling, unsigned *counts, unsigned draws)
{
    struct inference_sampler *sampler = inference_sampler_create(COUNT);
    struct inference_random random;
    struct inference_sample sample;

    inference_random_init(&random, sampling->seed);
    for (unsigned i = 0; i < draws; i++) {
        inference_sample(sampler, sampling, &random, NULL, NULL, logits, &sample);
        assert_true(sample.id < COUNT && fabsf(sample.logprob - logits[sample.id]) < 1e-4f);
        counts[sample.id]++;
    }
    inference_sampler_destroy(sampler);
}

static void draws_each_id_as_often_as_it_is_likely(void **state)
{
    struct inference_sampling sampling = { .temperature = 1, .seed = 11 };
    unsigned counts[COUNT] = { 0 };

    (void)state;
    count_draws(&sampling, counts, 64000);
    for (int i = 0; i < COUNT; i++) {
        double expected = 64000 * exp((double)logits[i]);

        assert_true(fabs(counts[i] - expected) < 5 * sqrt(expected));
    }
}

static void draws_only_what_top_k_and_top_p_leave(void **state)
{
    const struct inference_sampling two = { .temperature = 1, .top_k = 2, .seed = 1 };
    const struct inference_sampling most = { .temperature = 1, .top_p = 0.7f, .seed = 1 };
    const struct inference_sampling tiny = { .temperature = 1, .top_p = 1e-6f, .seed = 1 };
    unsigned counts[3][COUNT] = { 0 };

    (void)state;
    count_draws(&two, counts[0], 1000);
    count_draws(&most, counts[1], 1000);
    count_draws(&tiny, counts[2], 1000);
    assert_int_equal(counts[0][0] + counts[0][1], 1000);
    assert_int_equal(counts[1][0] + counts[1][1], 1000);
    assert_true(counts[1][1] > 0);
    assert_int_equal(counts[2][0], 1000);
}

static void repeats_itself_from_a_seed(void **state)
{
    struct inference_sampling sampling = { .temperature = 0.8f, .top_p = 0.9f, .seed = 99 };
    unsigned a[COUNT] = { 0 }, b[COUNT] = { 0 };

    (void)state;
    count_draws(&sampling, a, 100);
    count_draws(&sampling, b, 100);
    assert_memory_equal(a, b, sizeof(a));
}

static void takes_the_likeliest_at_temperature_0(void **state)
{
    struct inference_sampling greedy = { 0 };
    unsigned counts[COUNT] = { 0 };

    (void)state;
    count_draws(&greedy, counts, 10);
    assert_int_equal(counts[0], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_each_id_as_often_as_it_is_likely),
        cmocka_unit_test(draws_only_what_top_k_and_top_p_leave),
        cmocka_unit_test(repeats_itself_from_a_seed),
        cmocka_unit_test(takes_the_likeliest_at_temperature_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
