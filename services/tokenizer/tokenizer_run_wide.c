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

TOKENIZER_AVX2 static inline __attribute__((always_inline)) __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

/* Two rounds of a cipher: each bit of a key is in each of what is left. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t hash_of(__m128i key)
{
    __m128i mixed = _mm_aesenc_si128(_mm_aesenc_si128(key, _mm_set1_epi32(0x2545f491)), key);

    return (uint32_t)_mm_cvtsi128_si32(mixed);
}

TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint32_t bucket_of(__m128i key)
{
    return hash_of(key) & (TOKENIZER_CACHE_BUCKETS_BYTES - TOKENIZER_CACHE_BUCKET_BYTES);
}

TOKENIZER_AVX2 uint32_t tokenizer_run_bucket_wide(const uint64_t *key)
{
    return bucket_of(load(key));
}

/* A short word and its key; memory is asked for its bucket. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) void
put_word(struct tokenizer_run_word *word, const char *at, size_t size, uintptr_t buckets)
{
    const struct mask *mask = &masks[size];
    __m128i key = _mm_or_si128(_mm_and_si128(load(at), load(mask->bytes)), load(mask->size));
    uint32_t bucket = bucket_of(key);

    _mm_storeu_si128((__m128i *)(void *)word->key, key);
    word->at = at;
    word->size = (uint32_t)size;
    word->bucket = bucket;
    /* What is asked for without a cache is nowhere, and does no harm. */
    __builtin_prefetch((const void *)(buckets + bucket));
}

TOKENIZER_AVX2 const char *tokenizer_run_put_wide(struct tokenizer_run *run, const char *start,
                                                  const char *base, uint64_t cuts)
{
    struct tokenizer_run_word *word = run->words + run->words_count;
    const struct tokenizer_bucket *buckets = run->cache == NULL ? NULL : run->cache->buckets;

    for (; cuts != 0; cuts &= cuts - 1, word++) {
        const char *at = start;
        size_t size = (size_t)(base + __builtin_ctzll(cuts) - at);

        start = at + size;
        if (__builtin_expect(size > TOKENIZER_SHORT_BYTES, 0)) {
            tokenizer_run_word_long(word, at, size, buckets);
            continue;
        }
        put_word(word, at, size, (uintptr_t)buckets);
    }
    run->words_count = (size_t)(word - run->words);
    return start;
}

/* Counts
 * --------------------------------------------------------------------------------------------- */

/* A key of a word of 1 to 15 bytes here: the word, and 0xff after it; a word that ends in that has
 * none. An entry is a key whose uppermost bits are turned over where its count has ones: what an
 * entry and its own key do not have in common is the count. */
#define ENDLESS 0xff
#define COUNT_SHIFT 60
#define SWAP_TURNS 2
#define COUNT_MASK (((long long)1 << COUNT_SHIFT) - 1)

#define NONE 0, 0, 0, 0, 0, 0, 0, 0
#define ALL 255, 255, 255, 255, 255, 255, 255, 255

/* The 16 bytes from @size before its middle on: what comes after a word. */
static const uint8_t fills[] = { NONE, NONE, ALL, ALL };

/* The first place of a key. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) uint64_t *
place_of_count(struct tokenizer_count *counts, __m128i key)
{
    return counts[hash_of(key) & (((uint32_t)1 << TOKENIZER_CACHE_COUNT_BITS) - 1)].key;
}

/* Whether two keys are one but for what @apart has then: the count. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) bool
is_count(const uint64_t *entry, __m128i key, __m128i *apart)
{
    *apart = _mm_xor_si128(load(entry), key);
    return _mm_testz_si128(*apart, _mm_set_epi64x(COUNT_MASK, -1)) != 0;
}

/* Two places change what they have. */
TOKENIZER_AVX2 static inline void swap_counts(uint64_t *a, uint64_t *b)
{
    __m128i was = load(a);

    _mm_store_si128((__m128i *)(void *)a, load(b));
    _mm_store_si128((__m128i *)(void *)b, was);
}

/* The others that lie together with a place. */
#define OTHER(place, i) ((uint64_t *)((uintptr_t)(place) ^ (i)*2 * sizeof(uint64_t)))

/* Whether a count that is not in its first place is in another of those. Now and then they
 * change places: the first is for what comes often. */
TOKENIZER_AVX2 static __attribute__((noinline)) bool
is_other_count(struct tokenizer_cache *cache, uint64_t *place, __m128i key, __m128i *apart)
{
    for (unsigned i = 1; i < TOKENIZER_COUNTS; i++) {
        if (!is_count(OTHER(place, i), key, apart))
            continue;
        if (cache->turn++ % SWAP_TURNS == 0)
            swap_counts(place, OTHER(place, i));
        return true;
    }
    return false;
}

/* Whether words that end in the 64 bytes from @base on may be counted by themselves: none ends in
 * 0xff. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) bool are_countable(const char *start,
                                                                               const char *base)
{
    const __m256i *from = (const __m256i *)(const void *)(base - (base > start));
    __m256i most = _mm256_max_epu8(_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1));

    return _mm256_movemask_epi8(_mm256_cmpeq_epi8(most, _mm256_set1_epi8((char)ENDLESS))) == 0;
}

TOKENIZER_AVX2 const char *tokenizer_run_count_wide(struct tokenizer_run *run, const char *start,
                                                    const char *base, uint64_t cuts)
{
    struct tokenizer_run_word *word = run->words + run->words_count;
    struct tokenizer_count *const table = run->cache->counts;
    __m128i count = _mm_setzero_si128();

    if (__builtin_expect(!are_countable(start, base), 0))
        return tokenizer_run_put_wide(run, start, base, cuts);
    for (; cuts != 0; cuts &= cuts - 1) {
        const char *at = start;
        uint64_t *place;
        ptrdiff_t back;
        __m128i key, apart;

        start = base + __builtin_ctzll(cuts);
        back = at - start;
        if (__builtin_expect(back < -TOKENIZER_SHORT_BYTES, 0)) {
            tokenizer_run_word_long(word++, at, (size_t)-back, run->cache->buckets);
            continue;
        }
        key = _mm_or_si128(load(at), load(fills + 16 + back));
        place = place_of_count(table, key);
        if (__builtin_expect(!is_count(place, key, &apart), 0)
            && !is_other_count(run->cache, place, key, &apart)) {
            put_word(word++, at, (size_t)-back, (uintptr_t)run->cache->buckets);
            continue;
        }
        count = _mm_add_epi64(count, _mm_srli_epi64(apart, COUNT_SHIFT));
    }
    run->count += (size_t)_mm_extract_epi64(count, 1);
    run->words_count = (size_t)(word - run->words);
    return start;
}

TOKENIZER_AVX2 void tokenizer_run_keep_count(struct tokenizer_run *run,
                                             const struct tokenizer_run_word *word, uint32_t count)
{
    __m128i key = _mm_or_si128(load(word->key), load(fills + 16 - word->size)), apart;
    uint64_t *place = place_of_count(run->cache->counts, key);
    unsigned free = 1 + (unsigned)(run->cache->turn++ % (TOKENIZER_COUNTS - 1));

    if ((unsigned char)word->at[word->size - 1] == ENDLESS || is_count(place, key, &apart)
        || is_other_count(run->cache, place, key, &apart))
        return;
    for (unsigned i = TOKENIZER_COUNTS - 1; i > 0; i--)
        if (OTHER(place, i)[1] == 0)
            free = i;
    swap_counts(place, OTHER(place, free));
    _mm_store_si128(
        (__m128i *)(void *)place,
        _mm_xor_si128(key, _mm_set_epi64x((long long)((uint64_t)count << COUNT_SHIFT), 0)));
    run->cache->is_used = true;
}

/* Taking
 * --------------------------------------------------------------------------------------------- */

/* Where in a bucket the ids of a key are, by which of its halves are equal to the bucket's four;
 * below 0: it is not there. */
#define FIRST offsetof(struct tokenizer_bucket, ids[0])
#define SECOND offsetof(struct tokenizer_bucket, ids[1])

static const int8_t places[16] = { -1, -1, -1, FIRST, -1,     -1,     -1,     FIRST,
                                   -1, -1, -1, FIRST, SECOND, SECOND, SECOND, FIRST };

/* The ids of @key, or NULL. */
TOKENIZER_AVX2 static inline __attribute__((always_inline)) const char *find(const char *bucket,
                                                                             const uint64_t *key)
{
    __m256i keys = _mm256_load_si256((const __m256i *)(const void *)bucket);
    __m256i equal = _mm256_cmpeq_epi64(keys, _mm256_broadcastsi128_si256(load(key)));
    ptrdiff_t place = places[_mm256_movemask_pd(_mm256_castsi256_pd(equal))];

    return place < 0 ? NULL : bucket + place;
}

TOKENIZER_AVX2 const struct tokenizer_run_word *
tokenizer_run_take_wide(struct tokenizer_run *run, const struct tokenizer_run_word *word,
                        const struct tokenizer_run_word *end)
{
    const char *buckets = (const char *)run->cache->buckets;
    const __m128i plain = _mm_set_epi32(-1, -1, -1, TOKENIZER_SHORT_ID_MASK);
    uint32_t *ids = run->ids + run->count;

    for (; word < end; word++) {
        const char *found = find(buckets + word->bucket, word->key);
        size_t count;

        if (__builtin_expect(found == NULL, 0))
            break;
        count = (unsigned char)found[3];
        if (__builtin_expect(count > TOKENIZER_SHORT_IDS, 0)) /* far */
            break;
        _mm_storeu_si128(
            (__m128i *)(void *)ids,
            _mm_and_si128(_mm_load_si128((const __m128i *)(const void *)found), plain));
        ids += count;
    }
    run->count = (size_t)(ids - run->ids);
    return word;
}
#endif
