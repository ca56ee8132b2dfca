/* From logits to an id. What comes out depends on the seed, the settings, the logits and the ids of
 * the sequence alone. In the order of Hugging Face's Transformers:
 *
 *     what a mask does not allow is out
 *     + bias → repetition, then presence and frequency (inference_adjust.h)
 *     / temperature → top_k → top_p → min_p → one is drawn
 *
 * At temperature 0 the likeliest is taken after the adjustments. */
#ifndef INFERENCE_SAMPLE_H
#define INFERENCE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define INFERENCE_BIASES_MAX 1024
/* Of the likeliest ids that are told with each one. */
#define INFERENCE_TOP_MAX 20

struct inference_bias {
    uint32_t id;
    float bias; /* added to its logit; -INFINITY: never */
};

struct inference_sampling {
    float temperature; /* 0: the likeliest id */
    uint32_t top_k;    /* 0: off */
    float top_p;       /* 0 or 1: off */
    float min_p;       /* of the likeliest's probability; 0: off */
    /* The logit of an id that was there is divided by it where positive, else multiplied; of the
     * last so many ids of prompt and answer (0: all). 0 or 1: off */
    float repetition;
    uint32_t repetition_window;
    float presence, frequency; /* subtracted once, and for each time, of the ids of the answer */
    const struct inference_bias *biases; /* [biases_count] */
    uint32_t biases_count;
    uint32_t top_count; /* likeliest ids that are told: at most INFERENCE_TOP_MAX */
    uint64_t seed;
};

/* The random numbers of one sequence. */
struct inference_random {
    uint64_t state;
};

struct inference_candidate {
    float weight; /* a logit, a probability or its logarithm */
    uint32_t id;
};

/* The ids before the one that is sampled. */
struct inference_past {
    const uint32_t *ids;
    uint32_t prompt, count; /* of the prompt; of prompt and answer */
};

/* Logarithms are natural and the model's own: at temperature 1, nothing adjusted or cut off. */
struct inference_sample {
    uint32_t id;
    float logprob;
    struct inference_candidate top[INFERENCE_TOP_MAX]; /* [top_count], likelier first */
};

/* Room for the work, of one thread. */
struct inference_sampler;

/* NULL where memory is short. */
struct inference_sampler *inference_sampler_create(uint32_t vocabulary);
void inference_sampler_destroy(struct inference_sampler *sampler);

void inference_random_init(struct inference_random *random, uint64_t seed);

/* INVALID_ARGUMENT for a setting that is out of range or no number, and for a bias of an id that is
 * not in the @vocabulary. */
enum status inference_sample_check(const struct inference_sampling *sampling, uint32_t vocabulary,
                                   struct error *err);

/* One of the ids. @allowed: a bit for each (inference_mask.h), one at least set; NULL: all. @past
 * may be NULL where nothing is penalised. */
void inference_sample(struct inference_sampler *sampler, const struct inference_sampling *sampling,
                      struct inference_random *random, const struct inference_past *past,
                      const uint32_t *allowed, const float *logits,
                      struct inference_sample *sample);

/* Only what the model itself makes of @id. @sample->id is @id. */
void inference_sample_score(struct inference_sampler *sampler, const float *logits, uint32_t id,
                            uint32_t top_count, struct inference_sample *sample);

#endif
