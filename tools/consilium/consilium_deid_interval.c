#include "consilium_deid_interval.h"

#include <math.h>
#include <stdlib.h>

#define RESAMPLES 1000
#define Z95 1.959963984540054

struct deid_interval deid_interval_share(uint64_t hits, uint64_t total)
{
    double n = (double)total, share, centre, half;

    if (total == 0)
        return (struct deid_interval){ NAN, NAN, NAN };
    share = (double)hits / n;
    centre = (share + Z95 * Z95 / (2 * n)) / (1 + Z95 * Z95 / n);
    half = Z95 / (1 + Z95 * Z95 / n) * sqrt(share * (1 - share) / n + Z95 * Z95 / (4 * n * n));
    return (struct deid_interval){ share, fmax(0, centre - half), fmin(1, centre + half) };
}

double deid_interval_f_of(double precision, double recall, double beta)
{
    double square = beta * beta, below = square * precision + recall;

    return isnan(precision) || isnan(recall) || below == 0
               ? NAN
               : (1 + square) * precision * recall / below;
}

struct sums {
    uint64_t found, wanted, right, reported;
};

static void sums_add(struct sums *sums, const struct deid_interval_part *part)
{
    sums->found += part->found;
    sums->wanted += part->wanted;
    sums->right += part->right;
    sums->reported += part->reported;
}

static double sums_f(const struct sums *sums, double beta)
{
    if (sums->wanted == 0 || sums->reported == 0)
        return NAN;
    return deid_interval_f_of((double)sums->right / (double)sums->reported,
                              (double)sums->found / (double)sums->wanted, beta);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int number_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

struct deid_interval deid_interval_f(const struct deid_interval_part *parts, uint32_t count,
                                     double beta)
{
    double drawn[RESAMPLES];
    uint64_t state = 0x9e3779b97f4a7c15;
    struct sums all = { 0 };
    unsigned i, kept = 0;
    uint32_t j;

    for (j = 0; j < count; j++)
        sums_add(&all, &parts[j]);
    if (isnan(sums_f(&all, beta)))
        return (struct deid_interval){ NAN, NAN, NAN };
    for (i = 0; i < RESAMPLES; i++) {
        struct sums sums = { 0 };

        for (j = 0; j < count; j++)
            sums_add(&sums, &parts[next_random(&state) % count]);
        drawn[kept] = sums_f(&sums, beta);
        kept += !isnan(drawn[kept]);
    }
    qsort(drawn, kept, sizeof(drawn[0]), number_compare);
    return (struct deid_interval){ sums_f(&all, beta), drawn[kept * 25 / 1000],
                                   drawn[kept * 975 / 1000 < kept ? kept * 975 / 1000 : kept - 1] };
}
