/* Choosing a version, and what has only one. */
#include "kernels.h"

#include <math.h>

#include "base/check.h"
#include "kernels_impl.h"
#include "kernels_pack.h"

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

const struct kernels *kernels_chosen(void)
{
    return chosen;
}

size_t kernels_q8_bytes(size_t n, size_t columns)
{
    return n * (columns / BLOCK) * Q8_BLOCK_BYTES;
}

size_t kernels_q16_bytes(size_t n, size_t columns)
{
    return n * (columns / BLOCK) * Q16_BLOCK_BYTES;
}

static bool wants_16(enum matrix_form form)
{
    return form == MATRIX_FORM_Q8;
}

bool kernels_quantise_is_due(const struct vectors *vectors, enum matrix_form form)
{
    return wants_16(form) ? !vectors->has_q16 : form > MATRIX_FORM_Q8 && !vectors->has_q8;
}

void kernels_quantise_part(const struct vectors *vectors, enum matrix_form form, uint32_t first,
                           uint32_t count)
{
    size_t columns = vectors->columns, bytes = wants_16(form) ? Q16_BLOCK_BYTES : Q8_BLOCK_BYTES;
    char *values = wants_16(form) ? vectors->q16 : vectors->q8;

    for (uint32_t i = first; i < first + count; i++)
        (wants_16(form) ? chosen->quantise_16 : chosen->quantise_8)(
            vectors->x + i * columns, columns, tile_at(values, vectors->columns, i, bytes),
            tile_width(vectors->n, i), i % TILE);
}

void kernels_quantise_done(struct vectors *vectors, enum matrix_form form)
{
    vectors->has_q16 |= wants_16(form);
    vectors->has_q8 |= form > MATRIX_FORM_Q8;
}

void kernels_quantise(struct vectors *vectors, enum matrix_form form)
{
    if (kernels_quantise_is_due(vectors, form))
        kernels_quantise_part(vectors, form, 0, vectors->n);
    kernels_quantise_done(vectors, form);
}

static void multiply_floats(float *out, const struct matrix *matrix, const struct vectors *vectors,
                            uint32_t first, uint32_t rows)
{
    float (*dot)(const void *, const float *, size_t) =
        matrix->form == MATRIX_FORM_F32   ? chosen->dot_f32
        : matrix->form == MATRIX_FORM_F16 ? chosen->dot_f16
                                          : chosen->dot_bf16;

    for (uint32_t row = first; row < first + rows; row++) {
        const char *weights = (const char *)matrix->data + row * matrix->stride;

        for (uint32_t i = 0; i < vectors->n; i++)
            out[(size_t)i * matrix->rows + row] =
                dot(weights, vectors->x + (size_t)i * matrix->columns, matrix->columns);
    }
}

void kernels_multiply(float *out, const struct matrix *matrix, const struct vectors *vectors,
                      uint32_t first, uint32_t groups)
{
    if (matrix_is_float(matrix))
        multiply_floats(out, matrix, vectors, first, groups);
    else
        chosen->multiply[matrix->form](out, matrix, vectors, first, groups);
}

uint32_t kernels_multiply_mapped(float *out, const struct matrix *matrix,
                                 const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    return chosen->multiply_rows == NULL
               ? 0
               : chosen->multiply_rows(out, matrix, vectors, first, groups);
}

void kernels_expand_rows(float *out, const struct matrix *matrix, uint32_t first, uint32_t count)
{
    static const enum gguf_tensor_type types[] = { [MATRIX_FORM_F32] = GGUF_TENSOR_TYPE_F32,
                                                   [MATRIX_FORM_F16] = GGUF_TENSOR_TYPE_F16,
                                                   [MATRIX_FORM_BF16] = GGUF_TENSOR_TYPE_BF16 };
    struct table table = { types[matrix->form], matrix->rows, matrix->columns, matrix->stride,
                           matrix->data };

    CHECK(matrix_is_float(matrix));
    for (uint32_t i = 0; i < count; i++)
        kernels_expand_row(out + (size_t)i * matrix->columns, &table, first + i);
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

void kernels_keep(const struct kept_rows *rows, size_t row, const float *x, size_t width)
{
    int8_t *values = rows->values + row * rows->stride;
    float *scales = rows->scales + row * rows->scales_stride;

    for (size_t at = 0; at < width; at += BLOCK) {
        size_t end = width - at < BLOCK ? width : at + BLOCK;
        float largest = 0, scale;

        for (size_t i = at; i < end; i++)
            largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        scales[at / BLOCK] = scale = largest / 127;
        for (size_t i = at; i < end; i++)
            values[i] = scale > 0 ? (int8_t)lrintf(x[i] / scale) : 0;
    }
}

void kernels_score_kept(float *out, const float *q, const struct kept_rows *rows, size_t width,
                        size_t count, float scale)
{
    chosen->score_kept(out, q, rows, width, count, scale);
}

void kernels_mix_kept(float *out, const float *weights, const struct kept_rows *rows, size_t width,
                      size_t count)
{
    chosen->mix_kept(out, weights, rows, width, count);
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
    chosen->softmax(x, count);
}

void kernels_gate_silu(float *gate, const float *up, size_t count)
{
    chosen->gate_silu(gate, up, count);
}

void kernels_gate_gelu(float *gate, const float *up, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float x = gate[i], inner = 0.7978845608f * (x + 0.044715f * x * x * x);

        gate[i] = 0.5f * x * (1.0f + tanhf(inner)) * up[i];
    }
}

void kernels_soft_cap(float *x, float cap, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = cap * tanhf(x[i] / cap);
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

void kernels_rotate_halves(float *x, const float *frequencies, size_t pairs, uint32_t position)
{
    for (size_t i = 0; i < pairs; i++) {
        float angle = (float)position * frequencies[i];
        float c = cosf(angle), s = sinf(angle), a = x[i], b = x[i + pairs];

        x[i] = a * c - b * s;
        x[i + pairs] = a * s + b * c;
    }
}
