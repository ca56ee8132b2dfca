/* Adjusting logits before one is chosen: the mask, biases and penalties. */
#ifndef INFERENCE_ADJUST_H
#define INFERENCE_ADJUST_H

#include "inference_sample.h"

/* Whether anything would be changed. */
bool inference_adjust_is_wanted(const struct inference_sampling *sampling, const uint32_t *allowed);

/* Change @logits [vocabulary]. @counts [vocabulary] is all 0, and is again afterwards. */
void inference_adjust(const struct inference_sampling *sampling, const struct inference_past *past,
                      const uint32_t *allowed, float *logits, uint32_t vocabulary,
                      uint32_t *counts);

#endif
