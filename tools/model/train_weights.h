/* The parameters as one flat array with names for its parts. Weights, gradients and the optimizer's
 * moments share the layout.
 *
 * A matrix is row-major [out][in], as GGUF stores it. Query, key and value lie one after the other,
 * gate and up too, so that each group is one matrix product. The embedding is also the output
 * matrix (tied). */
#ifndef TRAIN_WEIGHTS_H
#define TRAIN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model_shape.h"

struct layer_weights {
    float *attention_norm; /* [d] */
    float *qkv;            /* [(heads + 2 kv_heads) head][d]: queries, keys, values */
    float *output;         /* [d][heads head] */
    float *ffn_norm;       /* [d] */
    float *gate_up;        /* [2 ffn][d]: gate, up */
    float *down;           /* [d][ffn] */
};

struct weights {
    struct shape shape;
    float *all; /* [count], and everything below points into it */
    size_t count;
    float *embedding; /* [vocabulary][d] */
    struct layer_weights layers[SHAPE_LAYERS_MAX];
    float *output_norm; /* [d] */
};

/* INVALID_ARGUMENT when the numbers do not fit together or are over the bounds of model_shape.h. */
enum status weights_check_shape(const struct shape *shape, struct error *err);

/* Parameters of a model of @shape, which was checked. */
size_t weights_count(const struct shape *shape);

/* Name the parts of @memory, weights_count floats that the caller keeps. */
void weights_bind(struct weights *weights, const struct shape *shape, float *memory);

/* Draw the weights of a new model from @seed. Some heads begin as "find where this stood before":
 * see train_init.c. */
void weights_init(struct weights *weights, uint64_t seed);

/* Walk the parts in the order of the array: the @index-th part's offset, rows and columns (a norm
 * is one row). False at the end. */
struct weights_part {
    size_t offset, rows, columns;
    bool is_norm;
};
bool weights_part_at(const struct weights *weights, size_t index, struct weights_part *part);

#endif
