/* The truth: short, plain, in the order of the indexes. */
#include <stdint.h>
#include <string.h>

#include "gguf/gguf_half.h"
#include "kernels_impl.h"

#define Q8_0_VALUES 32
#define Q8_0_BYTES 34

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

static float scale_of(const unsigned char *block)
{
    uint16_t half;

    memcpy(&half, block, sizeof(half));
    return gguf_half_to_float(half);
}

static float dot_q8_0(const void *row, const float *x, size_t count)
{
    const unsigned char *block = row;
    float sum = 0;

    for (size_t i = 0; i < count; i += Q8_0_VALUES, block += Q8_0_BYTES) {
        float part = 0;

        for (size_t j = 0; j < Q8_0_VALUES; j++)
            part += (float)(int8_t)block[2 + j] * x[i + j];
        sum += part * scale_of(block);
    }
    return sum;
}

static void expand_f16(float *out, const void *row, size_t count)
{
    const uint16_t *values = row;

    for (size_t i = 0; i < count; i++)
        out[i] = gguf_half_to_float(values[i]);
}

static void expand_q8_0(float *out, const void *row, size_t count)
{
    const unsigned char *block = row;

    for (size_t i = 0; i < count; i += Q8_0_VALUES, block += Q8_0_BYTES) {
        for (size_t j = 0; j < Q8_0_VALUES; j++)
            out[i + j] = (float)(int8_t)block[2 + j] * scale_of(block);
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
    memset(out, 0, width * sizeof(*out));
    for (size_t t = 0; t < count; t++)
        add_scaled(out, rows + t * stride, weights[t], width);
}

const struct kernels kernels_generic = { "generic",  dot_f32,     dot_f16,    dot_bf16, dot_q8_0,
                                         expand_f16, expand_q8_0, add_scaled, score,    mix };
