/* From logits to an id. What comes out depends on the seed, the settings and the logits of the
 * sequence alone. */
#ifndef INFERENCE_SAMPLE_H
#define INFERENCE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct inference_sampling {
    float temperature; /* 0: the likeliest id */
    uint32_t top_k;    /* 0: off */
    float top_p;       /* 0 or 1: off */
    uint64_t seed;
};

/* The random numbers of one sequence. */
struct inference_random {
    uint64_t state;
};

struct inference_candidate {
    float logit;
    uint32_t id;
};

void inference_random_init(struct inference_random *random, uint64_t seed);

/* INVALID_ARGUMENT for a temperature or a top_p that is out of range or no number. */
enum status inference_sample_check(const struct inference_sampling *sampling, struct error *err);

/* One of @count ids. *logprob: the natural logarithm of its probability by the model itself
 * (temperature 1, nothing cut off).
 * @scratch has room for @count candidates. */
uint32_t inference_sample(const struct inference_sampling *sampling,
                          struct inference_random *random, const float *logits, uint32_t count,
                          struct inference_candidate *scratch, float *logprob);

#endif
