/* The arithmetic of the forward pass on one thread: all that the model sees. kernels_generic.c is
 * the truth; a faster version is chosen when the process starts and checked against it in the
 * tests. */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

/* A matrix in the file's own layout: @rows rows of @columns values, a row after the other. It maps
 * a vector of @columns values to one of
 * @rows. */
struct matrix {
    enum gguf_tensor_type type;
    uint32_t rows, columns;
    size_t row_bytes;
    const void *data;
};

/* Whether the kernels compute with tensors of @type: F32, F16, BF16, Q8_0. */
bool kernels_has_type(enum gguf_tensor_type type);

/* "avx2" or "generic". */
const char *kernels_name(void);

/* out[rows] = matrix · x[columns] */
void kernels_multiply_vector(float *out, const struct matrix *matrix, const float *x);

/* out[count][columns] = rows first … first + count - 1 as floats */
void kernels_expand_rows(float *out, const struct matrix *matrix, uint32_t first, uint32_t count);

/* Attention over the rows of a cache, @stride apart: out[t] = scale Σ q[i] rows[t][i] for t <
 * count, i < width */
void kernels_score(float *out, const float *q, const float *rows, size_t stride, size_t width,
                   size_t count, float scale);

/* out[i] = Σ weights[t] rows[t][i] */
void kernels_mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                 size_t count);

/* out[i] += scale x[i] */
void kernels_add_scaled(float *out, const float *x, float scale, size_t count);

/* out[i] = x[i] / √(mean(x²) + epsilon) · weight[i] */
void kernels_normalise(float *out, const float *x, const float *weight, float epsilon,
                       size_t count);

/* x[i] = exp(x[i]) / Σ exp(x), without overflow */
void kernels_softmax(float *x, size_t count);

/* gate[i] = gate[i] · sigmoid(gate[i]) · up[i] */
void kernels_gate(float *gate, const float *up, size_t count);

/* Turn the pairs (x[2i], x[2i+1]) by position · frequencies[i]; @pairs of them. */
void kernels_rotate(float *x, const float *frequencies, size_t pairs, uint32_t position);

#endif
