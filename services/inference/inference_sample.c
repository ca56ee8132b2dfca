#include "inference_sample.h"

#include <math.h>
#include <stdlib.h>

#define TEMPERATURE_MAX 100

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

enum status inference_sample_check(const struct inference_sampling *sampling, struct error *err)
{
    if (!(sampling->temperature >= 0) || !(sampling->temperature <= TEMPERATURE_MAX))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a temperature is 0 to %d", TEMPERATURE_MAX);
    if (!(sampling->top_p >= 0) || !(sampling->top_p <= 1))
        return error_set(err, STATUS_INVALID_ARGUMENT, "top_p is 0 to 1");
    return STATUS_OK;
}

static uint32_t likeliest(const float *logits, uint32_t count)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < count; i++) {
        if (logits[i] > logits[best])
            best = i;
    }
    return best;
}

static float logprob_of(const float *logits, uint32_t count, uint32_t id)
{
    float largest = logits[likeliest(logits, count)];
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += exp((double)(logits[i] - largest));
    return (float)((double)(logits[id] - largest) - log(sum));
}

/* Likelier first; of equals the smaller id, so that the order is one. */
static int compare(const void *a, const void *b)
{
    const struct inference_candidate *x = a, *y = b;

    if (x->logit != y->logit)
        return x->logit > y->logit ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The candidates that can be drawn at all: with a top_p, those under (1 - top_p) / (count - 1) of
 * probability cannot be among the fewest that reach it, and need not be sorted. */
static uint32_t collect(const struct inference_sampling *sampling, const float *logits,
                        uint32_t count, struct inference_candidate *out)
{
    float largest = logits[likeliest(logits, count)], cutoff = -INFINITY;
    uint32_t kept = 0;

    if (sampling->top_p > 0 && sampling->top_p < 1 && count > 1) {
        double sum = 0;

        for (uint32_t i = 0; i < count; i++)
            sum += exp((double)(logits[i] - largest) / (double)sampling->temperature);
        cutoff = (float)(log((1 - (double)sampling->top_p) / (count - 1) * sum)
                         * (double)sampling->temperature)
                 + largest;
        cutoff -= 1e-3f * (1 + fabsf(cutoff)); /* the rounding of this estimate must not cut */
    }
    for (uint32_t i = 0; i < count; i++) {
        if (logits[i] >= cutoff)
            out[kept++] = (struct inference_candidate){ logits[i], i };
    }
    if (kept == 0)
        out[kept++] = (struct inference_candidate){ largest, likeliest(logits, count) };
    return kept;
}

/* Turn the logits into weights exp((logit - largest) / temperature); their sum. */
static double weigh(const struct inference_sampling *sampling,
                    struct inference_candidate *candidates, uint32_t count)
{
    float largest = candidates[0].logit;
    double sum = 0;

    for (uint32_t i = 1; i < count; i++)
        largest = fmaxf(largest, candidates[i].logit);
    for (uint32_t i = 0; i < count; i++) {
        candidates[i].logit = expf((candidates[i].logit - largest) / sampling->temperature);
        sum += (double)candidates[i].logit;
    }
    return sum;
}

/* The fewest of the sorted @candidates whose weights reach top_p of @total. */
static uint32_t cut_top_p(const struct inference_candidate *candidates, uint32_t count,
                          double top_p, double total, double *kept)
{
    uint32_t i = 0;

    *kept = 0;
    while (i < count && (i == 0 || *kept < top_p * total))
        *kept += (double)candidates[i++].logit;
    return i;
}

static uint32_t draw(const struct inference_candidate *candidates, uint32_t count, double at)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        at -= (double)candidates[i].logit;
        if (at < 0)
            return candidates[i].id;
    }
    return candidates[count - 1].id;
}

uint32_t inference_sample(const struct inference_sampling *sampling,
                          struct inference_random *random, const float *logits, uint32_t count,
                          struct inference_candidate *scratch, float *logprob)
{
    bool has_top_p = sampling->top_p > 0 && sampling->top_p < 1;
    uint32_t kept, id;
    double total;

    if (!(sampling->temperature > 0)) {
        id = likeliest(logits, count);
        *logprob = logprob_of(logits, count, id);
        return id;
    }
    kept = collect(sampling, logits, count, scratch);
    if (has_top_p || (sampling->top_k > 0 && sampling->top_k < kept))
        qsort(scratch, kept, sizeof(*scratch), compare);
    if (sampling->top_k > 0 && sampling->top_k < kept)
        kept = sampling->top_k;
    total = weigh(sampling, scratch, kept);
    if (has_top_p)
        kept = cut_top_p(scratch, kept, (double)sampling->top_p, total, &total);
    id = draw(scratch, kept, next(random) * total);
    *logprob = logprob_of(logits, count, id);
    return id;
}
