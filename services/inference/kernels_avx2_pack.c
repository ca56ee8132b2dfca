/* kernels_pack for AVX2: the rows of a group by turns of vectors in place of bytes one by one. The
 * bytes that come out are those of kernels_pack.c, which is the truth. */
#include <immintrin.h>
#include <string.h>

#include "kernels_impl.h"
#include "kernels_pack.h"

/* Blocks of 32 values with a scale before them, as the file has them. */
#define Q8_0_BYTES 34
#define Q4_0_BYTES 18
#define Q4_K_BYTES 144
#define Q6_K_BYTES 210

/* In each half of 128 bits, rows of four words become columns. */
static void turn_words(__m256i rows[4])
{
    __m256i a = _mm256_unpacklo_epi32(rows[0], rows[1]);
    __m256i b = _mm256_unpackhi_epi32(rows[0], rows[1]);
    __m256i c = _mm256_unpacklo_epi32(rows[2], rows[3]);
    __m256i d = _mm256_unpackhi_epi32(rows[2], rows[3]);

    rows[0] = _mm256_unpacklo_epi64(a, c);
    rows[1] = _mm256_unpackhi_epi64(a, c);
    rows[2] = _mm256_unpacklo_epi64(b, d);
    rows[3] = _mm256_unpackhi_epi64(b, d);
}

/* In each half, eight rows of eight 16-bit values become columns. */
static void turn_pairs(__m256i rows[LANES])
{
    __m256i a[LANES];

    for (unsigned i = 0; i < 4; i++) {
        a[i] = _mm256_unpacklo_epi16(rows[2 * i], rows[2 * i + 1]);
        a[i + 4] = _mm256_unpackhi_epi16(rows[2 * i], rows[2 * i + 1]);
    }
    turn_words(a);
    turn_words(a + 4);
    memcpy(rows, a, sizeof(a));
}

/* Bytes of eight rows, eight of each: to columns[c][r]. */
static void turn_bytes(const uint8_t (*rows)[LANES], __m128i columns[4])
{
    __m128i a[4], b[4];

    for (unsigned i = 0; i < 4; i++)
        a[i] = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)rows[2 * i]),
                                 _mm_loadl_epi64((const __m128i *)rows[2 * i + 1]));
    b[0] = _mm_unpacklo_epi16(a[0], a[1]);
    b[1] = _mm_unpackhi_epi16(a[0], a[1]);
    b[2] = _mm_unpacklo_epi16(a[2], a[3]);
    b[3] = _mm_unpackhi_epi16(a[2], a[3]);
    columns[0] = _mm_unpacklo_epi32(b[0], b[2]);
    columns[1] = _mm_unpackhi_epi32(b[0], b[2]);
    columns[2] = _mm_unpacklo_epi32(b[1], b[3]);
    columns[3] = _mm_unpackhi_epi32(b[1], b[3]);
}

/* Blocks of 32 values
 * ---------------------------------------------------------------------------------------------- */

static void put_q8(struct q8_block *to, __m256i rows[LANES])
{
    turn_pairs(rows);
    for (unsigned i = 0; i < LANES; i++) {
        _mm_storeu_si128((__m128i *)(to->values + 16 * i), _mm256_castsi256_si128(rows[i]));
        _mm_storeu_si128((__m128i *)(to->values + 128 + 16 * i),
                         _mm256_extracti128_si256(rows[i], 1));
    }
}

static void pack_q8_0(const struct table *table, const uint8_t *data, void *group)
{
    struct q8_block *to = group;

    for (uint32_t at = 0; at < table->columns; at += BLOCK, data += Q8_0_BYTES, to++) {
        __m256i rows[LANES];

        for (unsigned r = 0; r < LANES; r++) {
            const uint8_t *row = data + r * table->row_bytes;

            memcpy(&to->scale[r], row, sizeof(to->scale[r]));
            rows[r] = _mm256_loadu_si256((const __m256i *)(row + 2));
        }
        put_q8(to, rows);
    }
}

/* The low halves of a row's 16 bytes, and the high ones in the upper half of the register: values 0
 * to 15 and 16 to 31. */
static __m256i halves(const uint8_t *bytes)
{
    __m128i both = _mm_loadu_si128((const __m128i *)bytes);

    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
}

static void pack_iq4_nl(const struct table *table, const uint8_t *data, void *group)
{
    const __m256i nonlinear = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113));
    struct q8_block *to = group;

    for (uint32_t at = 0; at < table->columns; at += BLOCK, data += Q4_0_BYTES, to++) {
        __m256i rows[LANES];

        for (unsigned r = 0; r < LANES; r++) {
            const uint8_t *row = data + r * table->row_bytes;

            memcpy(&to->scale[r], row, sizeof(to->scale[r]));
            rows[r] = _mm256_shuffle_epi8(nonlinear, halves(row + 2));
        }
        put_q8(to, rows);
    }
}

/* Of eight words, each second one into the upper halves of the one before: words 0 and 2 of each
 * half of the register are what counts. */
static __m256i joined(__m256i values)
{
    return _mm256_or_si256(values, _mm256_srli_epi64(values, 28));
}

/* Words 0 to 3 of a row in each half of a register: to values[s][r] for the block of either half.
 */
static void put_words(uint8_t *low, uint8_t *high, __m256i rows[LANES])
{
    turn_words(rows);
    turn_words(rows + 4);
    for (unsigned i = 0; i < LANES; i++) {
        unsigned at = i % 4 * 32 + i / 4 * 16;

        _mm_storeu_si128((__m128i *)(low + at), _mm256_castsi256_si128(rows[i]));
        if (high != NULL)
            _mm_storeu_si128((__m128i *)(high + at), _mm256_extracti128_si256(rows[i], 1));
    }
}

static void pack_q4_0(const struct table *table, const uint8_t *data, void *group)
{
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    struct q4_block *to = group;

    for (uint32_t at = 0; at < table->columns; at += BLOCK, data += Q4_0_BYTES, to++) {
        __m256i rows[LANES];

        for (unsigned r = 0; r < LANES; r++) {
            const uint8_t *row = data + r * table->row_bytes;

            memcpy(&to->scale[r], row, sizeof(to->scale[r]));
            rows[r] = _mm256_permutevar8x32_epi32(joined(halves(row + 2)), even);
        }
        put_words(to->values, NULL, rows);
    }
}

/* Super-blocks
 * ---------------------------------------------------------------------------------------------- */

/* Two blocks of 32 values of 4 bits: a block's four words in either half of the register. */
static __m256i words_of(__m256i first, __m256i second)
{
    __m256 both = _mm256_shuffle_ps(_mm256_castsi256_ps(joined(first)),
                                    _mm256_castsi256_ps(joined(second)), 0x88);

    return _mm256_permute4x64_epi64(_mm256_castps_si256(both), 0xd8);
}

/* As kernels_unpack.c has it, eight scales or minimums at a time. */
static void unpack_scales(const uint8_t *bytes, uint8_t scales[LANES], uint8_t minimums[LANES])
{
    uint32_t a, b, c, words[2];

    memcpy(&a, bytes, 4);
    memcpy(&b, bytes + 4, 4);
    memcpy(&c, bytes + 8, 4);
    words[0] = a & 0x3f3f3f3fu;
    words[1] = (c & 0x0f0f0f0fu) | (a >> 6 & 0x03030303u) << 4;
    memcpy(scales, words, sizeof(words));
    words[0] = b & 0x3f3f3f3fu;
    words[1] = (c >> 4 & 0x0f0f0f0fu) | (b >> 6 & 0x03030303u) << 4;
    memcpy(minimums, words, sizeof(words));
}

static void put_q4k_scales(struct q4k_super *to, const uint8_t *data, size_t row_bytes)
{
    uint8_t scales[LANES][LANES], minimums[LANES][LANES];
    __m128i turned[4];

    for (unsigned r = 0; r < LANES; r++) {
        memcpy(&to->scale[r], data + r * row_bytes, 2);
        memcpy(&to->minimum[r], data + r * row_bytes + 2, 2);
        unpack_scales(data + r * row_bytes + 4, scales[r], minimums[r]);
    }
    turn_bytes(scales, turned);
    for (unsigned b = 0; b < SUPER_BLOCKS; b += 2) {
        _mm_storel_epi64((__m128i *)to->blocks[b].scales, turned[b / 2]);
        _mm_storel_epi64((__m128i *)to->blocks[b + 1].scales, _mm_srli_si128(turned[b / 2], 8));
    }
    turn_bytes(minimums, turned);
    for (unsigned b = 0; b < SUPER_BLOCKS; b += 2) {
        _mm_storel_epi64((__m128i *)to->blocks[b].minimums, turned[b / 2]);
        _mm_storel_epi64((__m128i *)to->blocks[b + 1].minimums, _mm_srli_si128(turned[b / 2], 8));
    }
}

static void pack_q4_k(const struct table *table, const uint8_t *data, void *group)
{
    const __m256i low = _mm256_set1_epi8(15);
    struct q4k_super *to = group;

    for (uint32_t at = 0; at < table->columns; at += SUPER, data += Q4_K_BYTES, to++) {
        put_q4k_scales(to, data, table->row_bytes);
        for (unsigned b = 0; b < SUPER_BLOCKS; b += 2) {
            __m256i rows[LANES];

            for (unsigned r = 0; r < LANES; r++) {
                __m256i both = _mm256_loadu_si256(
                    (const __m256i *)(data + r * table->row_bytes + 16 + b / 2 * BLOCK));

                rows[r] = words_of(_mm256_and_si256(both, low),
                                   _mm256_and_si256(_mm256_srli_epi16(both, 4), low));
            }
            put_words(to->blocks[b].values, to->blocks[b + 1].values, rows);
        }
    }
}

/* The upper two bits of 32 values: the two words of a row in words 0 and 4. */
static __m256i high_words(__m256i bits)
{
    __m256i two = _mm256_or_si256(bits, _mm256_srli_epi64(bits, 30));

    return _mm256_or_si256(two, _mm256_slli_epi32(_mm256_shuffle_epi32(two, 0x02), 4));
}

static void put_high(struct q6k_block *to, const __m256i rows[LANES])
{
    for (unsigned r = 0; r < LANES; r++) {
        uint32_t first = (uint32_t)_mm256_extract_epi32(rows[r], 0);
        uint32_t second = (uint32_t)_mm256_extract_epi32(rows[r], 4);

        memcpy(to->high[0] + 4 * r, &first, sizeof(first));
        memcpy(to->high[1] + 4 * r, &second, sizeof(second));
    }
}

static void put_q6k_scales(struct q6k_super *to, const uint8_t *data, size_t row_bytes)
{
    for (unsigned r = 0; r < LANES; r++) {
        const int8_t *scales = (const int8_t *)data + r * row_bytes + 192;

        memcpy(&to->scale[r], data + r * row_bytes + 208, 2);
        for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
            to->blocks[b].scales[0][r] = scales[2 * b];
            to->blocks[b].scales[1][r] = scales[2 * b + 1];
        }
    }
}

/* Half a super-block, 128 values: @low 64 bytes, @high 32. */
static void put_q6k_half(struct q6k_block *to, const uint8_t *low, const uint8_t *high,
                         size_t row_bytes)
{
    const __m256i four = _mm256_set1_epi8(15), two = _mm256_set1_epi8(3);
    __m256i first[LANES], second[LANES], upper[4][LANES];

    for (unsigned r = 0; r < LANES; r++, low += row_bytes, high += row_bytes) {
        __m256i a = _mm256_loadu_si256((const __m256i *)low);
        __m256i b = _mm256_loadu_si256((const __m256i *)(low + 32));
        __m256i bits = _mm256_loadu_si256((const __m256i *)high);

        first[r] = words_of(_mm256_and_si256(a, four), _mm256_and_si256(b, four));
        second[r] = words_of(_mm256_and_si256(_mm256_srli_epi16(a, 4), four),
                             _mm256_and_si256(_mm256_srli_epi16(b, 4), four));
        upper[0][r] = high_words(_mm256_and_si256(bits, two));
        upper[1][r] = high_words(_mm256_and_si256(_mm256_srli_epi16(bits, 2), two));
        upper[2][r] = high_words(_mm256_and_si256(_mm256_srli_epi16(bits, 4), two));
        upper[3][r] = high_words(_mm256_and_si256(_mm256_srli_epi16(bits, 6), two));
    }
    put_words(to[0].values, to[1].values, first);
    put_words(to[2].values, to[3].values, second);
    for (unsigned b = 0; b < 4; b++)
        put_high(&to[b], upper[b]);
}

static void pack_q6_k(const struct table *table, const uint8_t *data, void *group)
{
    struct q6k_super *to = group;

    for (uint32_t at = 0; at < table->columns; at += SUPER, data += Q6_K_BYTES, to++) {
        put_q6k_scales(to, data, table->row_bytes);
        put_q6k_half(to->blocks, data, data + 128, table->row_bytes);
        put_q6k_half(to->blocks + 4, data + 64, data + 160, table->row_bytes);
    }
}

void kernels_avx2_pack(const struct table *table, uint32_t row, void *group)
{
    const uint8_t *data = (const uint8_t *)table->data + row * table->row_bytes;

    if (row + LANES > table->rows)
        return kernels_generic_pack(table, row, group);
    switch (table->type) {
    case GGUF_TENSOR_TYPE_Q8_0:
        return pack_q8_0(table, data, group);
    case GGUF_TENSOR_TYPE_IQ4_NL:
        return pack_iq4_nl(table, data, group);
    case GGUF_TENSOR_TYPE_Q4_0:
        return pack_q4_0(table, data, group);
    case GGUF_TENSOR_TYPE_Q4_K:
        return pack_q4_k(table, data, group);
    case GGUF_TENSOR_TYPE_Q6_K:
        return pack_q6_k(table, data, group);
    default:
        return kernels_generic_pack(table, row, group);
    }
}
