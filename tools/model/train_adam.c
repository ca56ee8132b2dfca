#include "train_adam.h"

#include <math.h>

static double length(const float *x, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

struct update {
    float beta_first, beta_second, scale; /* scale of the gradient: clipping */
    float rate, decay, epsilon; /* rate and epsilon with the bias of the first steps taken out */
};

static void update_range(const struct update *u, float *restrict w, const float *restrict g,
                         float *restrict first, float *restrict second, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float gradient = g[i] * u->scale;

        first[i] = u->beta_first * first[i] + (1 - u->beta_first) * gradient;
        second[i] = u->beta_second * second[i] + (1 - u->beta_second) * gradient * gradient;
        w[i] -= u->rate * first[i] / (sqrtf(second[i]) + u->epsilon) + u->decay * w[i];
    }
}

/* What the next step does, but for the decay; counts it. */
static struct update next_update(struct adam *adam, const struct adam_step *step, double norm)
{
    double steps = (double)++adam->steps, second_bias = sqrt(1 - pow(step->beta_second, steps));
    struct update u = {
        step->beta_first, step->beta_second, 1, 0, 0, (float)(step->epsilon * second_bias)
    };

    if (norm > step->gradient_max)
        u.scale = (float)(step->gradient_max / norm);
    u.rate = (float)(step->rate * second_bias / (1 - pow(step->beta_first, steps)));
    return u;
}

double adam_take_step(struct adam *adam, const struct adam_step *step, struct weights *weights,
                      const struct weights *gradient)
{
    double norm = length(gradient->all, gradient->count);
    struct update u = next_update(adam, step, norm);
    struct weights_part part;

    for (size_t i = 0; weights_part_at(weights, i, &part); i++) {
        u.decay = i > 0 && !part.is_norm ? step->rate * step->decay : 0;
        update_range(&u, weights->all + part.offset, gradient->all + part.offset,
                     adam->first + part.offset, adam->second + part.offset,
                     part.rows * part.columns);
    }
    return norm;
}

double adam_take_flat_step(struct adam *adam, const struct adam_step *step, float *values,
                           const float *gradient, size_t count)
{
    double norm = length(gradient, count);
    struct update u = next_update(adam, step, norm);

    update_range(&u, values, gradient, adam->first, adam->second, count);
    return norm;
}
