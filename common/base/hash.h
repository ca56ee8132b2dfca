/* Hash of bytes for tables in memory. Not for anything that an attacker must not foresee on disk or
 * on the wire; tables that hold what callers sent pass a random @seed. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

/* The first @size bytes of @at as a number, at most eight, the first the lowest. */
static inline uint64_t hash_word(const char *at, size_t size)
{
    uint64_t word = 0;
    uint32_t low, high;

    if (size >= 8) {
        memcpy(&word, at, 8);
        return word;
    }
    if (size >= 4) {
        memcpy(&low, at, 4);
        memcpy(&high, at + size - 4, 4);
        return low | (uint64_t)high << (8 * (size - 4));
    }
    if (size > 0)
        word = (uint64_t)(unsigned char)at[0]
               | (uint64_t)(unsigned char)at[size / 2] << (8 * (size / 2))
               | (uint64_t)(unsigned char)at[size - 1] << (8 * (size - 1));
    return word;
}

/* A step of a hash: 128 bits of a product, folded. */
static inline uint64_t hash_step(uint64_t hash, uint64_t word)
{
    unsigned __int128 product =
        (unsigned __int128)(hash ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* 64 bits, eight input bytes a step (as in wyhash). */
static inline uint64_t hash_bytes(struct slice bytes, uint64_t seed)
{
    const uint64_t k = 0x9e3779b97f4a7c15u;
    uint64_t h = seed ^ (bytes.size * k);
    size_t i = 0;

    for (; i + 8 <= bytes.size; i += 8)
        h = hash_step(h, hash_word(bytes.data + i, 8));
    if (i < bytes.size)
        h = hash_step(h, hash_word(bytes.data + i, bytes.size - i));
    h ^= h >> 32;
    h *= k;
    return h ^ h >> 29;
}

#endif
