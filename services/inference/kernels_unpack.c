#include "kernels_unpack.h"

#include <string.h>

#include "base/check.h"

/* The sixteen values of IQ4_NL. */
static const int8_t nonlinear[16] = { -127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113 };

static uint16_t half_at(const uint8_t *bytes)
{
    uint16_t half;

    memcpy(&half, bytes, sizeof(half));
    return half;
}

bool kernels_unpack_is_super(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_TYPE_Q4_K || type == GGUF_TENSOR_TYPE_Q5_K
           || type == GGUF_TENSOR_TYPE_Q6_K;
}

/* scale, then 16 bytes: the low halves are the first sixteen values */
static void unpack_nibbles(const uint8_t *bytes, int8_t *values)
{
    for (unsigned i = 0; i < BLOCK / 2; i++) {
        values[i] = bytes[i] & 15;
        values[i + BLOCK / 2] = (int8_t)(bytes[i] >> 4);
    }
}

void kernels_unpack_block(enum gguf_tensor_type type, const void *data, struct unpacked_block *out)
{
    const uint8_t *bytes = data;

    out->scale = half_at(bytes);
    bytes += 2;
    if (type == GGUF_TENSOR_TYPE_Q8_0) {
        memcpy(out->values, bytes, BLOCK);
        return;
    }
    CHECK(type == GGUF_TENSOR_TYPE_Q4_0 || type == GGUF_TENSOR_TYPE_IQ4_NL);
    unpack_nibbles(bytes, out->values);
    for (unsigned i = 0; i < BLOCK && type == GGUF_TENSOR_TYPE_IQ4_NL; i++)
        out->values[i] = nonlinear[(unsigned char)out->values[i]];
}

/* Eight scales and eight minimums of 6 bits in 12 bytes: the first four in bytes 0 to 3 and 4 to 7,
 * the others in the halves of bytes 8 to 11, with their upper two bits above the first ones'. */
static void unpack_scales(const uint8_t *bytes, struct unpacked_super *out)
{
    for (unsigned j = 0; j < SUPER_BLOCKS; j++) {
        unsigned scale = bytes[j] & 63, minimum = bytes[j + 4] & 63;

        if (j >= 4) {
            scale = (bytes[j + 4] & 15u) | (bytes[j - 4] >> 6) << 4;
            minimum = (bytes[j + 4] >> 4) | (bytes[j] >> 6) << 4;
        }
        out->scales[j][0] = out->scales[j][1] = (int8_t)scale;
        out->minimums[j] = (uint8_t)minimum;
    }
}

/* Blocks two by two: 32 bytes whose low halves are one and whose high halves are the next. */
static void unpack_pairs(const uint8_t *bytes, struct unpacked_super *out)
{
    for (unsigned b = 0; b < SUPER_BLOCKS; b += 2, bytes += BLOCK) {
        for (unsigned i = 0; i < BLOCK; i++) {
            out->values[b][i] = bytes[i] & 15;
            out->values[b + 1][i] = bytes[i] >> 4;
        }
    }
}

static void unpack_q4_k(const uint8_t *bytes, struct unpacked_super *out)
{
    out->scale = half_at(bytes);
    out->minimum = half_at(bytes + 2);
    unpack_scales(bytes + 4, out);
    unpack_pairs(bytes + 16, out);
}

static void unpack_q5_k(const uint8_t *bytes, struct unpacked_super *out)
{
    const uint8_t *high = bytes + 16;

    out->scale = half_at(bytes);
    out->minimum = half_at(bytes + 2);
    unpack_scales(bytes + 4, out);
    unpack_pairs(bytes + 48, out);
    for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
        for (unsigned i = 0; i < BLOCK; i++)
            out->values[b][i] |= (uint8_t)((high[i] >> b & 1) << 4);
    }
}

/* Two halves of 128 values: 64 bytes of low bits, 32 of high bits, 8 scales. */
static void unpack_q6_k(const uint8_t *bytes, struct unpacked_super *out)
{
    const uint8_t *low = bytes, *high = bytes + 128;

    memcpy(out->scales, bytes + 192, sizeof(out->scales));
    out->scale = half_at(bytes + 208);
    out->minimum = 0;
    memset(out->minimums, 0, sizeof(out->minimums));
    for (unsigned b = 0; b < SUPER_BLOCKS; b += 4, low += 64, high += 32) {
        for (unsigned i = 0; i < BLOCK; i++) {
            out->values[b][i] = (low[i] & 15) | (uint8_t)((high[i] & 3) << 4);
            out->values[b + 1][i] = (low[i + 32] & 15) | (uint8_t)((high[i] >> 2 & 3) << 4);
            out->values[b + 2][i] = (low[i] >> 4) | (uint8_t)((high[i] >> 4 & 3) << 4);
            out->values[b + 3][i] = (low[i + 32] >> 4) | (uint8_t)((high[i] >> 6) << 4);
        }
    }
}

void kernels_unpack_super(enum gguf_tensor_type type, const void *data, struct unpacked_super *out)
{
    switch (type) {
    case GGUF_TENSOR_TYPE_Q4_K:
        return unpack_q4_k(data, out);
    case GGUF_TENSOR_TYPE_Q5_K:
        return unpack_q5_k(data, out);
    case GGUF_TENSOR_TYPE_Q6_K:
        return unpack_q6_k(data, out);
    default:
        CHECK(!"no type of super-blocks");
    }
}
