/* The quantised forms with AVX2: eight rows by up to four vectors at a time. Compiled with those
 * flags: nothing here may run before kernels_avx2 has asked the processor.
 *
 * Each vector's sums are made in the same order however many vectors go together, so a product does
 * not depend on its company. */
#include <immintrin.h>
#include <string.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

#define INLINE static inline __attribute__((always_inline))

/* A block of a tile of vectors, and their sums so far over the eight rows of a group. */
struct tile {
    const char *block;
    __m256 total[TILE];
};

INLINE __m256i spread(const void *four_bytes)
{
    int32_t bits;

    memcpy(&bits, four_bytes, sizeof(bits));
    return _mm256_set1_epi32(bits);
}

INLINE __m256 load_halves(const uint16_t *halves)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}

INLINE __m256 load_u8(const uint8_t *bytes)
{
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)bytes)));
}

INLINE __m256i load_bytes(const void *bytes)
{
    return _mm256_loadu_si256((const __m256i *)bytes);
}

INLINE __m256 x_scale(const struct tile *tile, unsigned n, unsigned i, size_t values_bytes)
{
    return _mm256_broadcast_ss((const float *)(const void *)(tile->block + n * values_bytes) + i);
}

INLINE const int32_t *x_sums(const struct tile *tile, unsigned n, unsigned i)
{
    return (const int32_t *)(const void *)(tile->block + n * (BLOCK + sizeof(float))) + 2 * i;
}

/* The sum of a vector's 32 values, in all lanes. */
INLINE __m256i x_sum(const struct tile *tile, unsigned n, unsigned i)
{
    const int32_t *sums = x_sums(tile, n, i);

    return _mm256_add_epi32(_mm256_set1_epi32(sums[0]), _mm256_set1_epi32(sums[1]));
}

/* Pairs of 16-bit sums, added. */
INLINE __m256i widen(__m256i sums)
{
    return _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
}

/* One block of 8-bit weights by 16-bit values: 16 steps of two columns. The largest sum is 32 · 127
 * · 32767, inside 32 bits. */
INLINE void block_q8(const struct q8_block *block, struct tile *tile, unsigned n)
{
    __m256 scale = load_halves(block->scale);
    __m256i sums[TILE];

    for (unsigned i = 0; i < n; i++)
        sums[i] = _mm256_setzero_si256();
#pragma GCC unroll 16
    for (unsigned j = 0; j < BLOCK / 2; j++) {
        __m256i weights = _mm256_cvtepi8_epi16(
            _mm_loadu_si128((const __m128i *)(const void *)(block->values + (size_t)j * 16)));

        for (unsigned i = 0; i < n; i++)
            sums[i] = _mm256_add_epi32(
                sums[i], _mm256_madd_epi16(
                             weights, spread(tile->block + (size_t)i * BLOCK * 2 + (size_t)j * 4)));
    }
    for (unsigned i = 0; i < n; i++)
        tile->total[i] =
            _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i]),
                            _mm256_mul_ps(scale, x_scale(tile, n, i, BLOCK * 2)), tile->total[i]);
}

/* Σ value · x over a block of 4-bit values, 0 to 15: the largest 16-bit sum is 8 · 2 · 15 · 127. */
INLINE void sum_nibbles(const uint8_t *values, const struct tile *tile, unsigned n, __m256i *sums)
{
    __m256i mask = _mm256_set1_epi8(15);

    for (unsigned i = 0; i < n; i++)
        sums[i] = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (unsigned s = 0; s < BLOCK / 8; s++) {
        __m256i both = load_bytes(values + (size_t)s * 32);
        __m256i low = _mm256_and_si256(both, mask);
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), mask);

        for (unsigned i = 0; i < n; i++) {
            const char *x = tile->block + (size_t)i * BLOCK + (size_t)s * 8;

            sums[i] = _mm256_add_epi16(sums[i], _mm256_maddubs_epi16(low, spread(x)));
            sums[i] = _mm256_add_epi16(sums[i], _mm256_maddubs_epi16(high, spread(x + 4)));
        }
    }
    for (unsigned i = 0; i < n; i++)
        sums[i] = widen(sums[i]);
}

INLINE void block_q4(const struct q4_block *block, struct tile *tile, unsigned n)
{
    __m256 scale = load_halves(block->scale);
    __m256i sums[TILE];

    sum_nibbles(block->values, tile, n, sums);
    for (unsigned i = 0; i < n; i++) {
        __m256i sum = _mm256_sub_epi32(sums[i], _mm256_slli_epi32(x_sum(tile, n, i), 3));

        tile->total[i] =
            _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum),
                            _mm256_mul_ps(scale, x_scale(tile, n, i, BLOCK)), tile->total[i]);
    }
}

/* total += (scale · sum - minimum · Σx) · the vector's scale */
INLINE void add_scaled_sums(struct tile *tile, unsigned n, const __m256i *sums, __m256 scale,
                            __m256 minimum)
{
    for (unsigned i = 0; i < n; i++) {
        __m256 part = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i]), scale);

        part = _mm256_fnmadd_ps(minimum, _mm256_cvtepi32_ps(x_sum(tile, n, i)), part);
        tile->total[i] = _mm256_fmadd_ps(part, x_scale(tile, n, i, BLOCK), tile->total[i]);
    }
}

INLINE void super_q4k(const struct q4k_super *super, struct tile *tile, unsigned n)
{
    __m256 scale = load_halves(super->scale), minimum = load_halves(super->minimum);

    for (unsigned j = 0; j < SUPER_BLOCKS; j++, tile->block += n * Q8_BLOCK_BYTES) {
        const struct q4k_block *block = &super->blocks[j];
        __m256i sums[TILE];

        sum_nibbles(block->values, tile, n, sums);
        add_scaled_sums(tile, n, sums, _mm256_mul_ps(scale, load_u8(block->scales)),
                        _mm256_mul_ps(minimum, load_u8(block->minimums)));
    }
}

/* Bit @j of each byte to bit 4. */
INLINE __m256i fifth_bit(__m256i bits, unsigned j)
{
    __m256i mask = _mm256_set1_epi8(16);

    if (j < 4)
        return _mm256_and_si256(_mm256_slli_epi16(bits, (int)(4 - j)), mask);
    return _mm256_and_si256(_mm256_srli_epi16(bits, (int)(j - 4)), mask);
}

/* Values up to 31: four products fit into 16 bits (4 · 2 · 31 · 127), so a block is widened twice.
 */
INLINE void sum_q5k(const struct q5k_block *block, const struct tile *tile, unsigned n,
                    __m256i *sums)
{
    __m256i mask = _mm256_set1_epi8(15);
    __m256i bits = load_bytes(block->high);

    for (unsigned i = 0; i < n; i++)
        sums[i] = _mm256_setzero_si256();
#pragma GCC unroll 2
    for (unsigned half = 0; half < 2; half++) {
        __m256i part[TILE];

        for (unsigned i = 0; i < n; i++)
            part[i] = _mm256_setzero_si256();
#pragma GCC unroll 2
        for (unsigned s = 2 * half; s < 2 * half + 2; s++) {
            __m256i both = load_bytes(block->values + (size_t)s * 32);
            __m256i low = _mm256_or_si256(_mm256_and_si256(both, mask), fifth_bit(bits, 2 * s));
            __m256i high = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), mask),
                                           fifth_bit(bits, 2 * s + 1));

            for (unsigned i = 0; i < n; i++) {
                const char *x = tile->block + (size_t)i * BLOCK + (size_t)s * 8;

                part[i] = _mm256_add_epi16(part[i], _mm256_maddubs_epi16(low, spread(x)));
                part[i] = _mm256_add_epi16(part[i], _mm256_maddubs_epi16(high, spread(x + 4)));
            }
        }
        for (unsigned i = 0; i < n; i++)
            sums[i] = _mm256_add_epi32(sums[i], widen(part[i]));
    }
}

INLINE void super_q5k(const struct q5k_super *super, struct tile *tile, unsigned n)
{
    __m256 scale = load_halves(super->scale), minimum = load_halves(super->minimum);

    for (unsigned j = 0; j < SUPER_BLOCKS; j++, tile->block += n * Q8_BLOCK_BYTES) {
        const struct q5k_block *block = &super->blocks[j];
        __m256i sums[TILE];

        sum_q5k(block, tile, n, sums);
        add_scaled_sums(tile, n, sums, _mm256_mul_ps(scale, load_u8(block->scales)),
                        _mm256_mul_ps(minimum, load_u8(block->minimums)));
    }
}

/* Two bits of each byte at bit @shift to bits 4 and 5. */
INLINE __m256i upper_bits(__m256i bits, unsigned shift)
{
    __m256i mask = _mm256_set1_epi8(48);

    if (shift < 4)
        return _mm256_and_si256(_mm256_slli_epi16(bits, (int)(4 - shift)), mask);
    return _mm256_and_si256(_mm256_srli_epi16(bits, (int)(shift - 4)), mask);
}

/* Values up to 63: two products fit into 16 bits, so each 8 columns are widened. A half's sum is at
 * most 16 · 63 · 127, times a scale of 127 inside 32 bits. */
INLINE void block_q6k(const struct q6k_block *block, const struct tile *tile, unsigned n,
                      __m256i *sums)
{
    __m256i mask = _mm256_set1_epi8(15);

    for (unsigned i = 0; i < n; i++)
        sums[i] = _mm256_setzero_si256();
#pragma GCC unroll 2
    for (unsigned half = 0; half < 2; half++) {
        __m256i scale = _mm256_cvtepi8_epi32(
            _mm_loadl_epi64((const __m128i *)(const void *)block->scales[half]));
        __m256i bits = load_bytes(block->high[half]), part[TILE];

        for (unsigned i = 0; i < n; i++)
            part[i] =
                _mm256_slli_epi32(_mm256_sub_epi32(_mm256_setzero_si256(),
                                                   _mm256_set1_epi32(x_sums(tile, n, i)[half])),
                                  5);
#pragma GCC unroll 2
        for (unsigned k = 0; k < 2; k++) {
            size_t s = 2 * half + k;
            __m256i both = load_bytes(block->values + s * 32);
            __m256i low = _mm256_or_si256(_mm256_and_si256(both, mask), upper_bits(bits, 4 * k));
            __m256i high = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(both, 4), mask),
                                           upper_bits(bits, 4 * k + 2));

            for (unsigned i = 0; i < n; i++) {
                const char *x = tile->block + (size_t)i * BLOCK + s * 8;

                part[i] = _mm256_add_epi32(
                    part[i], widen(_mm256_add_epi16(_mm256_maddubs_epi16(low, spread(x)),
                                                    _mm256_maddubs_epi16(high, spread(x + 4)))));
            }
        }
        for (unsigned i = 0; i < n; i++)
            sums[i] = _mm256_add_epi32(sums[i], _mm256_mullo_epi32(part[i], scale));
    }
}

INLINE void super_q6k(const struct q6k_super *super, struct tile *tile, unsigned n)
{
    __m256 scale = load_halves(super->scale);

    for (unsigned j = 0; j < SUPER_BLOCKS; j++, tile->block += n * Q8_BLOCK_BYTES) {
        __m256i sums[TILE];

        block_q6k(&super->blocks[j], tile, n, sums);
        for (unsigned i = 0; i < n; i++)
            tile->total[i] =
                _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i]),
                                _mm256_mul_ps(scale, x_scale(tile, n, i, BLOCK)), tile->total[i]);
    }
}

/* All blocks of a group by the @n vectors of a tile; each of the forms is a loop of its own. */
INLINE void run_group(enum matrix_form form, const char *group, uint32_t blocks, struct tile *tile,
                      unsigned n)
{
    const void *data = group;

    if (form == MATRIX_FORM_Q8)
        for (uint32_t b = 0; b < blocks; b++, tile->block += n * Q16_BLOCK_BYTES)
            block_q8((const struct q8_block *)data + b, tile, n);
    else if (form == MATRIX_FORM_Q4)
        for (uint32_t b = 0; b < blocks; b++, tile->block += n * Q8_BLOCK_BYTES)
            block_q4((const struct q4_block *)data + b, tile, n);
    else if (form == MATRIX_FORM_Q4K)
        for (uint32_t b = 0; b < blocks / SUPER_BLOCKS; b++)
            super_q4k((const struct q4k_super *)data + b, tile, n);
    else if (form == MATRIX_FORM_Q5K)
        for (uint32_t b = 0; b < blocks / SUPER_BLOCKS; b++)
            super_q5k((const struct q5k_super *)data + b, tile, n);
    else
        for (uint32_t b = 0; b < blocks / SUPER_BLOCKS; b++)
            super_q6k((const struct q6k_super *)data + b, tile, n);
}

INLINE void store_rows(float *out, __m256 sums, uint32_t rows)
{
    float eight[LANES];

    if (rows >= LANES) {
        _mm256_storeu_ps(out, sums);
        return;
    }
    _mm256_storeu_ps(eight, sums);
    memcpy(out, eight, rows * sizeof(*out));
}

/* One group by the @n vectors of the tile that begins with vector @at. */
INLINE void run_tile(enum matrix_form form, float *out, const struct matrix *matrix,
                     const struct vectors *vectors, uint32_t group, uint32_t at, unsigned n)
{
    bool is_16 = form == MATRIX_FORM_Q8;
    struct tile tile;

    tile.block = is_16 ? tile_at(vectors->q16, matrix->columns, at, Q16_BLOCK_BYTES)
                       : tile_at(vectors->q8, matrix->columns, at, Q8_BLOCK_BYTES);
    for (unsigned i = 0; i < n; i++)
        tile.total[i] = _mm256_setzero_ps();
    run_group(form, (const char *)matrix->data + group * matrix->stride, matrix->columns / BLOCK,
              &tile, n);
    for (unsigned i = 0; i < n; i++)
        store_rows(out + (size_t)(at + i) * matrix->rows + (size_t)group * LANES, tile.total[i],
                   matrix->rows - group * LANES);
}

INLINE void multiply(enum matrix_form form, float *out, const struct matrix *matrix,
                     const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    for (uint32_t group = first; group < first + groups; group++) {
        uint32_t at = 0;

        for (; at + TILE <= vectors->n; at += TILE)
            run_tile(form, out, matrix, vectors, group, at, TILE);
        if (vectors->n - at == 3)
            run_tile(form, out, matrix, vectors, group, at, 3);
        else if (vectors->n - at == 2)
            run_tile(form, out, matrix, vectors, group, at, 2);
        else if (vectors->n - at == 1)
            run_tile(form, out, matrix, vectors, group, at, 1);
    }
}

void kernels_avx2_multiply_q8(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    multiply(MATRIX_FORM_Q8, out, matrix, vectors, first, groups);
}

void kernels_avx2_multiply_q4(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    multiply(MATRIX_FORM_Q4, out, matrix, vectors, first, groups);
}

void kernels_avx2_multiply_q4k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    multiply(MATRIX_FORM_Q4K, out, matrix, vectors, first, groups);
}

void kernels_avx2_multiply_q5k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    multiply(MATRIX_FORM_Q5K, out, matrix, vectors, first, groups);
}

void kernels_avx2_multiply_q6k(float *out, const struct matrix *matrix,
                               const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    multiply(MATRIX_FORM_Q6K, out, matrix, vectors, first, groups);
}
