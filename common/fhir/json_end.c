/* A mask of each kind of byte (as in json_scan.c). A block that closes fewer brackets than are open
 * has no end in it, and is only counted. */
#include "json_end.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#endif

#define BLOCK_BYTES 64

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
AVX2 static inline uint64_t mask_of(__m256i low, __m256i high, char c)
{
    __m256i wanted = _mm256_set1_epi8(c);

    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted))
           | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) << 32;
}

/* The bytes that a backslash before them makes text; *@is_next: the first of the next block is. */
static inline uint64_t find_escaped(uint64_t backslashes, bool *is_next)
{
    uint64_t escaped = *is_next;

    backslashes &= ~escaped;
    *is_next = false;
    while (backslashes != 0) {
        unsigned at = (unsigned)__builtin_ctzll(backslashes);

        if (at == BLOCK_BYTES - 1) {
            *is_next = true;
            break;
        }
        escaped |= (uint64_t)2 << at;
        backslashes &= ~((uint64_t)3 << at);
    }
    return escaped;
}

/* Bit n: the exclusive-or of bits 0 to n. */
static inline uint64_t running_xor(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
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
    return BLOCK_BYTES;
}

AVX2 static size_t take_blocks(struct json_end *end, const char *data, size_t size)
{
    size_t at = 0;

    while (at + BLOCK_BYTES <= size && end->depth > 0) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(data + at));
        __m256i high = _mm256_loadu_si256((const __m256i *)(data + at + 32));
        __m256i bit = _mm256_set1_epi8(0x20); /* [ and { differ in it, as do ] and } */
        __m256i low_folded = _mm256_or_si256(low, bit), high_folded = _mm256_or_si256(high, bit);
        uint64_t escaped = find_escaped(mask_of(low, high, '\\'), &end->is_escape);
        uint64_t strings =
            running_xor(mask_of(low, high, '"') & ~escaped) ^ (end->is_string ? ~(uint64_t)0 : 0);
        uint64_t opens = mask_of(low_folded, high_folded, '{') & ~strings;
        uint64_t closes = mask_of(low_folded, high_folded, '}') & ~strings;
        size_t closed = (size_t)__builtin_popcountll(closes);

        end->is_string = strings >> 63;
        if (closed >= end->depth) {
            at += take_brackets(end, opens, closes);
            continue;
        }
        end->depth += (size_t)__builtin_popcountll(opens) - closed;
        at += BLOCK_BYTES;
    }
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
