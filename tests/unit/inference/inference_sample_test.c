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

static uint32_t greedy_of(const struct inference_sampling *sampling, const uint32_t *ids,
                          uint32_t prompt, uint32_t count, const uint32_t *allowed,
                          struct inference_sample *sample)
{
    struct inference_sampler *sampler = inference_sampler_create(COUNT);
    struct inference_past past = { ids, prompt, count };
    struct inference_random random = { 0 };

    inference_sample(sampler, sampling, &random, &past, allowed, logits, sample);
    inference_sampler_destroy(sampler);
    return sample->id;
}

static void draws_only_what_is_likely_enough_for_min_p(void **state)
{
    const struct inference_sampling half = { .temperature = 1, .min_p = 0.45f, .seed = 1 };
    /* At temperature 2 the shares are 1, 0.71, 0.5, 0.35, 0.35 of the first's. */
    const struct inference_sampling warm = { .temperature = 2, .min_p = 0.45f, .seed = 1 };
    unsigned counts[2][COUNT] = { 0 };

    (void)state;
    count_draws(&half, counts[0], 1000);
    count_draws(&warm, counts[1], 1000);
    assert_true(counts[0][1] > 0);
    assert_int_equal(counts[0][0] + counts[0][1], 1000);
    assert_true(counts[1][2] > 0);
    assert_int_equal(counts[1][3] + counts[1][4], 0);
}

/* The logits: -0.69, -1.39, -2.08, -2.77, -2.77. */
static void penalises_what_was_there(void **state)
{
    const uint32_t past[] = { 0, 0, 1, 0 };
    struct inference_sampling repetition = { .repetition = 3.5f };
    struct inference_sampling window = { .repetition = 3.5f, .repetition_window = 1 };
    struct inference_sampling presence = { .presence = 0.6f };
    struct inference_sampling frequency = { .frequency = 0.75f };
    struct inference_sample sample;

    (void)state;
    /* -2.43 of id 0 and -4.85 of id 1. */
    assert_int_equal(greedy_of(&repetition, past, 4, 4, NULL, &sample), 2);
    assert_int_equal(greedy_of(&window, past, 4, 4, NULL, &sample), 1);
    assert_int_equal(greedy_of(&presence, past, 4, 4, NULL, &sample), 0); /* only the answer's */
    assert_int_equal(greedy_of(&presence, past, 3, 4, NULL, &sample), 0); /* -1.29 */
    presence.presence = 0.8f;
    assert_int_equal(greedy_of(&presence, past, 3, 4, NULL, &sample), 1);
    assert_int_equal(greedy_of(&presence, past, 0, 4, NULL, &sample), 0);
    assert_int_equal(greedy_of(&frequency, past, 1, 4, NULL, &sample), 2); /* -2.19, -2.14 */
    assert_true(fabsf(sample.logprob - logits[2]) < 1e-4f);                /* the model's own */
}

static void adds_biases_and_obeys_a_mask(void **state)
{
    const struct inference_bias up[] = { { 3, 4 }, { 0, -INFINITY } };
    struct inference_sampling biased = { .biases = up, .biases_count = 2, .top_count = 3 };
    const uint32_t allowed = 1u << 1 | 1u << 4;
    struct inference_sample sample;

    (void)state;
    assert_int_equal(greedy_of(&biased, NULL, 0, 0, NULL, &sample), 3);
    assert_int_equal(sample.top[0].id, 0);
    assert_int_equal(sample.top[1].id, 1);
    assert_int_equal(sample.top[2].id, 2);
    assert_true(fabsf(sample.top[2].weight - logits[2]) < 1e-4f);
    assert_int_equal(greedy_of(&biased, NULL, 0, 0, &allowed, &sample), 1);
}

static void never_draws_what_a_mask_forbids(void **state)
{
    const struct inference_sampling sampling = { .temperature = 100, .top_p = 0.999f, .seed = 3 };
    const uint32_t allowed = 1u << 2 | 1u << 4;
    struct inference_sampler *sampler = inference_sampler_create(COUNT);
    struct inference_random random = { 3 };
    struct inference_sample sample;
    unsigned seen = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        inference_sample(sampler, &sampling, &random, NULL, &allowed, logits, &sample);
        seen |= 1u << sample.id;
    }
    assert_int_equal(seen, allowed);
    inference_sampler_destroy(sampler);
}

static void refuses_settings_that_are_out_of_range(void **state)
{
    const struct inference_bias outside = { COUNT, 1 }, nothing = { 0, NAN };
    const struct inference_sampling wrong[] = {
        { .temperature = NAN },
        { .temperature = -1 },
        { .top_p = 1.5f },
        { .min_p = -0.1f },
        { .repetition = -1 },
        { .presence = INFINITY },
        { .frequency = NAN },
        { .top_count = INFERENCE_TOP_MAX + 1 },
        { .biases = &outside, .biases_count = 1 },
        { .biases = &nothing, .biases_count = 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(inference_sample_check(&wrong[i], COUNT, NULL), STATUS_INVALID_ARGUMENT);
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
        cmocka_unit_test(draws_only_what_is_likely_enough_for_min_p),
        cmocka_unit_test(penalises_what_was_there),
        cmocka_unit_test(adds_biases_and_obeys_a_mask),
        cmocka_unit_test(never_draws_what_a_mask_forbids),
        cmocka_unit_test(refuses_settings_that_are_out_of_range),
        cmocka_unit_test(repeats_itself_from_a_seed),
        cmocka_unit_test(takes_the_likeliest_at_temperature_0),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
