/* The kernels that have more than one version. Only for files of the kernels and their tests. */
#ifndef KERNELS_IMPL_H
#define KERNELS_IMPL_H

#include "kernels.h"

struct kernels {
    const char *name;
    /* @row points at @count values of the type in the name. */
    float (*dot_f32)(const void *row, const float *x, size_t count);
    float (*dot_f16)(const void *row, const float *x, size_t count);
    float (*dot_bf16)(const void *row, const float *x, size_t count);
    void (*expand_f16)(float *out, const void *row, size_t count);
    /* The eight rows of @table from @row, or as many as there are, to a group. */
    void (*pack)(const struct table *table, uint32_t row, void *group);
    /* kernels_multiply for each quantised form */
    void (*multiply[MATRIX_FORM_COUNT])(float *out, const struct matrix *matrix,
                                        const struct vectors *vectors, uint32_t first,
                                        uint32_t groups);
    /* kernels_multiply_mapped; NULL: none. */
    uint32_t (*multiply_rows)(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups);
    /* One vector of @count values, a multiple of 32, to its place @index in a tile of @width. */
    void (*quantise_8)(const float *x, size_t count, char *tile, unsigned width, unsigned index);
    void (*quantise_16)(const float *x, size_t count, char *tile, unsigned width, unsigned index);
    void (*add_scaled)(float *out, const float *x, float scale, size_t count);
    /* out[t] = scale Σ q[i] rows[t stride + i], and out[i] += Σ weights[t] rows[t stride + i]; i <
     * width, t < count */
    void (*score)(float *out, const float *q, const float *rows, size_t stride, size_t width,
                  size_t count, float scale);
    void (*mix)(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                size_t count);
    void (*score_kept)(float *out, const float *q, const struct kept_rows *rows, size_t width,
                       size_t count, float scale);
    void (*mix_kept)(float *out, const float *weights, const struct kept_rows *rows, size_t width,
                     size_t count);
    void (*softmax)(float *x, size_t count);
    void (*gate_silu)(float *gate, const float *up, size_t count);
};

extern const struct kernels kernels_generic;

/* NULL where the processor lacks AVX2, FMA or F16C. */
const struct kernels *kernels_avx2(void);

/* What this process computes with. */
const struct kernels *kernels_chosen(void);

/* kernels_pack.c and kernels_avx2_pack.c */
void kernels_generic_pack(const struct table *table, uint32_t row, void *group);
void kernels_avx2_pack(const struct table *table, uint32_t row, void *group);

/* kernels_avx2_rows.c */
uint32_t kernels_avx2_multiply_rows(float *out, const struct matrix *matrix,
                                    const struct vectors *vectors, uint32_t first, uint32_t groups);

/* kernels_avx2_cache.c */
void kernels_avx2_score_kept(float *out, const float *q, const struct kept_rows *rows, size_t width,
                             size_t count, float scale);
void kernels_avx2_mix_kept(float *out, const float *weights, const struct kept_rows *rows,
                           size_t width, size_t count);

/* kernels_generic_packed.c and kernels_avx2_packed.c: multiply of the tables above. */
void kernels_generic_multiply(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups);
void kernels_avx2_multiply_q8(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups);
void kernels_avx2_multiply_q4(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups);
void kernels_avx2_multiply_q4k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups);
void kernels_avx2_multiply_q5k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups);
void kernels_avx2_multiply_q6k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups);

#endif
