/* The kernels that have more than one version. Only for files of the kernels and their tests. */
#ifndef KERNELS_IMPL_H
#define KERNELS_IMPL_H

#include <stddef.h>

/* @row points at @count values of the type in the name, in the file's layout; Q8_0 in whole blocks
 * of 32. */
struct kernels {
    const char *name;
    float (*dot_f32)(const void *row, const float *x, size_t count);
    float (*dot_f16)(const void *row, const float *x, size_t count);
    float (*dot_bf16)(const void *row, const float *x, size_t count);
    float (*dot_q8_0)(const void *row, const float *x, size_t count);
    void (*expand_f16)(float *out, const void *row, size_t count);
    void (*expand_q8_0)(float *out, const void *row, size_t count);
    void (*add_scaled)(float *out, const float *x, float scale, size_t count);
    /* out[t] = scale Σ q[i] rows[t stride + i], and out[i] = Σ weights[t] rows[t stride + i]; i <
     * width, t < count */
    void (*score)(float *out, const float *q, const float *rows, size_t stride, size_t width,
                  size_t count, float scale);
    void (*mix)(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                size_t count);
};

extern const struct kernels kernels_generic;

/* NULL where the processor lacks AVX2, FMA or F16C. */
const struct kernels *kernels_avx2(void);

#endif
