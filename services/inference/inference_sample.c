#include "inference_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference_adjust.h"
#include "inference_draw.h"
#include "kernels.h"

#define TEMPERATURE_MAX 100
#define PENALTY_MAX 100

struct inference_sampler {
    uint32_t vocabulary;
    float *logits;    /* [vocabulary] adjusted */
    float *chances;   /* [vocabulary] probabilities as the model has them */
    uint32_t *counts; /* [vocabulary] for inference_adjust */
    struct inference_drawer *drawer;
};

struct inference_sampler *inference_sampler_create(uint32_t vocabulary)
{
    struct inference_sampler *sampler = calloc(1, sizeof(*sampler));

    if (sampler == NULL)
        return NULL;
    sampler->vocabulary = vocabulary;
    sampler->logits = calloc(vocabulary, sizeof(*sampler->logits));
    sampler->chances = calloc(vocabulary, sizeof(*sampler->chances));
    sampler->counts = calloc(vocabulary, sizeof(*sampler->counts));
    sampler->drawer = inference_drawer_create(vocabulary);
    if (sampler->logits != NULL && sampler->chances != NULL && sampler->counts != NULL
        && sampler->drawer != NULL)
        return sampler;
    inference_sampler_destroy(sampler);
    return NULL;
}

void inference_sampler_destroy(struct inference_sampler *sampler)
{
    if (sampler == NULL)
        return;
    free(sampler->logits);
    free(sampler->chances);
    free(sampler->counts);
    inference_drawer_destroy(sampler->drawer);
    free(sampler);
}

/* Random numbers and settings
 * ---------------------------------------------------------------------------------- */

void inference_random_init(struct inference_random *random, uint64_t seed)
{
    random->state = seed;
}

/* splitmix64; the upper 53 bits as a number in [0, 1). */
static double next(struct inference_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Also false for what is no number. */
static bool is_within(float value, float from, float to)
{
    return value >= from && value <= to;
}

static enum status check_biases(const struct inference_sampling *sampling, uint32_t vocabulary,
                                struct error *err)
{
    if (sampling->biases_count > INFERENCE_BIASES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u biases: at most %d are taken",
                         sampling->biases_count, INFERENCE_BIASES_MAX);
    for (uint32_t i = 0; i < sampling->biases_count; i++) {
        const struct inference_bias *bias = &sampling->biases[i];

        if (bias->id >= vocabulary)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "a bias of id %u, outside the vocabulary of %u", bias->id, vocabulary);
        if (!is_within(bias->bias, -INFINITY, PENALTY_MAX))
            return error_set(err, STATUS_INVALID_ARGUMENT, "a bias is at most %d", PENALTY_MAX);
    }
    return STATUS_OK;
}

enum status inference_sample_check(const struct inference_sampling *sampling, uint32_t vocabulary,
                                   struct error *err)
{
    if (!is_within(sampling->temperature, 0, TEMPERATURE_MAX))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a temperature is 0 to %d", TEMPERATURE_MAX);
    if (!is_within(sampling->top_p, 0, 1))
        return error_set(err, STATUS_INVALID_ARGUMENT, "top_p is 0 to 1");
    if (!is_within(sampling->min_p, 0, 1))
        return error_set(err, STATUS_INVALID_ARGUMENT, "min_p is 0 to 1");
    if (!is_within(sampling->repetition, 0, PENALTY_MAX)
        || !is_within(sampling->presence, -PENALTY_MAX, PENALTY_MAX)
        || !is_within(sampling->frequency, -PENALTY_MAX, PENALTY_MAX))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a penalty is at most %d, and one for repetition not negative",
                         PENALTY_MAX);
    if (sampling->top_count > INFERENCE_TOP_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "at most %d likeliest ids are told",
                         INFERENCE_TOP_MAX);
    return check_biases(sampling, vocabulary, err);
}

/* What the model itself says
 * -------------------------------------------------------------------------------- */

/* log Σ exp(logits) */
static double log_sum(struct inference_sampler *sampler, const float *logits)
{
    uint32_t count = sampler->vocabulary, best = inference_draw_likeliest(logits, count);

    memcpy(sampler->chances, logits, count * sizeof(*logits));
    kernels_softmax(sampler->chances, count);
    return (double)logits[best]
           + log(inference_draw_sum(sampler->chances, count) / (double)sampler->chances[best]);
}

/* The @count likeliest ids to @top, in order: each goes to its place among those so far. */
static void find_top(const float *logits, uint32_t vocabulary, struct inference_candidate *top,
                     uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t id = 0; count > 0 && id < vocabulary; id++) {
        uint32_t at = kept;

        if (kept == count && logits[id] <= top[count - 1].weight)
            continue;
        if (kept < count)
            kept++;
        else
            at--;
        for (; at > 0 && logits[id] > top[at - 1].weight; at--)
            top[at] = top[at - 1];
        top[at] = (struct inference_candidate){ logits[id], id };
    }
}

void inference_sample_score(struct inference_sampler *sampler, const float *logits, uint32_t id,
                            uint32_t top_count, struct inference_sample *sample)
{
    double total = log_sum(sampler, logits);

    sample->id = id;
    sample->logprob = (float)((double)logits[id] - total);
    if (top_count > sampler->vocabulary)
        top_count = sampler->vocabulary;
    find_top(logits, sampler->vocabulary, sample->top, top_count);
    for (uint32_t i = 0; i < top_count; i++)
        sample->top[i].weight = (float)((double)sample->top[i].weight - total);
}

static uint32_t choose(struct inference_sampler *sampler, const struct inference_sampling *sampling,
                       struct inference_random *random, const float *logits)
{
    if (!(sampling->temperature > 0))
        return inference_draw_likeliest(logits, sampler->vocabulary);
    return inference_draw(sampler->drawer, sampling, logits, next(random));
}

void inference_sample(struct inference_sampler *sampler, const struct inference_sampling *sampling,
                      struct inference_random *random, const struct inference_past *past,
                      const uint32_t *allowed, const float *logits, struct inference_sample *sample)
{
    const float *adjusted = logits;

    if (inference_adjust_is_wanted(sampling, allowed)) {
        memcpy(sampler->logits, logits, sampler->vocabulary * sizeof(*logits));
        inference_adjust(sampling, past, allowed, sampler->logits, sampler->vocabulary,
                         sampler->counts);
        adjusted = sampler->logits;
    }
    inference_sample_score(sampler, logits, choose(sampler, sampling, random, adjusted),
                           sampling->top_count, sample);
}
