/* The parts of the forward and the backward pass that are no matrix products. Arrays are row-major
 * [rows][columns]; "add" in a comment means that the result is added to what is there. Any thread.
 */
#ifndef TRAIN_KERNELS_H
#define TRAIN_KERNELS_H

#include <stddef.h>

/* out = x / rms(x) * weight, row by row; @inverse_rms [rows] is kept for the way back. */
void kernel_rmsnorm(const float *x, const float *weight, float epsilon, size_t rows, size_t columns,
                    float *out, float *inverse_rms);

/* From d_out: add to d_x and to d_weight. */
void kernel_rmsnorm_back(const float *d_out, const float *x, const float *weight,
                         const float *inverse_rms, size_t rows, size_t columns, float *d_x,
                         float *d_weight);

/* out [rows][n] = silu(gate) * up of gate_up [rows][2 n]. */
void kernel_swiglu(const float *gate_up, size_t rows, size_t n, float *out);

/* d_gate_up [rows][2 n] is overwritten. */
void kernel_swiglu_back(const float *d_out, const float *gate_up, size_t rows, size_t n,
                        float *d_gate_up);

/* cos and sin of position * base^(-2 pair / head_size): tables [positions][head_size / 2]. */
void kernel_rope_tables(float base, size_t head_size, size_t positions, float *cosines,
                        float *sines);

/* Turn neighbouring pairs of @heads heads in one row, in place; @direction -1 turns back (the
 * gradient). */
void kernel_rope(float *row, size_t heads, size_t head_size, const float *cosines,
                 const float *sines, float direction);

/* Softmax of scale * row[0..seen), in place; row[seen..columns) becomes 0. */
void kernel_softmax(float *row, float scale, size_t seen, size_t columns);

/* d_row = scale * row * (d_row - dot), where dot = sum(row * d_row): the way back of
 * kernel_softmax. */
void kernel_softmax_back(float *d_row, const float *row, float scale, size_t columns);

/* Cross entropy of one row of logits: returns -log p(target), and turns the row into scale * (p -
 * one_hot(target)). @best is the most likely column. */
float kernel_cross_entropy(float *logits, size_t columns, size_t target, float scale, size_t *best);

/* y += x */
void kernel_add(float *y, const float *x, size_t count);

#endif
