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

/* Without a branch for each id, since what is allowed follows no pattern, and without a shift,
 * which not every processor does in lanes. */
static void forbid_word(uint32_t allowed, float *logits)
{
    static const uint32_t bits[32] = {
        /* clang-format off */
        1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7,
        1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15,
        1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23,
        1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31,
    }; /* clang-format on */

    for (int i = 0; i < 32; i++)
        logits[i] = (allowed & bits[i]) != 0 ? logits[i] : -INFINITY;
}

static void forbid(const uint32_t *allowed, float *logits, uint32_t vocabulary)
{
    uint32_t whole = vocabulary - vocabulary % 32;

    for (uint32_t id = 0; id < whole; id += 32) {
        if (allowed[id / 32] != UINT32_MAX)
            forbid_word(allowed[id / 32], logits + id);
    }
    for (uint32_t id = whole; id < vocabulary; id++) {
        if ((allowed[id / 32] >> id % 32 & 1) == 0)
            logits[id] = -INFINITY;
    }
}

void inference_adjust(const struct inference_sampling *sampling, const struct inference_past *past,
                      const uint32_t *allowed, float *logits, uint32_t vocabulary, uint32_t *counts)
{
    if (allowed != NULL)
        forbid(allowed, logits, vocabulary);
    for (uint32_t i = 0; i < sampling->biases_count; i++)
        logits[sampling->biases[i].id] += sampling->biases[i].bias;
    if (has_repetition(sampling))
        repeat(sampling, past, logits, counts);
    if (has_penalty(sampling))
        penalise(sampling, past, logits, counts);
}
