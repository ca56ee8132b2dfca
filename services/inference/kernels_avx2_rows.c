/* One vector by rows of Q8_0 as a file has them: to pack them first would take longer than to
 * multiply them. The sums of a block are whole numbers, so that in which order they are made does
 * not matter; from there on it goes as in kernels_avx2_blocks.h. */
#include <immintrin.h>
#include <string.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

#define ROW_BLOCK_BYTES 34 /* a scale of 16 bits, 32 values */

static inline __m256i load_wide(const uint8_t *values)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)values));
}

/* A row's 32 products, in eight sums. */
static inline __m256i products(const uint8_t *block, __m256i first, __m256i second)
{
    return _mm256_add_epi32(_mm256_madd_epi16(load_wide(block + 2), first),
                            _mm256_madd_epi16(load_wide(block + 18), second));
}

/* Eight rows' sums to one lane each. */
static inline __m256i across(const __m256i rows[LANES])
{
    __m256i low =
        _mm256_hadd_epi32(_mm256_hadd_epi32(rows[0], rows[1]), _mm256_hadd_epi32(rows[2], rows[3]));
    __m256i high =
        _mm256_hadd_epi32(_mm256_hadd_epi32(rows[4], rows[5]), _mm256_hadd_epi32(rows[6], rows[7]));

    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20),
                            _mm256_permute2x128_si256(low, high, 0x31));
}

/* Eight rows, @row_bytes apart, while those of the next group are asked for. */
static __m256 run_group(const uint8_t *rows, size_t row_bytes, const char *x, uint32_t blocks)
{
    __m256 total = _mm256_setzero_ps();

    for (uint32_t b = 0; b < blocks; b++, rows += ROW_BLOCK_BYTES, x += Q16_BLOCK_BYTES) {
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)x);
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(x + BLOCK));
        uint16_t scales[LANES];
        __m256i sums[LANES];
        __m256 scale;

        for (unsigned r = 0; r < LANES; r++) {
            const uint8_t *block = rows + r * row_bytes;

            _mm_prefetch((const char *)block + LANES * row_bytes, _MM_HINT_T0);
            memcpy(&scales[r], block, sizeof(scales[r]));
            sums[r] = products(block, first, second);
        }
        scale =
            _mm256_mul_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)scales)),
                          _mm256_broadcast_ss((const float *)(const void *)(x + 2 * BLOCK)));
        total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(across(sums)), scale, total);
    }
    return total;
}

uint32_t kernels_avx2_multiply_rows(float *out, const struct matrix *matrix,
                                    const struct vectors *vectors, uint32_t first, uint32_t groups)
{
    const struct table *table = &matrix->mapped;
    uint32_t whole = table->rows / LANES, end = first + groups < whole ? first + groups : whole;

    if (table->type != GGUF_TENSOR_TYPE_Q8_0 || vectors->n != 1 || end <= first)
        return 0;
    for (uint32_t group = first; group < end; group++) {
        const uint8_t *rows = (const uint8_t *)table->data + group * LANES * table->row_bytes;

        _mm256_storeu_ps(out + group * LANES,
                         run_group(rows, table->row_bytes, vectors->q16, table->columns / BLOCK));
    }
    return end - first;
}
