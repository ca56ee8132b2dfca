/* AVX2, FMA and F16C. Compiled with those flags: nothing here may run before kernels_avx2 has asked
 * the processor. Four sums in flight hide the latency of the additions; what is left of a row goes
 * to the generic version. */
#include <cpuid.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

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

static void expand_f16(float *out, const void *row, size_t count)
{
    const uint16_t *values = row;
    size_t i = 0;

    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(out + i, load_f16(values + i));
    kernels_generic.expand_f16(out + i, values + i, count - i);
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

/* Sums of @n times eight columns in registers over all rows; two of each, for even and odd rows. */
static inline __attribute__((always_inline)) void mix_columns(float *out, const float *weights,
                                                              const float *rows, size_t stride,
                                                              size_t count, size_t n)
{
    __m256 even[4], odd[4];
    size_t t = 0;

    for (size_t j = 0; j < n; j++)
        even[j] = odd[j] = _mm256_setzero_ps();
    for (; t + 2 <= count; t += 2) {
        const float *row = rows + t * stride;
        __m256 first = _mm256_broadcast_ss(weights + t);
        __m256 second = _mm256_broadcast_ss(weights + t + 1);

        for (size_t j = 0; j < n; j++) {
            even[j] = _mm256_fmadd_ps(first, _mm256_loadu_ps(row + 8 * j), even[j]);
            odd[j] = _mm256_fmadd_ps(second, _mm256_loadu_ps(row + stride + 8 * j), odd[j]);
        }
    }
    for (size_t j = 0; j < n; j++) {
        if (t < count)
            even[j] = _mm256_fmadd_ps(_mm256_broadcast_ss(weights + t),
                                      _mm256_loadu_ps(rows + t * stride + 8 * j), even[j]);
        _mm256_storeu_ps(out + 8 * j, _mm256_add_ps(_mm256_loadu_ps(out + 8 * j),
                                                    _mm256_add_ps(even[j], odd[j])));
    }
}

static void mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                size_t count)
{
    size_t i = 0;

    for (; i + 32 <= width; i += 32)
        mix_columns(out + i, weights, rows + i, stride, count, 4);
    for (; i + 8 <= width; i += 8)
        mix_columns(out + i, weights, rows + i, stride, count, 1);
    if (i < width)
        kernels_generic.mix(out + i, weights, rows + i, stride, width - i, count);
}

/* The largest magnitude of 32 values. */
static inline float largest_of(const float *x)
{
    __m256 sign = _mm256_set1_ps(-0.0f), most = _mm256_setzero_ps();
    __m128 half;

    for (size_t i = 0; i < 4; i++)
        most = _mm256_max_ps(most, _mm256_andnot_ps(sign, _mm256_loadu_ps(x + 8 * i)));
    half = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/* 32 values as whole multiples of the scale that is returned. They are read twice: a compiler would
 * keep them on the stack, in halves. */
static inline float quantise_block(const float *x, float most, __m256i *out)
{
    float scale = largest_of(x) / most;

    for (size_t i = 0; i < 4; i++)
        out[i] = scale > 0 ? _mm256_cvtps_epi32(
                     _mm256_div_ps(_mm256_loadu_ps(x + 8 * i), _mm256_set1_ps(scale)))
                           : _mm256_setzero_si256();
    return scale;
}

static int32_t sum_of_ints(__m256i a)
{
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));

    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

/* Sixteen values, in order, from two vectors of eight. */
static __m256i narrow(__m256i a, __m256i b)
{
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
}

/* kernels_pack.h: the starts of 32 values of 8 bits, four lanes of 16 bits. */
static void put_starts(int16_t *starts, __m256i bytes)
{
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
    uint32_t halves[2];

    pairs = _mm256_add_epi16(pairs, _mm256_shuffle_epi32(pairs, 0x4e));
    pairs = _mm256_add_epi16(pairs, _mm256_shuffle_epi32(pairs, 0xb1));
    pairs = _mm256_mullo_epi16(pairs, _mm256_set1_epi16(-START_WEIGHT));
    halves[0] = (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(pairs));
    halves[1] = (uint32_t)_mm_cvtsi128_si32(_mm256_extracti128_si256(pairs, 1));
    memcpy(starts, halves, sizeof(halves));
}

static void quantise_8(const float *x, size_t count, char *tile, unsigned width, unsigned index)
{
    for (size_t at = 0; at < count; at += BLOCK, tile += width * Q8_BLOCK_BYTES) {
        float *scales = (float *)(void *)(tile + (size_t)width * BLOCK), *sums = scales + width;
        int16_t *starts = (int16_t *)(void *)(sums + width) + (size_t)index * 4;
        __m256i block[4], bytes;

        scales[index] = quantise_block(x + at, 127, block);
        sums[index] = (float)sum_of_ints(_mm256_add_epi32(_mm256_add_epi32(block[0], block[1]),
                                                          _mm256_add_epi32(block[2], block[3])));
        bytes = _mm256_packs_epi16(narrow(block[0], block[1]), narrow(block[2], block[3]));
        bytes = _mm256_permute4x64_epi64(bytes, 0xd8);
        _mm256_storeu_si256((__m256i *)(void *)(tile + (size_t)index * BLOCK), bytes);
        put_starts(starts, bytes);
    }
}

static void quantise_16(const float *x, size_t count, char *tile, unsigned width, unsigned index)
{
    for (size_t at = 0; at < count; at += BLOCK, tile += width * Q16_BLOCK_BYTES) {
        float *scales = (float *)(void *)(tile + (size_t)width * BLOCK * 2);
        __m256i *values = (__m256i *)(void *)(tile + (size_t)index * BLOCK * 2), block[4];

        scales[index] = quantise_block(x + at, 32767, block);
        _mm256_storeu_si256(values, narrow(block[0], block[1]));
        _mm256_storeu_si256(values + 1, narrow(block[2], block[3]));
    }
}

/* eˣ: 2ⁿ times a polynomial of what is left, |x - n ln 2| ≤ ln 2 / 2, to about an ulp (the
 * coefficients are those of Cephes' expf). */
static __m256 exp_of(__m256 x)
{
    __m256 n, p;

    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87.3f)), _mm256_set1_ps(88.3f));
    n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), x);
    p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(p, _mm256_mul_ps(x, x), _mm256_add_ps(x, _mm256_set1_ps(1.0f)));
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}

/* Eight or fewer values; the lanes beyond are @filler. */
static __m256 load_some(const float *x, size_t count, float filler)
{
    float lanes[8];

    if (count >= 8)
        return _mm256_loadu_ps(x);
    for (size_t i = 0; i < 8; i++)
        lanes[i] = i < count ? x[i] : filler;
    return _mm256_loadu_ps(lanes);
}

static void store_some(float *out, __m256 values, size_t count)
{
    float lanes[8];

    if (count >= 8) {
        _mm256_storeu_ps(out, values);
        return;
    }
    _mm256_storeu_ps(lanes, values);
    memcpy(out, lanes, count * sizeof(*out));
}

static float maximum_of(const float *x, size_t count)
{
    __m256 most = _mm256_set1_ps(-INFINITY);
    float lanes[8], largest = -INFINITY;

    for (size_t i = 0; i < count; i += 8)
        most = _mm256_max_ps(load_some(x + i, count - i, -INFINITY), most);
    _mm256_storeu_ps(lanes, most);
    for (int i = 0; i < 8; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    return largest;
}

static void softmax(float *x, size_t count)
{
    __m256 most = _mm256_set1_ps(maximum_of(x, count)), sum = _mm256_setzero_ps();
    float total;

    for (size_t i = 0; i < count; i += 8) {
        __m256 e = exp_of(_mm256_sub_ps(load_some(x + i, count - i, -INFINITY), most));

        store_some(x + i, e, count - i);
        sum = _mm256_add_ps(sum, load_some(x + i, count - i, 0));
    }
    total = sum_of(sum, _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps());
    for (size_t i = 0; i < count; i++)
        x[i] /= total;
}

static void gate_silu(float *gate, const float *up, size_t count)
{
    __m256 one = _mm256_set1_ps(1.0f), zero = _mm256_setzero_ps();

    for (size_t i = 0; i < count; i += 8) {
        __m256 x = load_some(gate + i, count - i, 0);
        __m256 e = exp_of(_mm256_sub_ps(zero, x));

        x = _mm256_mul_ps(_mm256_div_ps(x, _mm256_add_ps(one, e)), load_some(up + i, count - i, 0));
        store_some(gate + i, x, count - i);
    }
}

/* Not every compiler knows this feature by name. */
static bool has_half_floats(void)
{
    unsigned a, b, c = 0, d;

    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

const struct kernels *kernels_avx2(void)
{
    static const struct kernels kernels = {
        .name = "avx2",
        .dot_f32 = dot_f32,
        .dot_f16 = dot_f16,
        .dot_bf16 = dot_bf16,
        .expand_f16 = expand_f16,
        .pack = kernels_avx2_pack,
        .multiply = { [MATRIX_FORM_Q8] = kernels_avx2_multiply_q8,
                      [MATRIX_FORM_Q4] = kernels_avx2_multiply_q4,
                      [MATRIX_FORM_Q4K] = kernels_avx2_multiply_q4k,
                      [MATRIX_FORM_Q5K] = kernels_avx2_multiply_q5k,
                      [MATRIX_FORM_Q6K] = kernels_avx2_multiply_q6k },
        .multiply_rows = kernels_avx2_multiply_rows,
        .quantise_8 = quantise_8,
        .quantise_16 = quantise_16,
        .add_scaled = add_scaled,
        .score = score,
        .mix = mix,
        .score_kept = kernels_avx2_score_kept,
        .mix_kept = kernels_avx2_mix_kept,
        .softmax = softmax,
        .gate_silu = gate_silu,
    };

    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_half_floats())
        return NULL;
    return &kernels;
}
