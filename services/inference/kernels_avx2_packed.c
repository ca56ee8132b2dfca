/* The quantised forms with AVX2: sixteen rows (two groups) by up to four vectors at a time, so that
 * a value of a vector that was spread over the lanes is used twice and a weight that was unpacked
 * four times; where there are many tiles of vectors, a panel is unpacked once for all of them.
 * Compiled with those flags: nothing here may run before kernels_avx2 has asked the processor.
 *
 * Each vector's sums are made in the same order however many vectors and groups go together, so a
 * product does not depend on its company. */
#include "kernels_avx2_blocks.h"

/* How far ahead of the weights that one vector is multiplied by memory is asked for more. */
#ifndef AHEAD_BYTES
#define AHEAD_BYTES 2048
#endif

/* Vectors for which a panel is opened: for fewer tiles it costs as much as it saves. */
#define OPEN_VECTORS (6 * TILE)

/* Blocks at one place of two groups. */
struct pair {
    const char *data;
    size_t stride; /* to the other group */
};

/* A product as it is called for, and what of it comes next. */
struct work {
    const struct matrix *matrix;
    const struct vectors *vectors;
    float *out;
    uint32_t end;           /* of the groups */
    uint32_t block, blocks; /* from @block on */
};

INLINE size_t super_bytes(enum matrix_form form)
{
    switch (form) {
    case MATRIX_FORM_Q8:
        return sizeof(struct q8_block);
    case MATRIX_FORM_Q4:
        return sizeof(struct q4_block);
    case MATRIX_FORM_Q4K:
        return sizeof(struct q4k_super);
    case MATRIX_FORM_Q5K:
        return sizeof(struct q5k_super);
    default:
        return sizeof(struct q6k_super);
    }
}

INLINE uint32_t blocks_in_super(enum matrix_form form)
{
    return form == MATRIX_FORM_Q8 || form == MATRIX_FORM_Q4 ? 1 : SUPER_BLOCKS;
}

/* Block @b of a super-block; what has none is one. */
INLINE const char *block_in(enum matrix_form form, const char *super, uint32_t b)
{
    switch (form) {
    case MATRIX_FORM_Q4K:
        return (const char *)&((const struct q4k_super *)(const void *)super)->blocks[b];
    case MATRIX_FORM_Q5K:
        return (const char *)&((const struct q5k_super *)(const void *)super)->blocks[b];
    case MATRIX_FORM_Q6K:
        return (const char *)&((const struct q6k_super *)(const void *)super)->blocks[b];
    default:
        return super;
    }
}

INLINE size_t block_bytes(enum matrix_form form)
{
    return super_bytes(form) / blocks_in_super(form);
}

/* One vector is done with a block sooner than memory brings the next: ask for what comes. Weights
 * of 8 bits come fast enough as it is. */
INLINE void prefetch(enum matrix_form form, const struct weights *weights)
{
    if (form == MATRIX_FORM_Q8)
        return;
    for (unsigned k = 0; k < PAIR; k++)
        for (size_t at = 0; at < block_bytes(form); at += 64)
            _mm_prefetch((const char *)weights->blocks[k] + AHEAD_BYTES + at, _MM_HINT_T0);
}

/* Panels are where memory is not expected to be read on: ask for a block of the next one. */
INLINE void prefetch_panel(enum matrix_form form, const char *next)
{
    for (size_t at = 0; at < block_bytes(form); at += 64)
        _mm_prefetch(next + at, _MM_HINT_T1);
}

/* The next @blocks blocks of a pair by the @n vectors of a tile, as they are packed. @next: what
 * will be wanted after them, as many bytes as a group's, or NULL. */
INLINE void run_packed(enum matrix_form form, struct pair pair, uint32_t blocks, struct tile *tile,
                       unsigned n, const char *next)
{
    for (uint32_t at = 0; at < blocks; at += blocks_in_super(form)) {
        for (uint32_t b = 0; b < blocks_in_super(form); b++) {
            const struct weights weights = { { block_in(form, pair.data, b),
                                               block_in(form, pair.data + pair.stride, b) },
                                             { pair.data, pair.data + pair.stride },
                                             NULL,
                                             0 };

            if (n == 1)
                prefetch(form, &weights);
            if (n == TILE && next != NULL)
                prefetch_panel(form, next + (at + b) * block_bytes(form));
            run_block(form, &weights, tile, n, false);
        }
        pair.data += super_bytes(form);
    }
}

INLINE void open_panel(enum matrix_form form, struct pair pair, uint32_t blocks,
                       struct opened *opened)
{
    for (uint32_t at = 0; at < blocks; at += blocks_in_super(form)) {
        for (uint32_t b = 0; b < blocks_in_super(form); b++) {
            const struct weights weights = { { block_in(form, pair.data, b),
                                               block_in(form, pair.data + pair.stride, b) },
                                             { pair.data, pair.data + pair.stride },
                                             opened,
                                             at + b };

            open_block(form, &weights);
        }
        pair.data += super_bytes(form);
    }
}

INLINE void run_opened(enum matrix_form form, struct opened *opened, uint32_t blocks,
                       struct tile *tile, unsigned n, const char *next)
{
    for (uint32_t at = 0; at < blocks; at++) {
        const struct weights weights = { .opened = opened, .at = at };

        if (next != NULL)
            prefetch_panel(form, next + at * block_bytes(form));
        run_block(form, &weights, tile, n, true);
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

INLINE struct pair pair_of(enum matrix_form form, const struct work *work, uint32_t group)
{
    const struct matrix *matrix = work->matrix;

    return (struct pair){ (const char *)matrix->data + group * matrix->stride
                              + work->block / blocks_in_super(form) * super_bytes(form),
                          work->end - group < PAIR ? 0 : matrix->stride };
}

/* While the first tiles are multiplied, each asks for one group of the next pair's panel. */
INLINE const char *next_of(enum matrix_form form, const struct work *work, uint32_t group,
                           uint32_t at)
{
    uint32_t next = group + PAIR + at / TILE;

    return work->vectors->n > TILE && at < PAIR * TILE && next < work->end
               ? pair_of(form, work, next).data
               : NULL;
}

/* The pair from @group on by the @n vectors of the tile that begins with vector @at. Where the pair
 * has one group, it is computed twice and kept once. @opened: its panel, or NULL. */
INLINE void run_tile(enum matrix_form form, const struct work *work, uint32_t group, uint32_t at,
                     unsigned n, struct opened *opened, bool is_open)
{
    const struct matrix *matrix = work->matrix;
    size_t values_bytes = form == MATRIX_FORM_Q8 ? Q16_BLOCK_BYTES : Q8_BLOCK_BYTES;
    char *values = form == MATRIX_FORM_Q8 ? work->vectors->q16 : work->vectors->q8;
    unsigned g = work->end - group < PAIR ? work->end - group : PAIR;
    float *out = work->out + (size_t)at * matrix->rows + (size_t)group * LANES;
    struct tile tile;

    tile.block =
        tile_at(values, matrix->columns, at, values_bytes) + work->block * n * values_bytes;
    for (unsigned k = 0; k < PAIR; k++) {
        for (unsigned i = 0; i < n; i++)
            tile.total[k][i] = work->block == 0 || k == g
                                   ? _mm256_setzero_ps()
                                   : load_rows(out + (size_t)i * matrix->rows + k * LANES,
                                               matrix->rows - (group + k) * LANES);
    }
    if (is_open)
        run_opened(form, opened, work->blocks, &tile, n, next_of(form, work, group, at));
    else
        run_packed(form, pair_of(form, work, group), work->blocks, &tile, n,
                   next_of(form, work, group, at));
    for (unsigned k = 0; k < g; k++) {
        for (unsigned i = 0; i < n; i++)
            store_rows(out + (size_t)i * matrix->rows + k * LANES, tile.total[k][i],
                       matrix->rows - (group + k) * LANES);
    }
}

/* All vectors but the whole tiles before @at. */
INLINE void run_rest(enum matrix_form form, const struct work *work, uint32_t group, uint32_t at)
{
    uint32_t n = work->vectors->n;

    if (n - at == 3)
        run_tile(form, work, group, at, 3, NULL, false);
    else if (n - at == 2)
        run_tile(form, work, group, at, 2, NULL, false);
    else if (n - at == 1)
        run_tile(form, work, group, at, 1, NULL, false);
}

INLINE void run_pair(enum matrix_form form, const struct work *work, uint32_t group,
                     struct opened *opened)
{
    uint32_t at = 0, n = work->vectors->n;

    if (form != MATRIX_FORM_Q8 && n >= OPEN_VECTORS) {
        open_panel(form, pair_of(form, work, group), work->blocks, opened);
        for (; at + TILE <= n; at += TILE)
            run_tile(form, work, group, at, TILE, opened, true);
    }
    for (; at + TILE <= n; at += TILE)
        run_tile(form, work, group, at, TILE, NULL, false);
    run_rest(form, work, group, at);
}

/* Few vectors pass the weights once from the first to the last; many take them by panels. */
INLINE void multiply(enum matrix_form form, float *out, const struct matrix *matrix,
                     const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    uint32_t blocks = matrix->columns / BLOCK;
    uint32_t panel = vectors->n > TILE ? PANEL_BLOCKS : blocks;
    struct work work = { matrix, vectors, out, first + groups, 0, 0 };
    struct opened opened;

    for (; work.block < blocks; work.block += panel) {
        work.blocks = blocks - work.block < panel ? blocks - work.block : panel;
        for (uint32_t group = first; group < work.end; group += PAIR)
            run_pair(form, &work, group, &opened);
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
