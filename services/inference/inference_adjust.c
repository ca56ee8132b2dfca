#include "inference_adjust.h"

#include <math.h>
#include <stddef.h>

static bool has_repetition(const struct inference_sampling *sampling)
{
    return sampling->repetition > 0 && sampling->repetition != 1;
}

static bool has_penalty(const struct inference_sampling *sampling)
{
    return sampling->presence != 0 || sampling->frequency != 0;
}

bool inference_adjust_is_wanted(const struct inference_sampling *sampling, const uint32_t *allowed)
{
    return allowed != NULL || sampling->biases_count > 0 || has_repetition(sampling)
           || has_penalty(sampling);
}

/* Each id once, however often it was there. */
static void repeat(const struct inference_sampling *sampling, const struct inference_past *past,
                   float *logits, uint32_t *counts)
{
    uint32_t window = sampling->repetition_window, first = 0;

    if (window > 0 && window < past->count)
        first = past->count - window;
    for (uint32_t i = first; i < past->count; i++) {
        float *logit = &logits[past->ids[i]];

        if (counts[past->ids[i]]++ == 0)
            *logit = *logit > 0 ? *logit / sampling->repetition : *logit * sampling->repetition;
    }
    for (uint32_t i = first; i < past->count; i++)
        counts[past->ids[i]] = 0;
}

static void penalise(const struct inference_sampling *sampling, const struct inference_past *past,
                     float *logits, uint32_t *counts)
{
    for (uint32_t i = past->prompt; i < past->count; i++)
        counts[past->ids[i]]++;
    for (uint32_t i = past->prompt; i < past->count; i++) {
        uint32_t id = past->ids[i];

        if (counts[id] > 0)
            logits[id] -= sampling->presence + sampling->frequency * (float)counts[id];
        counts[id] = 0;
    }
}

void inference_adjust(const struct inference_sampling *sampling, const struct inference_past *past,
                      const uint32_t *allowed, float *logits, uint32_t vocabulary, uint32_t *counts)
{
    for (uint32_t id = 0; allowed != NULL && id < vocabulary; id++) {
        if ((allowed[id / 32] >> id % 32 & 1) == 0)
            logits[id] = -INFINITY;
    }
    for (uint32_t i = 0; i < sampling->biases_count; i++)
        logits[sampling->biases[i].id] += sampling->biases[i].bias;
    if (has_repetition(sampling))
        repeat(sampling, past, logits, counts);
    if (has_penalty(sampling))
        penalise(sampling, past, logits, counts);
}
