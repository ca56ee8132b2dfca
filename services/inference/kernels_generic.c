/* The truth: short, plain, in the order of the indexes. */
#include <math.h>
#include <string.h>

#include "gguf/gguf_half.h"
#include "kernels_impl.h"
#include "kernels_pack.h"

static float dot_f32(const void *row, const float *x, size_t count)
{
    const float *values = row;
    float sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i] * x[i];
    return sum;
}

static float dot_f16(const void *row, const float *x, size_t count)
{
    const uint16_t *values = row;
    float sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += gguf_half_to_float(values[i]) * x[i];
    return sum;
}

static float dot_bf16(const void *row, const float *x, size_t count)
{
    const uint16_t *values = row;
    float sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += gguf_half_bf16_to_float(values[i]) * x[i];
    return sum;
}

static void expand_f16(float *out, const void *row, size_t count)
{
    const uint16_t *values = row;

    for (size_t i = 0; i < count; i++)
        out[i] = gguf_half_to_float(values[i]);
}

/* The values of 32 at a time as whole multiples of a scale that the largest of them fills. */
static float quantise_block(const float *x, float most, int *out)
{
    float largest = 0, scale;

    for (unsigned i = 0; i < BLOCK; i++)
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    scale = largest / most;
    for (unsigned i = 0; i < BLOCK; i++)
        out[i] = scale > 0 ? (int)lrintf(x[i] / scale) : 0;
    return scale;
}

static void quantise_8(const float *x, size_t count, char *tile, unsigned width, unsigned index)
{
    int block[BLOCK];

    for (size_t at = 0; at < count; at += BLOCK, tile += width * Q8_BLOCK_BYTES) {
        int8_t *values = (int8_t *)tile + (size_t)index * BLOCK;
        float *scales = (float *)(void *)(tile + (size_t)width * BLOCK), *sums = scales + width;
        int16_t *starts = (int16_t *)(void *)(sums + width) + (size_t)index * 4;

        scales[index] = quantise_block(x + at, 127, block);
        memset(starts, 0, 4 * sizeof(*starts));
        sums[index] = 0;
        for (unsigned i = 0; i < BLOCK; i++) {
            values[i] = (int8_t)block[i];
            sums[index] += (float)block[i];
            starts[i / 16 * 2 + i / 2 % 2] -= (int16_t)(START_WEIGHT * block[i]);
        }
    }
}

static void quantise_16(const float *x, size_t count, char *tile, unsigned width, unsigned index)
{
    int block[BLOCK];

    for (size_t at = 0; at < count; at += BLOCK, tile += width * Q16_BLOCK_BYTES) {
        int16_t *values = (int16_t *)(void *)tile + (size_t)index * BLOCK;
        float *scales = (float *)(void *)(tile + (size_t)width * BLOCK * 2);

        scales[index] = quantise_block(x + at, 32767, block);
        for (unsigned i = 0; i < BLOCK; i++)
            values[i] = (int16_t)block[i];
    }
}

static void add_scaled(float *out, const float *x, float scale, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] += scale * x[i];
}

static void score(float *out, const float *q, const float *rows, size_t stride, size_t width,
                  size_t count, float scale)
{
    for (size_t t = 0; t < count; t++)
        out[t] = scale * dot_f32(rows + t * stride, q, width);
}

static void mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                size_t count)
{
    for (size_t t = 0; t < count; t++)
        add_scaled(out, rows + t * stride, weights[t], width);
}

static void score_kept(float *out, const float *q, const struct kept_rows *rows, size_t width,
                       size_t count, float scale)
{
    for (size_t t = 0; t < count; t++) {
        const int8_t *values = rows->values + t * rows->stride;
        const float *scales = rows->scales + t * rows->scales_stride;
        float sum = 0;

        for (size_t i = 0; i < width; i++)
            sum += q[i] * scales[i / BLOCK] * (float)values[i];
        out[t] = scale * sum;
    }
}

static void mix_kept(float *out, const float *weights, const struct kept_rows *rows, size_t width,
                     size_t count)
{
    for (size_t t = 0; t < count; t++) {
        const int8_t *values = rows->values + t * rows->stride;
        const float *scales = rows->scales + t * rows->scales_stride;

        for (size_t i = 0; i < width; i++)
            out[i] += weights[t] * scales[i / BLOCK] * (float)values[i];
    }
}

static void softmax(float *x, size_t count)
{
    float largest = x[0], sum = 0;

    for (size_t i = 1; i < count; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < count; i++) {
        x[i] = expf(x[i] - largest);
        sum += x[i];
    }
    for (size_t i = 0; i < count; i++)
        x[i] /= sum;
}

static void gate_silu(float *gate, const float *up, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

const struct kernels kernels_generic = {
    .name = "generic",
    .dot_f32 = dot_f32,
    .dot_f16 = dot_f16,
    .dot_bf16 = dot_bf16,
    .expand_f16 = expand_f16,
    .pack = kernels_generic_pack,
    .multiply = { [MATRIX_FORM_Q8] = kernels_generic_multiply,
                  [MATRIX_FORM_Q4] = kernels_generic_multiply,
                  [MATRIX_FORM_Q4K] = kernels_generic_multiply,
                  [MATRIX_FORM_Q5K] = kernels_generic_multiply,
                  [MATRIX_FORM_Q6K] = kernels_generic_multiply },
    .quantise_8 = quantise_8,
    .quantise_16 = quantise_16,
    .add_scaled = add_scaled,
    .score = score,
    .mix = mix,
    .score_kept = score_kept,
    .mix_kept = mix_kept,
    .softmax = softmax,
    .gate_silu = gate_silu,
};
