/* Arithmetic on the masks of a block of JSON: bit n is about its byte n. Shared by json_scan.c and
 * json_end.c only. */
#ifndef FHIR_JSON_BITS_H
#define FHIR_JSON_BITS_H

#include <stdint.h>

#define JSON_BLOCK_BYTES 64

#if defined(__x86_64__)
#include <immintrin.h>
#define JSON_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

/* Bit n: the top bit of byte n, of @low and then @high. */
JSON_AVX2 static inline uint64_t json_bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low)
           | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}
#endif

/* The bytes that a backslash before them makes text; *@carried, 0 or 1: the first byte of this
 * block is, and then that of the next. Runs of backslashes are rare: one by one. */
static inline uint64_t json_bits_escaped(uint64_t backslashes, uint64_t *carried)
{
    uint64_t escaped = *carried;

    backslashes &= ~escaped;
    *carried = 0;
    while (backslashes != 0) {
        unsigned at = (unsigned)__builtin_ctzll(backslashes);

        if (at == JSON_BLOCK_BYTES - 1) {
            *carried = 1;
            break;
        }
        escaped |= (uint64_t)2 << at;
        backslashes &= ~((uint64_t)3 << at);
    }
    return escaped;
}

/* Bit n: the exclusive-or of bits 0 to n. */
static inline uint64_t json_bits_running_xor(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

#endif
