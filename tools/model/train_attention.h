/* Causal attention over an example: rows of @qkv are queries, keys and values side by side, keys
 * and queries turned by position already. A row of a segment sees the prefix and its own segment up
 * to itself. One thread a scratch. */
#ifndef TRAIN_ATTENTION_H
#define TRAIN_ATTENTION_H

#include <stddef.h>

#include "model_shape.h"
#include "train_example.h"

#define ATTENTION_BLOCK 64

/* Floats that @scratch needs for examples of up to @tokens_max tokens. */
size_t attention_scratch_count(size_t tokens_max);

/* out [size][d] */
void attention_forward(const struct shape *shape, const struct example *example, const float *qkv,
                       float *out, float *scratch);

/* From d_out: add to d_qkv. The probabilities are computed again: cheaper than keeping them. */
void attention_backward(const struct shape *shape, const struct example *example, const float *qkv,
                        const float *d_out, float *d_qkv, float *scratch);

#endif
