/* AdamW: the step that follows a gradient. */
#ifndef TRAIN_ADAM_H
#define TRAIN_ADAM_H

#include "train_weights.h"

struct adam {
    float *first, *second; /* moments, of the layout of the weights; zero at the beginning */
    uint64_t steps;        /* taken so far */
};

struct adam_step {
    float rate, beta_first, beta_second, epsilon;
    float decay;         /* of matrices; norms and the embedding do not decay */
    double gradient_max; /* clip the gradient's length to this */
};

/* Change @weights; returns the gradient's length before clipping. */
double adam_take_step(struct adam *adam, const struct adam_step *step, struct weights *weights,
                      const struct weights *gradient);

/* The same for @count @values that are no weights, without decay. */
double adam_take_flat_step(struct adam *adam, const struct adam_step *step, float *values,
                           const float *gradient, size_t count);

#endif
