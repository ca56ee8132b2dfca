/* Hash of bytes for tables in memory. Not for anything that an attacker must not foresee on disk or
 * on the wire; tables that hold what callers sent pass a random @seed. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

/* 64 bits, eight input bytes a step (a multiply and fold of 128 bits, as in wyhash). */
static inline uint64_t hash_bytes(struct slice bytes, uint64_t seed)
{
    const uint64_t k = 0x9e3779b97f4a7c15u;
    uint64_t h = seed ^ (bytes.size * k);
    size_t i = 0;

    while (i < bytes.size) {
        size_t step = bytes.size - i < 8 ? bytes.size - i : 8;
        uint64_t word = 0;
        unsigned __int128 product;

        memcpy(&word, bytes.data + i, step);
        product = (unsigned __int128)(h ^ word ^ k) * 0xd6e8feb86659fd93u;
        h = (uint64_t)product ^ (uint64_t)(product >> 64);
        i += step;
    }
    h ^= h >> 32;
    h *= k;
    return h ^ h >> 29;
}

#endif
