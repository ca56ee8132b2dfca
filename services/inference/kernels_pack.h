/* How the quantised forms lie in memory: eight rows of a matrix at a time, so that eight sums grow
 * in one vector and none is added up across lanes. Only for the files of the kernels.
 *
 * A group's blocks of 32 columns follow each other. In a block of 4-bit values byte 32 s + 4 r + i
 * is of row r: its low half column 8 s + i, its high half column 8 s + 4 + i. So each 32 bytes are
 * two operands of eight rows by four columns. In a block of 8-bit values byte 16 j + 2 r + i is row
 * r, column 2 j + i. */
#ifndef KERNELS_PACK_H
#define KERNELS_PACK_H

#include <stdint.h>

#include "kernels.h"

#define BLOCK 32       /* columns that share a scale */
#define SUPER_BLOCKS 8 /* blocks in the 256 columns of a K type */
#define SUPER (BLOCK * SUPER_BLOCKS)
#define LANES MATRIX_GROUP_ROWS

struct q8_block {
    uint16_t scale[LANES]; /* F16 */
    int8_t values[LANES * BLOCK];
};

struct q4_block {
    uint16_t scale[LANES];             /* F16 */
    uint8_t values[LANES * BLOCK / 2]; /* 0 to 15; 8 is zero */
};

/* weight = scale · scales[r] · value - minimum · minimums[r] */
struct q4k_super {
    uint16_t scale[LANES], minimum[LANES]; /* F16 */
    struct q4k_block {
        uint8_t scales[LANES], minimums[LANES]; /* 0 to 63 */
        uint8_t values[LANES * BLOCK / 2];
    } blocks[SUPER_BLOCKS];
};

/* The fifth bit of operand j (j = 2 s + half) is bit j of high[4 r + i]. */
struct q5k_super {
    uint16_t scale[LANES], minimum[LANES];
    struct q5k_block {
        uint8_t scales[LANES], minimums[LANES];
        uint8_t values[LANES * BLOCK / 2];
        uint8_t high[LANES * 4];
    } blocks[SUPER_BLOCKS];
};

/* weight = scale · scales[half of the block][r] · (value - 32). The upper two bits of operand j are
 * bits 2 (j mod 4) of high[j / 4][4 r + i]. */
struct q6k_super {
    uint16_t scale[LANES];
    struct q6k_block {
        int8_t scales[2][LANES];
        uint8_t values[LANES * BLOCK / 2];
        uint8_t high[2][LANES * 4];
    } blocks[SUPER_BLOCKS];
};

/* Vectors go together in tiles of four, a last one of fewer. A tile's blocks of 32 columns follow
 * each other; in a block of a tile of w vectors come
 *
 *     values of vector 0, 1 … w - 1      32 each of 8 or 16 bits
 *     scales                             a float each: x = scale · value
 *     sums                               8 bits only: of the 32 values, a float each
 *     starts                             8 bits only: for the first and for the last 16 values, of
 *                                        those in columns 0 and 1 of each four and in 2 and 3, -8
 *                                        times the sum, in 16 bits; so four for each vector
 *
 * The starts are where a sum of products begins whose weights are stored 8 (or 16, or 32) too
 * large: in lanes of 16 bits, which hold the sum of what is true although not each step to it.
 */
#define TILE 4
#define Q8_BLOCK_BYTES (BLOCK + 2 * sizeof(float) + 4 * sizeof(int16_t))
#define Q16_BLOCK_BYTES (BLOCK * 2 + sizeof(float))
#define START_WEIGHT 8

/* Vectors in the tile of vector @i. */
static inline unsigned tile_width(uint32_t n, uint32_t i)
{
    uint32_t first = i / TILE * TILE;

    return n - first < TILE ? n - first : TILE;
}

/* Where the tile of vector @i begins. */
static inline char *tile_at(char *values, uint32_t columns, uint32_t i, size_t block_bytes)
{
    return values + (size_t)(i / TILE * TILE) * (columns / BLOCK) * block_bytes;
}

#endif
