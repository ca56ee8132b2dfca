/* What choosing an id costs over a vocabulary of Llama 3's size, for the settings that people use:
 *
 *     sample_bench
 *
 * Logits are sums of four random numbers, so that the chances are flat: the worst that top_k and
 * top_p can meet. Medians of one core's time. */
#include <stdio.h>
#include <time.h>

#include "base/check.h"
#include "bench_engine.h"
#include "inference_mask.h"

#define VOCABULARY 128256
#define REPEATS 41

static float logits[VOCABULARY];
static uint32_t few[INFERENCE_MASK_WORDS(VOCABULARY)], half[INFERENCE_MASK_WORDS(VOCABULARY)];

static const struct {
    const char *name;
    struct inference_sampling sampling;
    const uint32_t *allowed;
} cases[] = {
    { "greedy", { .temperature = 0 }, NULL },
    { "greedy, a mask of 100 ids", { .temperature = 0 }, few },
    { "greedy, a mask of every other id", { .temperature = 0 }, half },
    { "temperature", { .temperature = 1 }, NULL },
    { "temperature, a mask of every other id", { .temperature = 1 }, half },
    { "temperature, top_p 0.95", { .temperature = 1, .top_p = 0.95f }, NULL },
    { "temperature, top_k 40", { .temperature = 1, .top_k = 40 }, NULL },
    { "greedy, 20 likeliest", { .top_count = 20 }, NULL },
};

static uint32_t random_bits(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 32);
}

static void fill(void)
{
    uint64_t random = 1;

    for (uint32_t i = 0; i < VOCABULARY; i++) {
        for (int j = 0; j < 4; j++)
            logits[i] += (float)random_bits(&random) / 0x1p32f * 3;
    }
    for (uint32_t i = 0; i < 100; i++)
        few[i * 997 % VOCABULARY / 32] |= 1u << i * 997 % VOCABULARY % 32;
    for (uint32_t i = 0; i < INFERENCE_MASK_WORDS(VOCABULARY); i++)
        half[i] = random_bits(&random);
}

static double now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(void)
{
    struct inference_sampler *sampler = inference_sampler_create(VOCABULARY);
    struct inference_past past = { 0 };
    double times[REPEATS];

    CHECK(sampler != NULL);
    fill();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct inference_random random;
        struct inference_sample sample;

        inference_random_init(&random, i);
        for (int j = 0; j < REPEATS; j++) {
            double start = now_us();

            inference_sample(sampler, &cases[i].sampling, &random, &past, cases[i].allowed, logits,
                             &sample);
            times[j] = now_us() - start;
        }
        printf("%-40s %8.0f us\n", cases[i].name, bench_engine_median(times, REPEATS));
    }
    inference_sampler_destroy(sampler);
    return 0;
}
