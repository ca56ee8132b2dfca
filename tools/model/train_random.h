/* Random numbers for training: small, seeded, the same on every machine. */
#ifndef TRAIN_RANDOM_H
#define TRAIN_RANDOM_H

#include <math.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* In [0, 1). */
static inline double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

/* In [0, @count); @count is small beside 2^64, so that the bias does not matter. */
static inline uint32_t random_below(struct random *random, uint32_t count)
{
    return (uint32_t)(random_next(random) % count);
}

static inline double random_normal(struct random *random)
{
    double u = 1.0 - random_unit(random), v = random_unit(random);

    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

#endif
