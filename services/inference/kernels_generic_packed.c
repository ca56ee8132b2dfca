/* The truth of the quantised forms: the values of a row as integers, times those of a vector, block
 * by block. */
#include <string.h>

#include "base/check.h"
#include "gguf/gguf_half.h"
#include "kernels_impl.h"
#include "kernels_pack.h"

/* Row @r of a block: the integers, and what they are scaled by: weight = scale[column / 16] value -
 * minimum. */
struct row_block {
    int values[BLOCK];
    float scale[2], minimum;
};

static int nibble(const uint8_t *values, unsigned r, unsigned column)
{
    return values[column / 8 * 32 + r * 4 + column % 4] >> (column / 4 % 2 * 4) & 15;
}

static void read_q8(const struct q8_block *block, unsigned r, struct row_block *out)
{
    out->scale[0] = out->scale[1] = gguf_half_to_float(block->scale[r]);
    out->minimum = 0;
    for (unsigned i = 0; i < BLOCK; i++)
        out->values[i] = block->values[i / 2 * 16 + r * 2 + i % 2];
}

static void read_q4(const struct q4_block *block, unsigned r, struct row_block *out)
{
    out->scale[0] = out->scale[1] = gguf_half_to_float(block->scale[r]);
    out->minimum = 0;
    for (unsigned i = 0; i < BLOCK; i++)
        out->values[i] = nibble(block->values, r, i) - 8;
}

static void read_q4k(const struct q4k_super *super, unsigned b, unsigned r, struct row_block *out)
{
    const struct q4k_block *block = &super->blocks[b];

    out->scale[0] = out->scale[1] = gguf_half_to_float(super->scale[r]) * block->scales[r];
    out->minimum = gguf_half_to_float(super->minimum[r]) * block->minimums[r];
    for (unsigned i = 0; i < BLOCK; i++)
        out->values[i] = nibble(block->values, r, i);
}

static void read_q5k(const struct q5k_super *super, unsigned b, unsigned r, struct row_block *out)
{
    const struct q5k_block *block = &super->blocks[b];

    out->scale[0] = out->scale[1] = gguf_half_to_float(super->scale[r]) * block->scales[r];
    out->minimum = gguf_half_to_float(super->minimum[r]) * block->minimums[r];
    for (unsigned i = 0; i < BLOCK; i++)
        out->values[i] =
            nibble(block->values, r, i) | (block->high[r * 4 + i % 4] >> (i / 4) & 1) << 4;
}

static void read_q6k(const struct q6k_super *super, unsigned b, unsigned r, struct row_block *out)
{
    const struct q6k_block *block = &super->blocks[b];

    out->minimum = 0;
    for (unsigned half = 0; half < 2; half++)
        out->scale[half] = gguf_half_to_float(super->scale[r]) * block->scales[half][r];
    for (unsigned i = 0; i < BLOCK; i++) {
        unsigned j = i / 4;
        int high = block->high[j / 4][r * 4 + i % 4] >> (j % 4 * 2) & 3;

        out->values[i] = (nibble(block->values, r, i) | high << 4) - 32;
    }
}

static void read_block(const struct matrix *matrix, uint32_t group, uint32_t b, unsigned r,
                       struct row_block *out)
{
    const char *data = (const char *)matrix->data + group * matrix->stride;

    switch (matrix->form) {
    case MATRIX_FORM_Q8:
        return read_q8((const struct q8_block *)data + b, r, out);
    case MATRIX_FORM_Q4:
        return read_q4((const struct q4_block *)data + b, r, out);
    case MATRIX_FORM_Q4K:
        return read_q4k((const struct q4k_super *)data + b / SUPER_BLOCKS, b % SUPER_BLOCKS, r,
                        out);
    case MATRIX_FORM_Q5K:
        return read_q5k((const struct q5k_super *)data + b / SUPER_BLOCKS, b % SUPER_BLOCKS, r,
                        out);
    default:
        return read_q6k((const struct q6k_super *)data + b / SUPER_BLOCKS, b % SUPER_BLOCKS, r,
                        out);
    }
}

/* Block @b of vector @i as integers; returns their scale. Q8 is multiplied by 16 bits, the others
 * by 8. */
static float read_vector(const struct matrix *matrix, const struct vectors *vectors, uint32_t i,
                         uint32_t b, int *values)
{
    bool is_16 = matrix->form == MATRIX_FORM_Q8;
    size_t bytes = is_16 ? Q16_BLOCK_BYTES : Q8_BLOCK_BYTES;
    unsigned width = tile_width(vectors->n, i), index = i % TILE;
    const char *block =
        tile_at(is_16 ? vectors->q16 : vectors->q8, matrix->columns, i, bytes) + b * width * bytes;
    const float *scales = (const void *)(block + (size_t)width * BLOCK * (is_16 ? 2 : 1));

    for (unsigned j = 0; j < BLOCK; j++)
        values[j] = is_16 ? ((const int16_t *)(const void *)block)[index * BLOCK + j]
                          : ((const int8_t *)block)[index * BLOCK + j];
    return scales[index];
}

static float multiply_block(const struct row_block *row, const struct matrix *matrix,
                            const struct vectors *vectors, uint32_t i, uint32_t b)
{
    int64_t sums[2] = { 0, 0 }, total = 0;
    int values[BLOCK];
    float scale = read_vector(matrix, vectors, i, b, values);

    for (unsigned j = 0; j < BLOCK; j++) {
        sums[j / 16] += (int64_t)values[j] * row->values[j];
        total += values[j];
    }
    return ((float)sums[0] * row->scale[0] + (float)sums[1] * row->scale[1]
            - (float)total * row->minimum)
           * scale;
}

void kernels_generic_multiply(float *out, const struct matrix *matrix,
                              const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    for (uint32_t group = first; group < first + groups; group++) {
        for (unsigned r = 0; r < LANES && group * LANES + r < matrix->rows; r++) {
            for (uint32_t i = 0; i < vectors->n; i++)
                out[(size_t)i * matrix->rows + group * LANES + r] = 0;
            for (uint32_t b = 0; b < matrix->columns / BLOCK; b++) {
                struct row_block row;

                read_block(matrix, group, b, r, &row);
                for (uint32_t i = 0; i < vectors->n; i++)
                    out[(size_t)i * matrix->rows + group * LANES + r] +=
                        multiply_block(&row, matrix, vectors, i, b);
            }
        }
    }
}

bool kernels_expand_packed_row(float *out, const struct matrix *matrix, uint32_t row)
{
    CHECK(row < matrix->rows);
    if (matrix_is_float(matrix) || row / LANES >= matrix_packed_groups(matrix))
        return false;
    for (uint32_t b = 0; b < matrix->columns / BLOCK; b++, out += BLOCK) {
        struct row_block block;

        read_block(matrix, row / LANES, b, row % LANES, &block);
        for (unsigned i = 0; i < BLOCK; i++)
            out[i] = block.scale[i / 16] * (float)block.values[i] - block.minimum;
    }
    return true;
}
