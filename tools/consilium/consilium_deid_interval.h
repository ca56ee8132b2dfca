/* How sure a score is: 95 % intervals. */
#ifndef CONSILIUM_DEID_INTERVAL_H
#define CONSILIUM_DEID_INTERVAL_H

#include <stdint.h>

struct deid_interval {
    double value, low, high; /* of 0 of 0: all NAN */
};

/* @hits of @total, by Wilson's score. */
struct deid_interval deid_interval_share(uint64_t hits, uint64_t total);

/* What one document adds to recall and precision at one level. */
struct deid_interval_part {
    uint32_t found, wanted;   /* of recall */
    uint32_t right, reported; /* of precision */
};

/* F-beta over @count parts, by resampling whole documents 1,000 times, always in the same way. */
struct deid_interval deid_interval_f(const struct deid_interval_part *parts, uint32_t count,
                                     double beta);

/* F-beta of a precision and a recall; NAN where neither is a number or both are 0. */
double deid_interval_f_of(double precision, double recall, double beta);

#endif
