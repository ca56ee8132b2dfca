/* Draws beside a plain reference that sorts the whole vocabulary and adds in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "inference_draw.h"

#define VOCABULARY_MAX 2000
#define DRAWS 500

static float logits[VOCABULARY_MAX];
static double shares[VOCABULARY_MAX]; /* that a draw may come to each id */
static unsigned counts[VOCABULARY_MAX];

/* Steps of an eighth, so that many are equal; one in @every is forbidden, as by a mask. */
static void fill_logits(uint32_t count, double width, uint32_t every)
{
    uint64_t random = 7;

    for (uint32_t i = 0; i < count; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        logits[i] = (float)(floor((double)(random >> 33) / (1u << 31) * width * 8) / 8);
        if (every > 0 && (random >> 20) % every == 0)
            logits[i] = -INFINITY;
    }
    logits[count / 2] = (float)width;
}

static int compare(const void *a, const void *b)
{
    const struct inference_candidate *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static double weight_of(const struct inference_candidate *candidate, double temperature,
                        double largest)
{
    return exp(((double)candidate->weight - largest) / temperature);
}

static double sum_of(const struct inference_candidate *sorted, uint32_t count, double temperature)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += weight_of(&sorted[i], temperature, (double)sorted[0].weight);
    return sum;
}

/* The shares as the settings' words have them. */
static void refer(const struct inference_sampling *sampling, uint32_t count)
{
    static struct inference_candidate sorted[VOCABULARY_MAX];
    double temperature = (double)sampling->temperature, sum = 0, wanted;
    uint32_t kept = count, i;

    for (i = 0; i < count; i++) {
        sorted[i] = (struct inference_candidate){ logits[i], i };
        shares[i] = 0;
    }
    qsort(sorted, count, sizeof(sorted[0]), compare);
    if (sampling->top_k > 0 && sampling->top_k < kept)
        kept = sampling->top_k;
    wanted = (double)sampling->top_p * sum_of(sorted, kept, temperature);
    for (i = 0; sampling->top_p > 0 && i < kept && sum < wanted; i++)
        sum += weight_of(&sorted[i], temperature, (double)sorted[0].weight);
    if (sampling->top_p > 0)
        kept = i;
    while (weight_of(&sorted[kept - 1], temperature, (double)sorted[0].weight)
           < (double)sampling->min_p)
        kept--;
    for (i = 0; i < kept; i++)
        shares[sorted[i].id] = weight_of(&sorted[i], temperature, (double)sorted[0].weight)
                               / sum_of(sorted, kept, temperature);
}

/* Random numbers at equal distances come to each id as often as its share says, give or take one at
 * either end of its part of the line. */
static void check(const struct inference_sampling *sampling, uint32_t count)
{
    struct inference_drawer *drawer = inference_drawer_create(count);

    assert_non_null(drawer);
    refer(sampling, count);
    for (uint32_t i = 0; i < count; i++)
        counts[i] = 0;
    for (uint32_t i = 0; i < DRAWS; i++)
        counts[inference_draw(drawer, sampling, logits, (i + 0.5) / DRAWS)]++;
    for (uint32_t i = 0; i < count; i++) {
        double expected = shares[i] * DRAWS;

        if (shares[i] == 0)
            assert_int_equal(counts[i], 0);
        assert_true(fabs(counts[i] - expected) <= 1.5 + expected * 1e-3);
    }
    inference_drawer_destroy(drawer);
}

static const struct inference_sampling settings[] = {
    { .temperature = 1 },
    { .temperature = 0.3f },
    { .temperature = 1, .top_k = 1 },
    { .temperature = 1, .top_k = 7 },
    { .temperature = 2, .top_k = 16 },
    { .temperature = 1, .top_k = 900 },
    { .temperature = 1, .top_p = 0.1f },
    { .temperature = 1, .top_p = 0.9f },
    { .temperature = 3, .top_p = 0.997f },
    { .temperature = 1, .min_p = 0.2f },
    { .temperature = 2, .top_k = 50, .top_p = 0.6f },
    { .temperature = 2, .top_k = 50, .top_p = 0.9f, .min_p = 0.5f },
};

static void draws_each_id_as_often_as_a_full_sort_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        fill_logits(VOCABULARY_MAX, 9, 0);
        check(&settings[i], VOCABULARY_MAX);
        fill_logits(VOCABULARY_MAX, 9, 3);
        check(&settings[i], VOCABULARY_MAX);
        fill_logits(VOCABULARY_MAX, 0.25, 0); /* nearly all alike */
        check(&settings[i], VOCABULARY_MAX);
    }
}

static void draws_from_vocabularies_of_any_size(void **state)
{
    static const uint32_t sizes[] = { 1, 2, 15, 16, 17, 255, 256, 257, 511, 513 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        fill_logits(sizes[i], 4, 0);
        for (size_t j = 0; j < sizeof(settings) / sizeof(settings[0]); j++)
            check(&settings[j], sizes[i]);
    }
}

static void finds_the_first_of_the_largest(void **state)
{
    static const float none[] = { -INFINITY, -INFINITY, NAN };
    float some[40];

    (void)state;
    for (uint32_t at = 0; at < 40; at++) {
        for (uint32_t i = 0; i < 40; i++)
            some[i] = i < at ? -1.0f : 2.0f;
        assert_int_equal(inference_draw_likeliest(some, 40), at);
        some[at] = NAN;
        assert_int_equal(inference_draw_likeliest(some, 40), at < 39 ? at + 1 : 0);
    }
    assert_int_equal(inference_draw_likeliest(none, 3), 0);
}

static void takes_the_likeliest_where_logits_are_no_numbers(void **state)
{
    static const float infinite[] = { 1, INFINITY, 2 };
    static const float nothing[] = { NAN, -INFINITY, -INFINITY };
    const struct inference_sampling plain = { .temperature = 1 },
                                    few = { .temperature = 1, .top_k = 2 };
    struct inference_drawer *drawer = inference_drawer_create(3);

    (void)state;
    assert_int_equal(inference_draw(drawer, &plain, infinite, 0.5), 1);
    assert_int_equal(inference_draw(drawer, &few, infinite, 0.5), 1);
    assert_int_equal(inference_draw(drawer, &plain, nothing, 0.9),
                     0); /* the others are forbidden */
    assert_int_equal(inference_draw(drawer, &few, nothing, 0.9), 0);
    inference_drawer_destroy(drawer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_each_id_as_often_as_a_full_sort_says),
        cmocka_unit_test(draws_from_vocabularies_of_any_size),
        cmocka_unit_test(finds_the_first_of_the_largest),
        cmocka_unit_test(takes_the_likeliest_where_logits_are_no_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
