/* One id by chance, from logits that have been adjusted: by temperature, top_k, top_p and min_p. No
 * step of it grows faster than the vocabulary, however flat the chances are. */
#ifndef INFERENCE_DRAW_H
#define INFERENCE_DRAW_H

#include "inference_sample.h"

/* Room for the work, of one thread. */
struct inference_drawer;

/* NULL where memory is short. */
struct inference_drawer *inference_drawer_create(uint32_t vocabulary);
void inference_drawer_destroy(struct inference_drawer *drawer);

/* @sampling's temperature is above 0; @at is the random number, in [0, 1). */
uint32_t inference_draw(struct inference_drawer *drawer, const struct inference_sampling *sampling,
                        const float *logits, double at);

/* The first of those with the largest logit. */
uint32_t inference_draw_likeliest(const float *logits, uint32_t count);

/* Of a whole vocabulary, in one order that compilers can do several of at once. */
double inference_draw_sum(const float *values, uint32_t count);

#endif
