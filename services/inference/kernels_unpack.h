/* The quantised blocks of a GGUF file, taken apart: what the tables expand and kernels_pack packs.
 * The layouts are ggml's. Only for the files of the kernels. */
#ifndef KERNELS_UNPACK_H
#define KERNELS_UNPACK_H

#include "kernels_pack.h"

/* 32 values and their scale: Q8_0, IQ4_NL (signed), Q4_0 (0 to 15, 8 is zero). */
struct unpacked_block {
    uint16_t scale; /* F16 */
    int8_t values[BLOCK];
};

/* 256 values in 8 blocks: Q4_K and Q5_K, with scales[b][0] and minimums; Q6_K with two scales a
 * block and no minimum (0 to 63, 32 is zero). */
struct unpacked_super {
    uint16_t scale, minimum; /* F16 */
    int8_t scales[SUPER_BLOCKS][2];
    uint8_t minimums[SUPER_BLOCKS];
    uint8_t values[SUPER_BLOCKS][BLOCK];
};

bool kernels_unpack_is_super(enum gguf_tensor_type type);

/* @data: one block of Q8_0, Q4_0 or IQ4_NL. */
void kernels_unpack_block(enum gguf_tensor_type type, const void *data, struct unpacked_block *out);

/* @data: one super-block of Q4_K, Q5_K or Q6_K. */
void kernels_unpack_super(enum gguf_tensor_type type, const void *data, struct unpacked_super *out);

#endif
