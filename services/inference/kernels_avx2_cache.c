/* Attention over rows of 8 bits: 8 values at a time become floats, and a block's sum is scaled. */
#include <immintrin.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

static inline __m256 floats_at(const int8_t *values)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)values)));
}

static inline float sum_of(__m256 x)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

/* Four rows at a time, so that their chains of additions overlap. */
#define ROWS 4

static void score_rows(float *out, const float *q, const struct kept_rows *rows, size_t first,
                       size_t count, size_t width, float scale)
{
    __m256 sums[ROWS];

    for (size_t j = 0; j < count; j++)
        sums[j] = _mm256_setzero_ps();
    for (size_t at = 0; at < width; at += BLOCK) {
        __m256 parts[4];

        for (size_t i = 0; i < 4; i++)
            parts[i] = _mm256_loadu_ps(q + at + 8 * i);
        for (size_t j = 0; j < count; j++) {
            const int8_t *values = rows->values + (first + j) * rows->stride + at;
            float block = rows->scales[(first + j) * rows->scales_stride + at / BLOCK];
            __m256 even = _mm256_mul_ps(parts[0], floats_at(values));
            __m256 odd = _mm256_mul_ps(parts[1], floats_at(values + 8));

            even = _mm256_fmadd_ps(parts[2], floats_at(values + 16), even);
            odd = _mm256_fmadd_ps(parts[3], floats_at(values + 24), odd);
            sums[j] = _mm256_fmadd_ps(_mm256_add_ps(even, odd), _mm256_set1_ps(block), sums[j]);
        }
    }
    for (size_t j = 0; j < count; j++)
        out[first + j] = scale * sum_of(sums[j]);
}

void kernels_avx2_score_kept(float *out, const float *q, const struct kept_rows *rows, size_t width,
                             size_t count, float scale)
{
    if (width % BLOCK != 0) {
        kernels_generic.score_kept(out, q, rows, width, count, scale);
        return;
    }
    for (size_t t = 0; t < count; t += ROWS)
        score_rows(out, q, rows, t, count - t < ROWS ? count - t : ROWS, width, scale);
}

/* A block of columns at a time, its sums in registers over all rows. */
void kernels_avx2_mix_kept(float *out, const float *weights, const struct kept_rows *rows,
                           size_t width, size_t count)
{
    if (width % BLOCK != 0) {
        kernels_generic.mix_kept(out, weights, rows, width, count);
        return;
    }
    for (size_t at = 0; at < width; at += BLOCK) {
        __m256 sums[4];

        for (size_t i = 0; i < 4; i++)
            sums[i] = _mm256_loadu_ps(out + at + 8 * i);
        for (size_t t = 0; t < count; t++) {
            const int8_t *values = rows->values + t * rows->stride + at;
            __m256 weight =
                _mm256_set1_ps(weights[t] * rows->scales[t * rows->scales_stride + at / BLOCK]);

            for (size_t i = 0; i < 4; i++)
                sums[i] = _mm256_fmadd_ps(weight, floats_at(values + 8 * i), sums[i]);
        }
        for (size_t i = 0; i < 4; i++)
            _mm256_storeu_ps(out + at + 8 * i, sums[i]);
    }
}
