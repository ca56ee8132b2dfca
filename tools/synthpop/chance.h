/* Chance: a seeded stream of random numbers. The same seed gives the same numbers on every machine:
 * nothing here depends on the C library or on the rounding of its functions. One thread at a time.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* Stream @index of @seed; two indices give unrelated streams. */
void chance_init(struct chance *chance, uint64_t seed, uint64_t index);

uint64_t chance_bits(struct chance *chance);

/* 0 to @count - 1; @count is above 0. */
unsigned chance_below(struct chance *chance, unsigned count);

/* @low to @high, both included. */
int chance_between(struct chance *chance, int low, int high);

/* [0, 1) */
double chance_unit(struct chance *chance);

bool chance_happens(struct chance *chance, double probability);

/* Bell-shaped around 0 with a standard deviation of 1, never beyond ±6. */
double chance_normal(struct chance *chance);

/* A random element of an array. */
#define CHANCE_PICK(chance, array)                                                                 \
    ((array)[chance_below((chance), sizeof(array) / sizeof((array)[0]))])

#endif
