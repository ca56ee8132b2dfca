#include "chance.h"

#include "base/check.h"

/* splitmix64: a counter and a mixer. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void chance_init(struct chance *chance, uint64_t seed, uint64_t index)
{
    chance->state = mix(seed + 0x9e3779b97f4a7c15u) ^ mix(index * 0xd6e8feb86659fd93u + 1);
}

uint64_t chance_bits(struct chance *chance)
{
    chance->state += 0x9e3779b97f4a7c15u;
    return mix(chance->state);
}

unsigned chance_below(struct chance *chance, unsigned count)
{
    CHECK(count > 0);
    return (unsigned)((chance_bits(chance) >> 32) * count >> 32);
}

int chance_between(struct chance *chance, int low, int high)
{
    CHECK(low <= high);
    return low + (int)chance_below(chance, (unsigned)(high - low) + 1);
}

double chance_unit(struct chance *chance)
{
    return (double)(chance_bits(chance) >> 11) * 0x1p-53;
}

bool chance_happens(struct chance *chance, double probability)
{
    return chance_unit(chance) < probability;
}

/* The sum of twelve uniform numbers has a variance of 1. */
double chance_normal(struct chance *chance)
{
    double sum = 0;
    int i;

    for (i = 0; i < 12; i++)
        sum += chance_unit(chance);
    return sum - 6;
}
