/* The 16-bit floats of GGUF files, without asking anything of the processor: F16 is IEEE binary16,
 * BF16 the upper half of a binary32. To 16 bits they round to nearest, ties to even. */
#ifndef GGUF_GGUF_HALF_H
#define GGUF_GGUF_HALF_H

#include <stdint.h>
#include <string.h>

static inline float gguf_half_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline float gguf_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, rest = half & 0x7fffu;

    if (rest >= 0x7c00u) /* infinity, NaN */
        return gguf_half_bits(sign | 0x7f800000u | rest << 13);
    if (rest >= 0x0400u)
        return gguf_half_bits(sign | ((rest << 13) + 0x38000000u));
    /* Subnormal: rest times 2^-24, which a binary32 holds exactly. */
    return sign != 0 ? -(float)rest * 0x1p-24f : (float)rest * 0x1p-24f;
}

static inline uint16_t gguf_half_from_float(float value)
{
    uint32_t bits, sign, rest;

    memcpy(&bits, &value, sizeof(bits));
    sign = bits >> 16 & 0x8000u;
    rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (rest >= 0x477ff000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (rest < 0x38800000u) {
        /* Below 2^-14: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits. */
        float shifted = gguf_half_bits(rest) + 0.5f;

        memcpy(&bits, &shifted, sizeof(bits));
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    rest += 0xfffu + (rest >> 13 & 1);
    return (uint16_t)(sign | ((rest - 0x38000000u) >> 13));
}

static inline float gguf_half_bf16_to_float(uint16_t half)
{
    return gguf_half_bits((uint32_t)half << 16);
}

static inline uint16_t gguf_half_bf16_from_float(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

#endif
