/* Products of matrices and the vectors of a batch, by a crew.
 *
 * The rows of quantised matrices are multiplied by all vectors at once, and what comes out for a
 * vector is its own. Float matrices are multiplied by a stretch of vectors through OpenBLAS, which
 * adds up in an order that depends on how many there are, and by single vectors with our own
 * kernels. The thread that created the crew. */
#ifndef INFERENCE_PRODUCT_H
#define INFERENCE_PRODUCT_H

#include "inference_crew.h"
#include "kernels.h"

/* Vectors that go together where the order of adding up depends on it. */
struct inference_stretch {
    uint32_t count;
    bool is_each; /* or each by itself */
};

struct inference_products {
    struct inference_crew *crew;
    size_t block_stride;
    float *block; /* [members][rows at a time][widest] rows of a matrix as floats, or packed */
    struct vectors vectors;
};

/* For up to @n vectors of up to @widest values. RESOURCE_EXHAUSTED. */
enum status inference_products_init(struct inference_products *products,
                                    struct inference_crew *crew, size_t n, size_t widest,
                                    struct error *err);
void inference_products_close(struct inference_products *products);

/* What the next products multiply: x[n][columns], left alone meanwhile. */
void inference_products_set(struct inference_products *products, const float *x, uint32_t n,
                            uint32_t columns);

/* out[n][rows] = matrix · x, where the stretches have n vectors in all. */
void inference_products_run(struct inference_products *products, float *out,
                            const struct matrix *matrix, const struct inference_stretch *stretches,
                            uint32_t count);

/* The same, each vector by itself. */
void inference_products_run_each(struct inference_products *products, float *out,
                                 const struct matrix *matrix);

#endif
