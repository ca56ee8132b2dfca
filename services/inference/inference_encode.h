/* The forward pass of an encoder: texts in, a vector of each out. What comes out for a text depends
 * on its own ids, not on what else is in the batch. */
#ifndef INFERENCE_ENCODE_H
#define INFERENCE_ENCODE_H

#include "inference_crew.h"
#include "inference_encoder.h"

/* Texts that one run takes at most. */
#define INFERENCE_ENCODE_TEXTS_MAX 64

struct inference_encode_text {
    const uint32_t *ids; /* [count], each < vocabulary */
    uint32_t count;      /* 1 to the encoder's context */
    float *embedding;    /* [embedding]: what comes out, not scaled */
};

/* Run state: written by every run, owned by one thread. */
struct inference_encode;

/* For texts of up to @ids_max ids together. @encoder and @crew outlive it. NULL and @err where
 * there is no memory. */
struct inference_encode *inference_encode_create(const struct inference_encoder *encoder,
                                                 struct inference_crew *crew, uint32_t ids_max,
                                                 struct error *err);
void inference_encode_destroy(struct inference_encode *encode);

void inference_encode_run(struct inference_encode *encode,
                          const struct inference_encode_text *texts, uint32_t count);

/* Scale @values to the length 1; zeros stay zeros. */
void inference_encode_scale(float *values, uint32_t count);

#endif
