/* A seeded stream of random numbers, the same on every machine. */
#ifndef TAGGER_CHANCE_H
#define TAGGER_CHANCE_H

#include <stdint.h>

struct tagger_chance {
    uint64_t state;
};

static inline void tagger_chance_init(struct tagger_chance *chance, uint64_t seed)
{
    /* Far from the states that neighbouring seeds reach. */
    seed = (seed ^ 0xd6e8feb86659fd93u) * 0xff51afd7ed558ccdu;
    seed = (seed ^ seed >> 33) * 0xc4ceb9fe1a85ec53u;
    chance->state = seed ^ seed >> 29;
}

static inline uint64_t tagger_chance_bits(struct tagger_chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 to @count - 1; @count is above 0. */
static inline unsigned tagger_chance_below(struct tagger_chance *chance, unsigned count)
{
    return (unsigned)((tagger_chance_bits(chance) >> 32) * count >> 32);
}

/* [0, 1) */
static inline double tagger_chance_unit(struct tagger_chance *chance)
{
    return (double)(tagger_chance_bits(chance) >> 11) * 0x1p-53;
}

#endif
