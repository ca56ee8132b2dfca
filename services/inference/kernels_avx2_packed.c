/* The quantised forms with AVX2: sixteen rows (two groups) by up to four vectors at a time, so that
 * a value of a vector that was spread over the lanes is used twice and a weight that was unpacked
 * four times. Compiled with those flags: nothing here may run before kernels_avx2 has asked the
 * processor.
 *
 * Each vector's sums are made in the same order however many vectors and groups go together, so a
 * product does not depend on its company. */
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
 * of groups and of a tile stay in the first cache. */
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

/* Blocks at one place of two groups. */
struct pair {
    const char *data;
    size_t stride; /* to the other group */
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

/* One vector is done with a block sooner than memory brings the next: ask for what comes. */
INLINE void prefetch(struct pair pair, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64) {
        _mm_prefetch(pair.data + AHEAD_BYTES + at, _MM_HINT_T0);
        _mm_prefetch(pair.data + pair.stride + AHEAD_BYTES + at, _MM_HINT_T0);
    }
}

/* One block of 8-bit weights by 16-bit values: 16 steps of two columns. The largest sum is 32 · 127
 * · 32767, inside 32 bits. */
INLINE void block_q8(struct pair pair, struct tile *tile, unsigned n)
{
    const struct q8_block *blocks[PAIR] = { (const void *)pair.data,
                                            (const void *)(pair.data + pair.stride) };
    __m256i sums[PAIR][TILE];

    for (unsigned k = 0; k < PAIR; k++)
        for (unsigned i = 0; i < n; i++)
            sums[k][i] = _mm256_setzero_si256();
    UNROLL(16)
    for (unsigned j = 0; j < BLOCK / 2; j++) {
        __m256i weights[PAIR];

        for (unsigned k = 0; k < PAIR; k++)
            weights[k] = _mm256_cvtepi8_epi16(_mm_loadu_si128(
                (const __m128i *)(const void *)(blocks[k]->values + (size_t)j * 16)));
        for (unsigned i = 0; i < n; i++) {
            __m256i x = spread(tile->block + (size_t)i * BLOCK * 2 + (size_t)j * 4);

            for (unsigned k = 0; k < PAIR; k++)
                sums[k][i] = keep(_mm256_add_epi32(sums[k][i], _mm256_madd_epi16(weights[k], x)));
        }
    }
    for (unsigned k = 0; k < PAIR; k++)
        add_sums(tile, n, k, sums[k], load_halves(blocks[k]->scale), BLOCK * 2);
}

/* Columns 4 j to 4 j + 3 of a block, sixteen rows of them in bytes up to 63. */
INLINE void add_products(const struct tile *tile, unsigned n, unsigned j, const __m256i *weights,
                         __m256i (*sums)[TILE])
{
    for (unsigned i = 0; i < n; i++) {
        __m256i x = spread(tile->block + (size_t)i * BLOCK + (size_t)j * 4);

        for (unsigned k = 0; k < PAIR; k++)
            sums[k][i] = keep(_mm256_add_epi16(sums[k][i], _mm256_maddubs_epi16(weights[k], x)));
    }
}

/* Operand @j of a block of nibbles. */
INLINE __m256i nibbles(const uint8_t *values, unsigned j)
{
    __m256i both = load_bytes(values + (size_t)(j / 2) * 32);

    return _mm256_and_si256(j % 2 == 0 ? both : _mm256_srli_epi16(both, 4), _mm256_set1_epi8(15));
}

/* sums += Σ value · x over a block of 4-bit values: at most 16 · 15 · 127 in a lane of 16 bits. */
INLINE void sum_nibbles(const uint8_t *const *values, const struct tile *tile, unsigned n,
                        __m256i (*sums)[TILE])
{
    UNROLL(8)
    for (unsigned j = 0; j < BLOCK / 4; j++) {
        __m256i weights[PAIR];

        for (unsigned k = 0; k < PAIR; k++)
            weights[k] = nibbles(values[k], j);
        add_products(tile, n, j, weights, sums);
    }
    for (unsigned k = 0; k < PAIR; k++)
        for (unsigned i = 0; i < n; i++)
            sums[k][i] = widen(sums[k][i]);
}

INLINE void block_q4(struct pair pair, struct tile *tile, unsigned n)
{
    const struct q4_block *blocks[PAIR] = { (const void *)pair.data,
                                            (const void *)(pair.data + pair.stride) };
    const uint8_t *values[PAIR] = { blocks[0]->values, blocks[1]->values };
    __m256i sums[PAIR][TILE];

    for (unsigned i = 0; i < n; i++) {
        sums[0][i] = _mm256_add_epi16(x_start(tile, n, i, 0), x_start(tile, n, i, 1));
        sums[1][i] = sums[0][i];
    }
    sum_nibbles(values, tile, n, sums);
    for (unsigned k = 0; k < PAIR; k++)
        add_sums(tile, n, k, sums[k], load_halves(blocks[k]->scale), BLOCK);
}

INLINE void super_q4k(struct pair pair, struct tile *tile, unsigned n)
{
    const struct q4k_super *supers[PAIR] = { (const void *)pair.data,
                                             (const void *)(pair.data + pair.stride) };

    for (unsigned b = 0; b < SUPER_BLOCKS; b++, tile->block += n * Q8_BLOCK_BYTES) {
        const uint8_t *values[PAIR] = { supers[0]->blocks[b].values, supers[1]->blocks[b].values };
        __m256i sums[PAIR][TILE];

        if (n == 1)
            prefetch((struct pair){ (const char *)&supers[0]->blocks[b], pair.stride },
                     sizeof(supers[0]->blocks[b]));
        for (unsigned k = 0; k < PAIR; k++)
            for (unsigned i = 0; i < n; i++)
                sums[k][i] = _mm256_setzero_si256();
        sum_nibbles(values, tile, n, sums);
        for (unsigned k = 0; k < PAIR; k++)
            add_sums_above(
                tile, n, k, sums[k],
                _mm256_mul_ps(load_halves(supers[k]->scale), load_u8(supers[k]->blocks[b].scales)),
                _mm256_mul_ps(load_halves(supers[k]->minimum),
                              load_u8(supers[k]->blocks[b].minimums)));
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

/* Values up to 31, 16 of which are taken off by the start: the sum is at most 16 · 16 · 127. */
INLINE void sum_q5k(const struct q5k_block *const *blocks, const struct tile *tile, unsigned n,
                    __m256i (*sums)[TILE])
{
    for (unsigned i = 0; i < n; i++) {
        sums[0][i] =
            _mm256_slli_epi16(_mm256_add_epi16(x_start(tile, n, i, 0), x_start(tile, n, i, 1)), 1);
        sums[1][i] = sums[0][i];
    }
    UNROLL(8)
    for (unsigned j = 0; j < BLOCK / 4; j++) {
        __m256i weights[PAIR];

        for (unsigned k = 0; k < PAIR; k++)
            weights[k] = _mm256_or_si256(nibbles(blocks[k]->values, j),
                                         fifth_bit(load_bytes(blocks[k]->high), j));
        add_products(tile, n, j, weights, sums);
    }
    for (unsigned k = 0; k < PAIR; k++)
        for (unsigned i = 0; i < n; i++)
            sums[k][i] = widen(sums[k][i]);
}

INLINE void super_q5k(struct pair pair, struct tile *tile, unsigned n)
{
    const struct q5k_super *supers[PAIR] = { (const void *)pair.data,
                                             (const void *)(pair.data + pair.stride) };

    for (unsigned b = 0; b < SUPER_BLOCKS; b++, tile->block += n * Q8_BLOCK_BYTES) {
        const struct q5k_block *blocks[PAIR] = { &supers[0]->blocks[b], &supers[1]->blocks[b] };
        __m256i sums[PAIR][TILE];

        if (n == 1)
            prefetch((struct pair){ (const char *)&supers[0]->blocks[b], pair.stride },
                     sizeof(supers[0]->blocks[b]));
        sum_q5k(blocks, tile, n, sums);
        for (unsigned k = 0; k < PAIR; k++) {
            __m256 scale = _mm256_mul_ps(load_halves(supers[k]->scale), load_u8(blocks[k]->scales));
            __m256 minimum =
                _mm256_mul_ps(load_halves(supers[k]->minimum), load_u8(blocks[k]->minimums));

            add_sums_above(tile, n, k, sums[k], scale,
                           _mm256_fnmadd_ps(scale, _mm256_set1_ps(16), minimum));
        }
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

/* A scale for each row, in both lanes of 16 bits. */
INLINE __m256i scales_of(const int8_t *scales)
{
    __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)scales));

    return _mm256_blend_epi16(wide, _mm256_slli_epi32(wide, 16), 0xaa);
}

/* Values up to 63, 32 of which are taken off by the start: a half's sum is at most 8 · 32 · 127 in
 * a lane, and the pairs are added and scaled at once: two halves of 2 · 32512 · 128. */
INLINE void block_q6k(const struct q6k_block *const *blocks, const struct tile *tile, unsigned n,
                      __m256i (*sums)[TILE])
{
    UNROLL(2)
    for (unsigned half = 0; half < 2; half++) {
        __m256i part[PAIR][TILE];

        for (unsigned i = 0; i < n; i++) {
            part[0][i] = _mm256_slli_epi16(x_start(tile, n, i, half), 2);
            part[1][i] = part[0][i];
        }
        UNROLL(4)
        for (unsigned j = 4 * half; j < 4 * half + 4; j++) {
            __m256i weights[PAIR];

            for (unsigned k = 0; k < PAIR; k++)
                weights[k] =
                    _mm256_or_si256(nibbles(blocks[k]->values, j),
                                    upper_bits(load_bytes(blocks[k]->high[half]), 2 * (j % 4)));
            add_products(tile, n, j, weights, part);
        }
        for (unsigned k = 0; k < PAIR; k++) {
            __m256i scales = scales_of(blocks[k]->scales[half]);

            for (unsigned i = 0; i < n; i++) {
                __m256i scaled = _mm256_madd_epi16(part[k][i], scales);

                sums[k][i] = half == 0 ? scaled : _mm256_add_epi32(sums[k][i], scaled);
            }
        }
    }
}

INLINE void super_q6k(struct pair pair, struct tile *tile, unsigned n)
{
    const struct q6k_super *supers[PAIR] = { (const void *)pair.data,
                                             (const void *)(pair.data + pair.stride) };

    for (unsigned b = 0; b < SUPER_BLOCKS; b++, tile->block += n * Q8_BLOCK_BYTES) {
        const struct q6k_block *blocks[PAIR] = { &supers[0]->blocks[b], &supers[1]->blocks[b] };
        __m256i sums[PAIR][TILE];

        if (n == 1)
            prefetch((struct pair){ (const char *)&supers[0]->blocks[b], pair.stride },
                     sizeof(supers[0]->blocks[b]));
        block_q6k(blocks, tile, n, sums);
        for (unsigned k = 0; k < PAIR; k++)
            add_sums(tile, n, k, sums[k], load_halves(supers[k]->scale), BLOCK);
    }
}

/* @blocks blocks of a pair by the @n vectors of a tile; each of the forms is a loop of its own.
 */
INLINE void run_blocks(enum matrix_form form, struct pair pair, uint32_t blocks, struct tile *tile,
                       unsigned n)
{
    if (form == MATRIX_FORM_Q8) {
        for (uint32_t b = 0; b < blocks; b++, pair.data += sizeof(struct q8_block)) {
            block_q8(pair, tile, n);
            tile->block += n * Q16_BLOCK_BYTES;
        }
    } else if (form == MATRIX_FORM_Q4) {
        for (uint32_t b = 0; b < blocks; b++, pair.data += sizeof(struct q4_block)) {
            if (n == 1)
                prefetch(pair, sizeof(struct q4_block));
            block_q4(pair, tile, n);
            tile->block += n * Q8_BLOCK_BYTES;
        }
    } else if (form == MATRIX_FORM_Q4K) {
        for (uint32_t b = 0; b < blocks; b += SUPER_BLOCKS, pair.data += sizeof(struct q4k_super))
            super_q4k(pair, tile, n);
    } else if (form == MATRIX_FORM_Q5K) {
        for (uint32_t b = 0; b < blocks; b += SUPER_BLOCKS, pair.data += sizeof(struct q5k_super))
            super_q5k(pair, tile, n);
    } else {
        for (uint32_t b = 0; b < blocks; b += SUPER_BLOCKS, pair.data += sizeof(struct q6k_super))
            super_q6k(pair, tile, n);
    }
}

/* A product as it is called for, and what of it comes next. */
struct work {
    const struct matrix *matrix;
    const struct vectors *vectors;
    float *out;
    uint32_t end;           /* of the groups */
    uint32_t block, blocks; /* from @block on */
};

INLINE size_t data_offset(enum matrix_form form, uint32_t block)
{
    switch (form) {
    case MATRIX_FORM_Q8:
        return block * sizeof(struct q8_block);
    case MATRIX_FORM_Q4:
        return block * sizeof(struct q4_block);
    case MATRIX_FORM_Q4K:
        return block / SUPER_BLOCKS * sizeof(struct q4k_super);
    case MATRIX_FORM_Q5K:
        return block / SUPER_BLOCKS * sizeof(struct q5k_super);
    default:
        return block / SUPER_BLOCKS * sizeof(struct q6k_super);
    }
}

/* Rows that a matrix's last group lacks are not in @out. */
INLINE __m256 load_rows(const float *out, uint32_t rows)
{
    float eight[LANES] = { 0 };

    if (rows >= LANES)
        return _mm256_loadu_ps(out);
    memcpy(eight, out, rows * sizeof(*out));
    return _mm256_loadu_ps(eight);
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

/* The pair from @group on by the @n vectors of the tile that begins with vector @at. Where the pair
 * has one group, it is computed twice and kept once. */
INLINE void run_tile(enum matrix_form form, const struct work *work, uint32_t group, uint32_t at,
                     unsigned n)
{
    const struct matrix *matrix = work->matrix;
    size_t block_bytes = form == MATRIX_FORM_Q8 ? Q16_BLOCK_BYTES : Q8_BLOCK_BYTES;
    char *values = form == MATRIX_FORM_Q8 ? work->vectors->q16 : work->vectors->q8;
    unsigned g = work->end - group < PAIR ? work->end - group : PAIR;
    struct pair pair = { (const char *)matrix->data + group * matrix->stride
                             + data_offset(form, work->block),
                         g == PAIR ? matrix->stride : 0 };
    float *out = work->out + (size_t)at * matrix->rows + (size_t)group * LANES;
    struct tile tile;

    tile.block = tile_at(values, matrix->columns, at, block_bytes) + work->block * n * block_bytes;
    for (unsigned k = 0; k < PAIR; k++) {
        for (unsigned i = 0; i < n; i++)
            tile.total[k][i] = work->block == 0 || k == g
                                   ? _mm256_setzero_ps()
                                   : load_rows(out + (size_t)i * matrix->rows + k * LANES,
                                               matrix->rows - (group + k) * LANES);
    }
    run_blocks(form, pair, work->blocks, &tile, n);
    for (unsigned k = 0; k < g; k++) {
        for (unsigned i = 0; i < n; i++)
            store_rows(out + (size_t)i * matrix->rows + k * LANES, tile.total[k][i],
                       matrix->rows - (group + k) * LANES);
    }
}

INLINE void run_pair(enum matrix_form form, const struct work *work, uint32_t group)
{
    uint32_t at = 0, n = work->vectors->n;

    for (; at + TILE <= n; at += TILE)
        run_tile(form, work, group, at, TILE);
    if (n - at == 3)
        run_tile(form, work, group, at, 3);
    else if (n - at == 2)
        run_tile(form, work, group, at, 2);
    else if (n - at == 1)
        run_tile(form, work, group, at, 1);
}

/* Few vectors pass the weights once from the first to the last; many take them by panels. */
INLINE void multiply(enum matrix_form form, float *out, const struct matrix *matrix,
                     const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    uint32_t blocks = matrix->columns / BLOCK;
    uint32_t panel = vectors->n > TILE ? PANEL_BLOCKS : blocks;
    struct work work = { matrix, vectors, out, first + groups, 0, 0 };

    for (; work.block < blocks; work.block += panel) {
        work.blocks = blocks - work.block < panel ? blocks - work.block : panel;
        for (uint32_t group = first; group < work.end; group += PAIR)
            run_pair(form, &work, group);
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
