/* AVX2, FMA and F16C. Compiled with those flags: nothing here may run before kernels_avx2 has asked
 * the processor. Four sums in flight hide the latency of the additions; what is left of a row goes
 * to the generic version. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "kernels_impl.h"

static float sum_of(__m256 a, __m256 b, __m256 c, __m256 d)
{
    __m256 all = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));

    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

static __m256 load_f16(const uint16_t *values)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)values));
}

static __m256 load_bf16(const uint16_t *values)
{
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)values));

    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

static __m256 load_i8(const unsigned char *values)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)values)));
}

static float dot_f32(const void *row, const float *x, size_t count)
{
    const float *values = row;
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        s0 = _mm256_fmadd_ps(_mm256_loadu_ps(values + i), _mm256_loadu_ps(x + i), s0);
        s1 = _mm256_fmadd_ps(_mm256_loadu_ps(values + i + 8), _mm256_loadu_ps(x + i + 8), s1);
        s2 = _mm256_fmadd_ps(_mm256_loadu_ps(values + i + 16), _mm256_loadu_ps(x + i + 16), s2);
        s3 = _mm256_fmadd_ps(_mm256_loadu_ps(values + i + 24), _mm256_loadu_ps(x + i + 24), s3);
    }
    for (; i + 8 <= count; i += 8)
        s0 = _mm256_fmadd_ps(_mm256_loadu_ps(values + i), _mm256_loadu_ps(x + i), s0);
    return sum_of(s0, s1, s2, s3) + kernels_generic.dot_f32(values + i, x + i, count - i);
}

static float dot_f16(const void *row, const float *x, size_t count)
{
    const uint16_t *values = row;
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        s0 = _mm256_fmadd_ps(load_f16(values + i), _mm256_loadu_ps(x + i), s0);
        s1 = _mm256_fmadd_ps(load_f16(values + i + 8), _mm256_loadu_ps(x + i + 8), s1);
        s2 = _mm256_fmadd_ps(load_f16(values + i + 16), _mm256_loadu_ps(x + i + 16), s2);
        s3 = _mm256_fmadd_ps(load_f16(values + i + 24), _mm256_loadu_ps(x + i + 24), s3);
    }
    return sum_of(s0, s1, s2, s3) + kernels_generic.dot_f16(values + i, x + i, count - i);
}

static float dot_bf16(const void *row, const float *x, size_t count)
{
    const uint16_t *values = row;
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        s0 = _mm256_fmadd_ps(load_bf16(values + i), _mm256_loadu_ps(x + i), s0);
        s1 = _mm256_fmadd_ps(load_bf16(values + i + 8), _mm256_loadu_ps(x + i + 8), s1);
        s2 = _mm256_fmadd_ps(load_bf16(values + i + 16), _mm256_loadu_ps(x + i + 16), s2);
        s3 = _mm256_fmadd_ps(load_bf16(values + i + 24), _mm256_loadu_ps(x + i + 24), s3);
    }
    return sum_of(s0, s1, s2, s3) + kernels_generic.dot_bf16(values + i, x + i, count - i);
}

static __m256 scale_of(const unsigned char *block)
{
    uint16_t half;

    memcpy(&half, block, sizeof(half));
    return _mm256_set1_ps(_cvtsh_ss(half));
}

static float dot_q8_0(const void *row, const float *x, size_t count)
{
    const unsigned char *block = row;
    __m256 zero = _mm256_setzero_ps(), s0 = zero, s1 = zero;

    for (size_t i = 0; i < count; i += 32, block += 34) {
        __m256 scale = scale_of(block), a, b;

        a = _mm256_mul_ps(load_i8(block + 2), _mm256_loadu_ps(x + i));
        b = _mm256_mul_ps(load_i8(block + 10), _mm256_loadu_ps(x + i + 8));
        a = _mm256_fmadd_ps(load_i8(block + 18), _mm256_loadu_ps(x + i + 16), a);
        b = _mm256_fmadd_ps(load_i8(block + 26), _mm256_loadu_ps(x + i + 24), b);
        s0 = _mm256_fmadd_ps(a, scale, s0);
        s1 = _mm256_fmadd_ps(b, scale, s1);
    }
    return sum_of(s0, s1, zero, zero);
}

static void expand_f16(float *out, const void *row, size_t count)
{
    const uint16_t *values = row;
    size_t i = 0;

    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, load_f16(values + i));
    kernels_generic.expand_f16(out + i, values + i, count - i);
}

static void expand_q8_0(float *out, const void *row, size_t count)
{
    const unsigned char *block = row;

    for (size_t i = 0; i < count; i += 32, block += 34) {
        __m256 scale = scale_of(block);

        for (size_t j = 0; j < 32; j += 8)
            _mm256_storeu_ps(out + i + j, _mm256_mul_ps(load_i8(block + 2 + j), scale));
    }
}

static void add_scaled(float *out, const float *x, float scale, size_t count)
{
    __m256 factor = _mm256_set1_ps(scale);
    size_t i = 0;

    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i,
                         _mm256_fmadd_ps(factor, _mm256_loadu_ps(x + i), _mm256_loadu_ps(out + i)));
    kernels_generic.add_scaled(out + i, x + i, scale, count - i);
}

/* Eight sums of eight lanes each, to one vector of eight sums. */
static __m256 sums_of_8(const __m256 *s)
{
    __m256 a = _mm256_hadd_ps(_mm256_hadd_ps(s[0], s[1]), _mm256_hadd_ps(s[2], s[3]));
    __m256 b = _mm256_hadd_ps(_mm256_hadd_ps(s[4], s[5]), _mm256_hadd_ps(s[6], s[7]));

    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}

static void score(float *out, const float *q, const float *rows, size_t stride, size_t width,
                  size_t count, float scale)
{
    size_t t = 0;

    if (width % 8 != 0) {
        kernels_generic.score(out, q, rows, stride, width, count, scale);
        return;
    }
    for (; t + 8 <= count; t += 8) {
        __m256 sums[8];

        for (size_t j = 0; j < 8; j++)
            sums[j] = _mm256_setzero_ps();
        for (size_t i = 0; i < width; i += 8) {
            __m256 part = _mm256_loadu_ps(q + i);

            for (size_t j = 0; j < 8; j++)
                sums[j] =
                    _mm256_fmadd_ps(part, _mm256_loadu_ps(rows + (t + j) * stride + i), sums[j]);
        }
        _mm256_storeu_ps(out + t, _mm256_mul_ps(sums_of_8(sums), _mm256_set1_ps(scale)));
    }
    for (; t < count; t++)
        out[t] = scale * dot_f32(rows + t * stride, q, width);
}

/* Eight columns at a time, their sums in registers over all rows; two of each, for even and odd
 * rows. */
static void mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                size_t count)
{
    size_t i = 0;

    for (; i + 8 <= width; i += 8) {
        __m256 even = _mm256_setzero_ps(), odd = even;
        size_t t = 0;

        for (; t + 2 <= count; t += 2) {
            const float *row = rows + t * stride + i;

            even = _mm256_fmadd_ps(_mm256_broadcast_ss(weights + t), _mm256_loadu_ps(row), even);
            odd = _mm256_fmadd_ps(_mm256_broadcast_ss(weights + t + 1),
                                  _mm256_loadu_ps(row + stride), odd);
        }
        if (t < count)
            even = _mm256_fmadd_ps(_mm256_broadcast_ss(weights + t),
                                   _mm256_loadu_ps(rows + t * stride + i), even);
        _mm256_storeu_ps(out + i, _mm256_add_ps(even, odd));
    }
    if (i < width)
        kernels_generic.mix(out + i, weights, rows + i, stride, width - i, count);
}

const struct kernels *kernels_avx2(void)
{
    static const struct kernels kernels = { "avx2",     dot_f32,     dot_f16,    dot_bf16, dot_q8_0,
                                            expand_f16, expand_q8_0, add_scaled, score,    mix };

    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")
        || !__builtin_cpu_supports("f16c"))
        return NULL;
    return &kernels;
}
