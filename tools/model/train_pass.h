/* The forward and the backward pass over one example, on one thread.
 *
 *     x = embedding[tokens]
 *     each layer:   x += attention(rmsnorm(x)) output      x += swiglu(rmsnorm(x)) down
 *     logits = rmsnorm(x) embedding, only at the rows that have a target
 *
 * Matrix products are single-threaded BLAS: the caller has called openblas_set_num_threads(1). */
#ifndef TRAIN_PASS_H
#define TRAIN_PASS_H

#include "base/arena.h"
#include "train_example.h"
#include "train_weights.h"

/* Token @token is to be predicted at row @row; its loss counts @weight. */
struct pass_target {
    uint32_t row;
    uint32_t token;
    float weight;
    bool is_answer;
    /* Filled in by the pass: */
    float loss;    /* -log p, not weighted */
    uint32_t best; /* what the model finds most likely */
};

struct pass_layer;

/* The memory of a pass over an example of up to tokens_max tokens. */
struct pass {
    struct shape shape;
    size_t tokens_max;
    struct pass_layer *layers;
    float *x;           /* [T][d] after the last layer */
    float *inverse_rms; /* [T] of the last norm */
    float *cosines, *sines;
    float *rows, *d_rows,
        *logits; /* a chunk of rows with targets: [chunk][d], [chunk][vocabulary] */
    float *d_x, *d_normed, *d_wide, *d_qkv; /* the way back: [T][d], [T][d], [T][2 ffn], [T][qkv] */
    float *wide;                            /* [T][ffn] */
    float *scratch;                         /* attention's */
};

/* RESOURCE_EXHAUSTED when @arena is too small. */
enum status pass_init(struct pass *pass, const struct shape *shape, size_t tokens_max,
                      struct arena *arena, struct error *err);

/* Fill in @targets (ordered by row) and return their weighted loss. With @gradient, of the same
 * layout as @weights, add the gradient of that loss to it; NULL: forward only. */
double pass_run(struct pass *pass, const struct weights *weights, const struct example *example,
                struct pass_target *targets, size_t targets_count, struct weights *gradient);

#endif
