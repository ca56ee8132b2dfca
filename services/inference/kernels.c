/* Choosing a version, and what has only one. */
#include "kernels.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "gguf/gguf_half.h"
#include "kernels_impl.h"

#if !defined(__x86_64__)
const struct kernels *kernels_avx2(void)
{
    return NULL;
}
#endif

static const struct kernels *chosen = &kernels_generic;

/* Before main and so before any thread. */
__attribute__((constructor)) static void choose(void)
{
    const struct kernels *avx2 = kernels_avx2();

    if (avx2 != NULL)
        chosen = avx2;
}

const char *kernels_name(void)
{
    return chosen->name;
}

bool kernels_has_type(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_TYPE_F32 || type == GGUF_TENSOR_TYPE_F16
           || type == GGUF_TENSOR_TYPE_BF16 || type == GGUF_TENSOR_TYPE_Q8_0;
}

void kernels_multiply_vector(float *out, const struct matrix *matrix, const float *x)
{
    float (*dot)(const void *, const float *, size_t) = NULL;
    const char *row = matrix->data;

    switch (matrix->type) {
    case GGUF_TENSOR_TYPE_F32:
        dot = chosen->dot_f32;
        break;
    case GGUF_TENSOR_TYPE_F16:
        dot = chosen->dot_f16;
        break;
    case GGUF_TENSOR_TYPE_BF16:
        dot = chosen->dot_bf16;
        break;
    case GGUF_TENSOR_TYPE_Q8_0:
        dot = chosen->dot_q8_0;
        break;
    default:
        CHECK(!"a type that kernels_has_type refuses");
    }
    for (uint32_t i = 0; i < matrix->rows; i++, row += matrix->row_bytes)
        out[i] = dot(row, x, matrix->columns);
}

static void expand(float *out, enum gguf_tensor_type type, const void *row, size_t count)
{
    const uint16_t *halves = row;

    switch (type) {
    case GGUF_TENSOR_TYPE_F32:
        memcpy(out, row, count * sizeof(*out));
        return;
    case GGUF_TENSOR_TYPE_F16:
        chosen->expand_f16(out, row, count);
        return;
    case GGUF_TENSOR_TYPE_BF16:
        for (size_t i = 0; i < count; i++)
            out[i] = gguf_half_bf16_to_float(halves[i]);
        return;
    case GGUF_TENSOR_TYPE_Q8_0:
        chosen->expand_q8_0(out, row, count);
        return;
    default:
        CHECK(!"a type that kernels_has_type refuses");
    }
}

void kernels_expand_rows(float *out, const struct matrix *matrix, uint32_t first, uint32_t count)
{
    const char *row = (const char *)matrix->data + (size_t)first * matrix->row_bytes;

    CHECK(first <= matrix->rows && count <= matrix->rows - first);
    for (uint32_t i = 0; i < count; i++, row += matrix->row_bytes, out += matrix->columns)
        expand(out, matrix->type, row, matrix->columns);
}

void kernels_score(float *out, const float *q, const float *rows, size_t stride, size_t width,
                   size_t count, float scale)
{
    chosen->score(out, q, rows, stride, width, count, scale);
}

void kernels_mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                 size_t count)
{
    chosen->mix(out, weights, rows, stride, width, count);
}

void kernels_add_scaled(float *out, const float *x, float scale, size_t count)
{
    chosen->add_scaled(out, x, scale, count);
}

void kernels_normalise(float *out, const float *x, const float *weight, float epsilon, size_t count)
{
    float mean = chosen->dot_f32(x, x, count) / (float)count;
    float scale = 1.0f / sqrtf(mean + epsilon);

    for (size_t i = 0; i < count; i++)
        out[i] = x[i] * scale * weight[i];
}

void kernels_softmax(float *x, size_t count)
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

void kernels_gate(float *gate, const float *up, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

void kernels_rotate(float *x, const float *frequencies, size_t pairs, uint32_t position)
{
    for (size_t i = 0; i < pairs; i++) {
        float angle = (float)position * frequencies[i];
        float c = cosf(angle), s = sinf(angle), a = x[2 * i], b = x[2 * i + 1];

        x[2 * i] = a * c - b * s;
        x[2 * i + 1] = a * s + b * c;
    }
}
