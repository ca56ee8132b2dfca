#include "inference_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference_adjust.h"
#include "kernels.h"

#define TEMPERATURE_MAX 100
#define PENALTY_MAX 100

struct inference_sampler {
    uint32_t vocabulary;
    float *logits;                          /* [vocabulary] adjusted */
    float *chances;                         /* [vocabulary] probabilities */
    uint32_t *counts;                       /* [vocabulary] for inference_adjust */
    struct inference_candidate *candidates; /* [vocabulary] */
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
    sampler->candidates = calloc(vocabulary, sizeof(*sampler->candidates));
    if (sampler->logits != NULL && sampler->chances != NULL && sampler->counts != NULL
        && sampler->candidates != NULL)
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
    free(sampler->candidates);
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

static uint32_t likeliest(const float *logits, uint32_t count)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < count; i++) {
        if (logits[i] > logits[best])
            best = i;
    }
    return best;
}

/* log Σ exp(logits) */
static double log_sum(struct inference_sampler *sampler, const float *logits, uint32_t best)
{
    double sum = 0;

    memcpy(sampler->chances, logits, sampler->vocabulary * sizeof(*logits));
    kernels_softmax(sampler->chances, sampler->vocabulary);
    for (uint32_t i = 0; i < sampler->vocabulary; i++)
        sum += (double)sampler->chances[i];
    return (double)logits[best] + log(sum / (double)sampler->chances[best]);
}

/* Likelier first; of equals the smaller id, so that the order is one. */
static int compare(const void *a, const void *b)
{
    const struct inference_candidate *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The @count likeliest ids to @top, in order: each goes to its place among those so far. */
static void find_top(const float *logits, uint32_t vocabulary, struct inference_candidate *top,
                     uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t id = 0; id < vocabulary; id++) {
        uint32_t at = kept;

        if (kept == count && (count == 0 || logits[id] <= top[count - 1].weight))
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
    double total = log_sum(sampler, logits, likeliest(logits, sampler->vocabulary));

    sample->id = id;
    sample->logprob = (float)((double)logits[id] - total);
    if (top_count > sampler->vocabulary)
        top_count = sampler->vocabulary;
    find_top(logits, sampler->vocabulary, sample->top, top_count);
    for (uint32_t i = 0; i < top_count; i++)
        sample->top[i].weight = (float)((double)sample->top[i].weight - total);
}

/* Drawing
 * ------------------------------------------------------------------------------------------- */

static bool has_top_p(const struct inference_sampling *sampling)
{
    return sampling->top_p > 0 && sampling->top_p < 1;
}

/* The candidates that can be drawn at all, with their probabilities at the temperature. Those under
 * (1 - top_p) / (count - 1) cannot be among the fewest that reach top_p, and need not be sorted. */
static uint32_t collect(struct inference_sampler *sampler,
                        const struct inference_sampling *sampling, const float *logits)
{
    uint32_t count = sampler->vocabulary, kept = 0, best = likeliest(logits, count);
    float cutoff = 0;

    for (uint32_t i = 0; i < count; i++)
        sampler->chances[i] = (logits[i] - logits[best]) / sampling->temperature;
    kernels_softmax(sampler->chances, count);
    if (has_top_p(sampling) && count > 1) /* a little less: sums are rounded */
        cutoff = 0.99f * (1 - sampling->top_p) / (float)(count - 1);
    for (uint32_t i = 0; i < count; i++) {
        if (sampler->chances[i] >= cutoff && logits[i] > -INFINITY)
            sampler->candidates[kept++] = (struct inference_candidate){ sampler->chances[i], i };
    }
    if (kept == 0)
        sampler->candidates[kept++] = (struct inference_candidate){ 1, best };
    return kept;
}

static double sum_of(const struct inference_candidate *candidates, uint32_t count)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += (double)candidates[i].weight;
    return sum;
}

/* The fewest of the sorted @candidates whose weights reach @wanted. */
static uint32_t cut_top_p(const struct inference_candidate *candidates, uint32_t count,
                          double wanted)
{
    double sum = 0;
    uint32_t i = 0;

    while (i < count && (i == 0 || sum < wanted))
        sum += (double)candidates[i++].weight;
    return i;
}

/* Those of at least min_p of the likeliest's, in the order that they are in. */
static uint32_t cut_min_p(struct inference_candidate *candidates, uint32_t count, float min_p)
{
    float largest = 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        largest = fmaxf(largest, candidates[i].weight);
    for (uint32_t i = 0; i < count; i++) {
        if (candidates[i].weight >= min_p * largest)
            candidates[kept++] = candidates[i];
    }
    return kept;
}

static uint32_t cut(const struct inference_sampling *sampling,
                    struct inference_candidate *candidates, uint32_t count)
{
    bool has_top_k = sampling->top_k > 0 && sampling->top_k < count;

    if (has_top_k || has_top_p(sampling))
        qsort(candidates, count, sizeof(*candidates), compare);
    if (has_top_k)
        count = sampling->top_k;
    if (has_top_p(sampling)) /* of what top_k has left; of 1 where it has left all */
        count = cut_top_p(candidates, count,
                          (double)sampling->top_p * (has_top_k ? sum_of(candidates, count) : 1));
    return sampling->min_p > 0 ? cut_min_p(candidates, count, sampling->min_p) : count;
}

static uint32_t draw(const struct inference_candidate *candidates, uint32_t count, double at)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        at -= (double)candidates[i].weight;
        if (at < 0)
            return candidates[i].id;
    }
    return candidates[count - 1].id;
}

static uint32_t choose(struct inference_sampler *sampler, const struct inference_sampling *sampling,
                       struct inference_random *random, const float *logits)
{
    uint32_t count;

    if (!(sampling->temperature > 0))
        return likeliest(logits, sampler->vocabulary);
    count = collect(sampler, sampling, logits);
    count = cut(sampling, sampler->candidates, count);
    return draw(sampler->candidates, count, next(random) * sum_of(sampler->candidates, count));
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
