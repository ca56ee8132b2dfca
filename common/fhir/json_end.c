/* A mask of each kind of byte (as in json_scan.c). A block that closes fewer brackets than are open
 * has no end in it, and is only counted. */
#include "json_end.h"

#include "json_bits.h"

/* Byte by byte: what is no whole block, and where there is no AVX2. */
static size_t take_bytes(struct json_end *end, const char *data, size_t at, size_t size)
{
    while (at < size && end->depth > 0) {
        char c = data[at++];
        bool is_escaped = end->is_escape;

        end->is_escape = c == '\\' && !is_escaped;
        if (c == '"')
            end->is_string ^= !is_escaped;
        else if (!end->is_string && (c == '{' || c == '['))
            end->depth++;
        else if (!end->is_string && (c == '}' || c == ']'))
            end->depth--;
    }
    return at;
}

#if defined(__x86_64__)
JSON_AVX2 static inline uint64_t mask_of(__m256i low, __m256i high, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);

    return json_bits_of(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

/* Bracket by bracket through a block where it may end. */
static size_t take_brackets(struct json_end *end, uint64_t opens, uint64_t closes)
{
    for (uint64_t both = opens | closes; both != 0; both &= both - 1) {
        unsigned at = (unsigned)__builtin_ctzll(both);

        end->depth += opens >> at & 1 ? 1 : (size_t)-1;
        if (end->depth == 0)
            return at + 1;
    }
    return JSON_BLOCK_BYTES;
}

JSON_AVX2 static size_t take_blocks(struct json_end *end, const char *data, size_t size)
{
    uint64_t is_escape = end->is_escape;
    size_t at = 0;

    while (at + JSON_BLOCK_BYTES <= size && end->depth > 0) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(data + at));
        __m256i high = _mm256_loadu_si256((const __m256i *)(data + at + 32));
        __m256i bit = _mm256_set1_epi8(0x20); /* [ and { differ in it, as do ] and } */
        __m256i low_folded = _mm256_or_si256(low, bit), high_folded = _mm256_or_si256(high, bit);
        uint64_t escaped = json_bits_escaped(mask_of(low, high, '\\'), &is_escape);
        uint64_t strings = json_bits_running_xor(mask_of(low, high, '"') & ~escaped)
                           ^ (end->is_string ? ~(uint64_t)0 : 0);
        uint64_t opens = mask_of(low_folded, high_folded, '{') & ~strings;
        uint64_t closes = mask_of(low_folded, high_folded, '}') & ~strings;
        size_t closed = (size_t)__builtin_popcountll(closes);

        end->is_string = strings >> 63;
        if (closed >= end->depth) {
            at += take_brackets(end, opens, closes);
            continue;
        }
        end->depth += (size_t)__builtin_popcountll(opens) - closed;
        at += JSON_BLOCK_BYTES;
    }
    end->is_escape = is_escape != 0;
    return at;
}
#endif

size_t json_end_take(struct json_end *end, struct slice bytes)
{
    size_t at = 0;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        at = take_blocks(end, bytes.data, bytes.size);
#endif
    return take_bytes(end, bytes.data, at, bytes.size);
}
