/* Floats to the quantised blocks of GGUF files, whose layouts are ggml's. Any thread. */
#ifndef GGUF_GGUF_QUANTISE_H
#define GGUF_GGUF_QUANTISE_H

#include "gguf/gguf.h"

/* Whether gguf_quantise makes @type: Q8_0, Q4_0, Q4_K, Q5_K, Q6_K. */
bool gguf_can_quantise(enum gguf_tensor_type type);

/* @count values, a multiple of the type's block, to @blocks (gguf_tensor_type_size). Q8_0 and Q4_0
 * take the scale that the largest value of a block fills. The K types search, for each part of a
 * block, the scale (and minimum) that leave the least error, in which large values weigh more. */
void gguf_quantise(enum gguf_tensor_type type, const float *values, size_t count, void *blocks);

#endif
