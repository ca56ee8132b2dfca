/* Classes of bytes, a bit for each of many bytes: what blocks, cuts and special pieces begin with.
 * Only for the core of the tokenizer. */
#ifndef TOKENIZER_BYTES_H
#define TOKENIZER_BYTES_H

#include <stdint.h>

#include "tokenizer_cpu.h"

/* A set of ASCII: bit y of rows[x] is the byte y * 16 + x. */
struct tokenizer_byte_set {
    uint8_t rows[16];
};

static inline void tokenizer_byte_set_put(struct tokenizer_byte_set *set, unsigned byte)
{
    set->rows[byte % 16] |= (uint8_t)(1u << byte / 16);
}

#if TOKENIZER_HAS_AVX2
#define TOKENIZER_BYTES_INLINE TOKENIZER_AVX2 static inline __attribute__((always_inline))

/* The upper bit of each byte. */
TOKENIZER_BYTES_INLINE uint64_t tokenizer_bytes_bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low)
           | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* Bytes from @first on, @count of them. */
TOKENIZER_BYTES_INLINE __m256i tokenizer_bytes_range(__m256i bytes, char first, char count)
{
    /* The lowest of all numbers with a sign is the first of the range. */
    __m256i offset = _mm256_add_epi8(bytes, _mm256_set1_epi8((char)(-128 - first)));

    return _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(count - 128)), offset);
}

/* Bytes of @set. */
TOKENIZER_BYTES_INLINE __m256i tokenizer_bytes_in(__m256i bytes,
                                                  const struct tokenizer_byte_set *set)
{
    const __m256i bits = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    __m256i rows =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)set->rows));
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    __m256i bit = _mm256_shuffle_epi8(bits, upper);

    /* Beyond ASCII there is neither a row nor a bit. */
    return _mm256_andnot_si256(
        _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(rows, bytes), bit),
                          _mm256_setzero_si256()),
        _mm256_set1_epi8(-1));
}
#endif

#endif
