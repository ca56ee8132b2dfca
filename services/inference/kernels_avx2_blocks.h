/* A block of 32 columns of sixteen rows by up to four vectors, for each quantised form. Only for
 * kernels_avx2_packed.c, which says when.
 *
 * The weights come from memory as they are packed, or from a panel that was opened: unpacked once,
 * for as many tiles of vectors as there are. What is computed is the same to the last bit. */
#ifndef KERNELS_AVX2_BLOCKS_H
#define KERNELS_AVX2_BLOCKS_H

#include <immintrin.h>
#include <string.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

#define INLINE static inline __attribute__((always_inline))
/* A sanitizer checks each step of a loop: unrolled, they would take minutes to compile. */
#ifdef KERNELS_ROLLED
#define UNROLL(count)
#else
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(count) PRAGMA(GCC unroll count)
#endif
#define PAIR 2
/* Blocks of a row that all vectors are multiplied by before the next ones come: so many of a pair
 * of groups and of a tile stay in the first cache, opened too. */
#define PANEL_BLOCKS 32

/* How far ahead of the weights that one vector is multiplied by memory is asked for more. */
#ifndef AHEAD_BYTES
#define AHEAD_BYTES 2048
#endif

/* A block of a tile of vectors, and their sums so far over the rows of two groups. */
struct tile {
    const char *block;
    __m256 total[PAIR][TILE];
};

/* A panel of two groups, unpacked. Weights of 8 bits are not: what would be read is twice as much,
 * and as slow as unpacking. */
struct opened {
    __m256i operands[PANEL_BLOCKS][BLOCK / 4][PAIR];
    __m256 scales[PANEL_BLOCKS][PAIR], minimums[PANEL_BLOCKS][PAIR];
    __m256i halves[PANEL_BLOCKS][2][PAIR]; /* Q6_K: the scales of the halves */
};

/* The weights of one block of two groups: packed, or block @at of what was opened. */
struct weights {
    const void *blocks[PAIR], *supers[PAIR];
    struct opened *opened; /* NULL: as they are packed */
    uint32_t at;
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

/* To the compiler, a value that nobody knows where it comes from: else it regroups long sums, and
 * all products wait in memory for that. */
INLINE __m256i keep(__m256i value)
{
    __asm__("" : "+x"(value));
    return value;
}

/* Of a tile of @n vectors: the scale of vector @i, the sum of its values, its starts. */
INLINE __m256 x_scale(const struct tile *tile, unsigned n, unsigned i, size_t values_bytes)
{
    return _mm256_broadcast_ss((const float *)(const void *)(tile->block + n * values_bytes) + i);
}

INLINE __m256 x_sum(const struct tile *tile, unsigned n, unsigned i)
{
    return x_scale(tile, n, n + i, BLOCK);
}

INLINE __m256i x_start(const struct tile *tile, unsigned n, unsigned i, unsigned half)
{
    return spread(tile->block + n * (BLOCK + 2 * sizeof(float)) + (2 * i + half) * 4);
}

/* Pairs of 16-bit sums, added. */
INLINE __m256i widen(__m256i sums)
{
    return _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
}

/* total += sum · scale · the vector's scale */
INLINE void add_sums(struct tile *tile, unsigned n, unsigned k, const __m256i *sums, __m256 scale,
                     size_t values_bytes)
{
    for (unsigned i = 0; i < n; i++)
        tile->total[k][i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i]),
                                            _mm256_mul_ps(scale, x_scale(tile, n, i, values_bytes)),
                                            tile->total[k][i]);
}

/* total += (sum · scale - minimum · Σx) · the vector's scale */
INLINE void add_sums_above(struct tile *tile, unsigned n, unsigned k, const __m256i *sums,
                           __m256 scale, __m256 minimum)
{
    for (unsigned i = 0; i < n; i++) {
        __m256 part = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i]), scale);

        part = _mm256_fnmadd_ps(minimum, x_sum(tile, n, i), part);
        tile->total[k][i] = _mm256_fmadd_ps(part, x_scale(tile, n, i, BLOCK), tile->total[k][i]);
    }
}

/* Unpacking
 * ---------------------------------------------------------------------------------------------- */

/* Operand @j of a block of nibbles. */
INLINE __m256i nibbles(const uint8_t *values, unsigned j)
{
    __m256i both = load_bytes(values + (size_t)(j / 2) * 32);

    return _mm256_and_si256(j % 2 == 0 ? both : _mm256_srli_epi16(both, 4), _mm256_set1_epi8(15));
}

/* Bit @j of each byte to bit 4. */
INLINE __m256i fifth_bit(__m256i bits, unsigned j)
{
    __m256i mask = _mm256_set1_epi8(16);

    if (j < 4)
        return _mm256_and_si256(_mm256_slli_epi16(bits, (int)(4 - j)), mask);
    return _mm256_and_si256(_mm256_srli_epi16(bits, (int)(j - 4)), mask);
}

/* Two bits of each byte at bit @shift to bits 4 and 5. */
INLINE __m256i upper_bits(__m256i bits, unsigned shift)
{
    __m256i mask = _mm256_set1_epi8(48);

    if (shift < 4)
        return _mm256_and_si256(_mm256_slli_epi16(bits, (int)(4 - shift)), mask);
    return _mm256_and_si256(_mm256_srli_epi16(bits, (int)(shift - 4)), mask);
}

/* A scale for each row, in both lanes of 16 bits. */
INLINE __m256i scales_of(const int8_t *scales)
{
    __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)scales));

    return _mm256_blend_epi16(wide, _mm256_slli_epi32(wide, 16), 0xaa);
}

/* Eight rows by four columns, or by two of 16 bits. */
INLINE __m256i operand_of(enum matrix_form form, const void *block, unsigned j)
{
    const struct q5k_block *q5k = block;
    const struct q6k_block *q6k = block;

    switch (form) {
    case MATRIX_FORM_Q8:
        return _mm256_cvtepi8_epi16(
            _mm_loadu_si128((const __m128i *)(const void *)(((const struct q8_block *)block)->values
                                                            + (size_t)j * 16)));
    case MATRIX_FORM_Q4:
        return nibbles(((const struct q4_block *)block)->values, j);
    case MATRIX_FORM_Q4K:
        return nibbles(((const struct q4k_block *)block)->values, j);
    case MATRIX_FORM_Q5K:
        return _mm256_or_si256(nibbles(q5k->values, j), fifth_bit(load_bytes(q5k->high), j));
    default:
        return _mm256_or_si256(nibbles(q6k->values, j),
                               upper_bits(load_bytes(q6k->high[j / 4]), 2 * (j % 4)));
    }
}

INLINE __m256 scale_of(enum matrix_form form, const void *super, const void *block)
{
    const struct q4k_super *q4k = super;
    const struct q5k_super *q5k = super;

    switch (form) {
    case MATRIX_FORM_Q8:
        return load_halves(((const struct q8_block *)block)->scale);
    case MATRIX_FORM_Q4:
        return load_halves(((const struct q4_block *)block)->scale);
    case MATRIX_FORM_Q4K:
        return _mm256_mul_ps(load_halves(q4k->scale),
                             load_u8(((const struct q4k_block *)block)->scales));
    case MATRIX_FORM_Q5K:
        return _mm256_mul_ps(load_halves(q5k->scale),
                             load_u8(((const struct q5k_block *)block)->scales));
    default:
        return load_halves(((const struct q6k_super *)super)->scale);
    }
}

/* Of Q4_K, and of Q5_K, whose values are 16 too small where sums begin. */
INLINE __m256 minimum_of(enum matrix_form form, const void *super, const void *block, __m256 scale)
{
    const struct q4k_super *q4k = super;
    const struct q5k_super *q5k = super;

    if (form == MATRIX_FORM_Q4K)
        return _mm256_mul_ps(load_halves(q4k->minimum),
                             load_u8(((const struct q4k_block *)block)->minimums));
    return _mm256_fnmadd_ps(scale, _mm256_set1_ps(16),
                            _mm256_mul_ps(load_halves(q5k->minimum),
                                          load_u8(((const struct q5k_block *)block)->minimums)));
}

/* Of Q6_K: a scale for each row, in both lanes of 16 bits. */
INLINE __m256i half_scale_of(const void *block, unsigned half)
{
    const int8_t *scales = ((const struct q6k_block *)block)->scales[half];
    __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)scales));

    return _mm256_blend_epi16(wide, _mm256_slli_epi32(wide, 16), 0xaa);
}

INLINE bool has_minimum(enum matrix_form form)
{
    return form == MATRIX_FORM_Q4K || form == MATRIX_FORM_Q5K;
}

/* Unpack a block to its place. */
INLINE void open_block(enum matrix_form form, const struct weights *weights)
{
    struct opened *opened = weights->opened;
    uint32_t at = weights->at;

    for (unsigned k = 0; k < PAIR; k++) {
        const void *block = weights->blocks[k], *super = weights->supers[k];

        UNROLL(8)
        for (unsigned j = 0; j < BLOCK / 4; j++)
            opened->operands[at][j][k] = operand_of(form, block, j);
        opened->scales[at][k] = scale_of(form, super, block);
        if (has_minimum(form))
            opened->minimums[at][k] = minimum_of(form, super, block, opened->scales[at][k]);
        for (unsigned half = 0; half < 2 && form == MATRIX_FORM_Q6K; half++)
            opened->halves[at][half][k] = half_scale_of(block, half);
    }
}

INLINE __m256i get_operand(enum matrix_form form, const struct weights *weights, unsigned k,
                           unsigned j, bool is_open)
{
    return is_open ? weights->opened->operands[weights->at][j][k]
                   : operand_of(form, weights->blocks[k], j);
}

INLINE __m256 get_scale(enum matrix_form form, const struct weights *weights, unsigned k,
                        bool is_open)
{
    return is_open ? weights->opened->scales[weights->at][k]
                   : scale_of(form, weights->supers[k], weights->blocks[k]);
}

INLINE __m256 get_minimum(enum matrix_form form, const struct weights *weights, unsigned k,
                          __m256 scale, bool is_open)
{
    return is_open ? weights->opened->minimums[weights->at][k]
                   : minimum_of(form, weights->supers[k], weights->blocks[k], scale);
}

/* Products
 * ---------------------------------------------------------------------------------------------- */

/* 8-bit weights by 16-bit values: 16 steps of two columns. The largest sum is 32 · 127 · 32767,
 * inside 32 bits. */
INLINE void block_q8(const struct weights *weights, struct tile *tile, unsigned n)
{
    __m256i sums[PAIR][TILE];

    for (unsigned k = 0; k < PAIR; k++)
        for (unsigned i = 0; i < n; i++)
            sums[k][i] = _mm256_setzero_si256();
    UNROLL(16)
    for (unsigned j = 0; j < BLOCK / 2; j++) {
        __m256i operands[PAIR];

        for (unsigned k = 0; k < PAIR; k++)
            operands[k] = operand_of(MATRIX_FORM_Q8, weights->blocks[k], j);
        for (unsigned i = 0; i < n; i++) {
            __m256i x = spread(tile->block + (size_t)i * BLOCK * 2 + (size_t)j * 4);

            for (unsigned k = 0; k < PAIR; k++)
                sums[k][i] = keep(_mm256_add_epi32(sums[k][i], _mm256_madd_epi16(operands[k], x)));
        }
    }
    for (unsigned k = 0; k < PAIR; k++)
        add_sums(tile, n, k, sums[k], scale_of(MATRIX_FORM_Q8, NULL, weights->blocks[k]),
                 BLOCK * 2);
}

/* Columns 4 j to 4 j + 3 of a block, sixteen rows of them in bytes up to 63. */
INLINE void add_products(const struct tile *tile, unsigned n, unsigned j, const __m256i *operands,
                         __m256i (*sums)[TILE])
{
    for (unsigned i = 0; i < n; i++) {
        __m256i x = spread(tile->block + (size_t)i * BLOCK + (size_t)j * 4);

        for (unsigned k = 0; k < PAIR; k++)
            sums[k][i] = keep(_mm256_add_epi16(sums[k][i], _mm256_maddubs_epi16(operands[k], x)));
    }
}

/* Where sums begin: what is stored too large is taken off. Q4_0 is by 8; of Q5_K it is 16, which
 * the minimum puts back, so that the sum is at most 16 · 16 · 127 in a lane of 16 bits. Q4_K needs
 * none: 16 · 15 · 127. */
INLINE __m256i start_of(enum matrix_form form, const struct tile *tile, unsigned n, unsigned i)
{
    __m256i both;

    if (form == MATRIX_FORM_Q4K)
        return _mm256_setzero_si256();
    both = _mm256_add_epi16(x_start(tile, n, i, 0), x_start(tile, n, i, 1));
    return form == MATRIX_FORM_Q5K ? _mm256_slli_epi16(both, 1) : both;
}

/* Weights of 4 and 5 bits, whose sums fit into lanes of 16 over a block. */
INLINE void block_narrow(enum matrix_form form, const struct weights *weights, struct tile *tile,
                         unsigned n, bool is_open)
{
    __m256i sums[PAIR][TILE];

    for (unsigned i = 0; i < n; i++)
        sums[0][i] = sums[1][i] = start_of(form, tile, n, i);
    UNROLL(8)
    for (unsigned j = 0; j < BLOCK / 4; j++) {
        __m256i operands[PAIR];

        for (unsigned k = 0; k < PAIR; k++)
            operands[k] = get_operand(form, weights, k, j, is_open);
        add_products(tile, n, j, operands, sums);
    }
    for (unsigned k = 0; k < PAIR; k++) {
        __m256 scale = get_scale(form, weights, k, is_open);

        for (unsigned i = 0; i < n; i++)
            sums[k][i] = widen(sums[k][i]);
        if (has_minimum(form))
            add_sums_above(tile, n, k, sums[k], scale,
                           get_minimum(form, weights, k, scale, is_open));
        else
            add_sums(tile, n, k, sums[k], scale, BLOCK);
    }
}

/* Values up to 63, 32 of which are taken off by the start: a half's sum is at most 8 · 32 · 127 in
 * a lane, and the pairs are added and scaled at once: two halves of 2 · 32512 · 128. */
INLINE void block_q6k(const struct weights *weights, struct tile *tile, unsigned n, bool is_open)
{
    __m256i sums[PAIR][TILE];

    UNROLL(2)
    for (unsigned half = 0; half < 2; half++) {
        __m256i part[PAIR][TILE];

        for (unsigned i = 0; i < n; i++)
            part[0][i] = part[1][i] = _mm256_slli_epi16(x_start(tile, n, i, half), 2);
        UNROLL(4)
        for (unsigned j = 4 * half; j < 4 * half + 4; j++) {
            __m256i operands[PAIR];

            for (unsigned k = 0; k < PAIR; k++)
                operands[k] = get_operand(MATRIX_FORM_Q6K, weights, k, j, is_open);
            add_products(tile, n, j, operands, part);
        }
        for (unsigned k = 0; k < PAIR; k++) {
            __m256i scale = is_open ? weights->opened->halves[weights->at][half][k]
                                    : half_scale_of(weights->blocks[k], half);

            for (unsigned i = 0; i < n; i++) {
                __m256i scaled = _mm256_madd_epi16(part[k][i], scale);

                sums[k][i] = half == 0 ? scaled : _mm256_add_epi32(sums[k][i], scaled);
            }
        }
    }
    for (unsigned k = 0; k < PAIR; k++)
        add_sums(tile, n, k, sums[k], get_scale(MATRIX_FORM_Q6K, weights, k, is_open), BLOCK);
}

/* One block by the @n vectors of a tile, which then stands at its next block. */
INLINE void run_block(enum matrix_form form, const struct weights *weights, struct tile *tile,
                      unsigned n, bool is_open)
{
    if (form == MATRIX_FORM_Q8)
        block_q8(weights, tile, n);
    else if (form == MATRIX_FORM_Q6K)
        block_q6k(weights, tile, n, is_open);
    else
        block_narrow(form, weights, tile, n, is_open);
    tile->block += n * (form == MATRIX_FORM_Q8 ? Q16_BLOCK_BYTES : Q8_BLOCK_BYTES);
}

#endif
