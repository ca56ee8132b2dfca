#include "tokenizer_run_wide.h"

#include "tokenizer_cpu.h"

#if TOKENIZER_HAS_AVX2
/* So many bytes, 1 to 8, of a number as it is read from memory. */
#define BYTES(count) (UINT64_MAX >> (64 - 8 * (count)))

#define SIZE(size)                                                                                 \
    {                                                                                              \
        0, (uint64_t)(size) << 56                                                                  \
    }

/* What of 16 bytes is a word of so many, and its size where a key has it. */
struct mask {
    uint64_t bytes[2], size[2];
};

static const struct mask masks[TOKENIZER_SHORT_BYTES + 1] = {
    { { 0, 0 }, SIZE(0) },
    { { BYTES(1), 0 }, SIZE(1) },
    { { BYTES(2), 0 }, SIZE(2) },
    { { BYTES(3), 0 }, SIZE(3) },
    { { BYTES(4), 0 }, SIZE(4) },
    { { BYTES(5), 0 }, SIZE(5) },
    { { BYTES(6), 0 }, SIZE(6) },
    { { BYTES(7), 0 }, SIZE(7) },
    { { BYTES(8), 0 }, SIZE(8) },
    { { BYTES(8), BYTES(1) }, SIZE(9) },
    { { BYTES(8), BYTES(2) }, SIZE(10) },
    { { BYTES(8), BYTES(3) }, SIZE(11) },
    { { BYTES(8), BYTES(4) }, SIZE(12) },
    { { BYTES(8), BYTES(5) }, SIZE(13) },
    { { BYTES(8), BYTES(6) }, SIZE(14) },
    { { BYTES(8), BYTES(7) }, SIZE(15) },
};

/* The place of a bucket's key that is @key: 0 for the first, 4 for the second; below 0: none. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) int
place_of(const struct tokenizer_bucket *bucket, __m128i key)
{
    __m256i keys = _mm256_load_si256((const __m256i *)(const void *)bucket->keys);
    __m256i equal = _mm256_cmpeq_epi64(keys, _mm256_broadcastsi128_si256(key));
    int halves = _mm256_movemask_pd(_mm256_castsi256_pd(equal));

    halves &= halves >> 1 & 5;
    return halves == 0 ? -1 : halves & 4;
}

TOKENIZER_AVX2 const char *tokenizer_run_put_wide(struct tokenizer_run *run, const char *start,
                                                  const char *base, uint64_t cuts)
{
    struct tokenizer_run_word *word = run->words + run->words_count;
    const struct tokenizer_bucket *buckets = run->cache == NULL ? NULL : run->cache->buckets;

    for (; cuts != 0; cuts &= cuts - 1, word++) {
        const char *at = start;
        size_t size = (size_t)(base + __builtin_ctzll(cuts) - at);
        const __m128i *mask;
        __m128i key;

        start = at + size;
        if (__builtin_expect(size > TOKENIZER_SHORT_BYTES, 0)) {
            tokenizer_run_word_init(word, at, size);
            continue;
        }
        mask = (const __m128i *)(const void *)&masks[size];
        key = _mm_and_si128(_mm_loadu_si128((const __m128i *)(const void *)at),
                            _mm_loadu_si128(mask));
        key = _mm_or_si128(key, _mm_loadu_si128(mask + 1));
        word->at = at;
        word->size = (uint32_t)size;
        _mm_storeu_si128((__m128i *)(void *)word->key, key);
        tokenizer_run_word_ask(word, buckets);
    }
    run->words_count = (size_t)(word - run->words);
    return start;
}

TOKENIZER_AVX2 static inline __attribute__((always_inline)) const struct tokenizer_run_word *
take(struct tokenizer_run *run, const struct tokenizer_run_word *word,
     const struct tokenizer_run_word *end, bool has_ids)
{
    const struct tokenizer_bucket *buckets = run->cache->buckets;
    const __m128i plain = _mm_set_epi32(-1, -1, -1, TOKENIZER_SHORT_ID_MASK);
    uint32_t *ids = has_ids ? run->ids + run->count : NULL;
    size_t count = 0;

    for (; word < end; word++) {
        const struct tokenizer_bucket *bucket = &buckets[word->bucket];
        int place = place_of(bucket, _mm_loadu_si128((const __m128i *)(const void *)word->key));
        const char *found;

        if (__builtin_expect(place < 0, 0))
            break;
        found = (const char *)bucket->ids + place * 4;
        if (has_ids)
            _mm_storeu_si128(
                (__m128i *)(void *)(ids + count),
                _mm_and_si128(_mm_load_si128((const __m128i *)(const void *)found), plain));
        count += (unsigned char)found[3];
    }
    run->count += count;
    return word;
}

TOKENIZER_AVX2 const struct tokenizer_run_word *
tokenizer_run_take_wide(struct tokenizer_run *run, const struct tokenizer_run_word *word,
                        const struct tokenizer_run_word *end)
{
    return run->arena != NULL ? take(run, word, end, true) : take(run, word, end, false);
}
#endif
