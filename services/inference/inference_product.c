#include "inference_product.h"

#include <assert.h>
#include <cblas.h>
#include <stdlib.h>

/* Rows of a float matrix that a member of the crew takes at a time. */
#define BLOCK_ROWS 64
/* Groups of a matrix that is not packed that are packed together, to stay in the second cache. */
#define MAPPED_GROUPS 4
static_assert(MAPPED_GROUPS * MATRIX_GROUP_ROWS <= BLOCK_ROWS,
              "no type takes more than the four bytes of a float");
/* Vectors that are made whole numbers by one member. */
#define PART_VECTORS 4
/* Groups of rows of a matrix that are a part; fewer where there would be too few parts. */
#define PART_GROUPS 32

enum status inference_products_init(struct inference_products *products,
                                    struct inference_crew *crew, size_t n, size_t widest,
                                    struct error *err)
{
    struct vectors *vectors = &products->vectors;

    openblas_set_num_threads(1); /* the crew's members call it */
    *products = (struct inference_products){ .crew = crew, .block_stride = BLOCK_ROWS * widest };
    products->block =
        calloc(inference_crew_size(crew), products->block_stride * sizeof(*products->block));
    vectors->q8 = calloc(1, kernels_q8_bytes(n, widest) + 1);
    vectors->q16 = calloc(1, kernels_q16_bytes(n, widest) + 1);
    if (products->block != NULL && vectors->q8 != NULL && vectors->q16 != NULL)
        return STATUS_OK;
    inference_products_close(products);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu vectors", n);
}

void inference_products_close(struct inference_products *products)
{
    free(products->block);
    free(products->vectors.q8);
    free(products->vectors.q16);
    *products = (struct inference_products){ 0 };
}

void inference_products_set(struct inference_products *products, const float *x, uint32_t n,
                            uint32_t columns)
{
    products->vectors.x = x;
    products->vectors.n = n;
    products->vectors.columns = columns;
    products->vectors.has_q8 = products->vectors.has_q16 = false;
}

struct product {
    struct inference_products *products;
    float *out;
    const struct matrix *matrix;
    const struct vectors *vectors;
    uint32_t part_groups;
};

/* Groups that are not packed, a few at a time by way of a member's own memory: the same product to
 * the last bit. */
static void multiply_mapped(const struct product *product, uint32_t first, uint32_t groups,
                            unsigned member)
{
    struct inference_products *products = product->products;
    void *memory = products->block + member * products->block_stride;
    uint32_t done, count;

    done = kernels_multiply_mapped(product->out, product->matrix, product->vectors, first, groups);
    for (uint32_t at = first + done; at < first + groups; at += count) {
        struct matrix packed;

        count = first + groups - at < MAPPED_GROUPS ? first + groups - at : MAPPED_GROUPS;
        packed = kernels_map_groups(product->matrix, memory, at, count);
        kernels_multiply(product->out, &packed, product->vectors, at, count);
    }
}

static void run_each(void *task, uint32_t part, unsigned member)
{
    struct product *product = task;
    uint32_t first = part * product->part_groups;
    uint32_t left = matrix_groups(product->matrix) - first;
    uint32_t groups = left < product->part_groups ? left : product->part_groups;
    uint32_t packed = matrix_packed_groups(product->matrix);
    uint32_t ready = packed <= first ? 0 : packed - first < groups ? packed - first : groups;

    if (ready > 0)
        kernels_multiply(product->out, product->matrix, product->vectors, first, ready);
    if (ready < groups)
        multiply_mapped(product, first + ready, groups - ready, member);
}

/* Each vector by our own kernels. */
static void multiply_each(struct inference_products *products, float *out,
                          const struct matrix *matrix, const struct vectors *vectors)
{
    uint32_t groups = matrix_groups(matrix);
    uint32_t share = groups / (4 * inference_crew_size(products->crew)) + 1;
    struct product product = { products, out, matrix, vectors, PART_GROUPS };

    if (matrix_is_float(matrix))
        product.part_groups *= MATRIX_GROUP_ROWS;
    if (share < product.part_groups)
        product.part_groups = share;
    inference_crew_run(products->crew, (groups + product.part_groups - 1) / product.part_groups,
                       run_each, &product);
}

static void run_together(void *task, uint32_t part, unsigned member)
{
    struct product *product = task;
    const struct matrix *matrix = product->matrix;
    uint32_t first = part * BLOCK_ROWS, left = matrix->rows - first;
    uint32_t rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
    const float *block = (const float *)matrix->data + (size_t)first * matrix->columns;
    float *own = product->products->block + member * product->products->block_stride;

    if (matrix->form != MATRIX_FORM_F32) {
        kernels_expand_rows(own, matrix, first, rows);
        block = own;
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)product->vectors->n, (int)rows,
                (int)matrix->columns, 1.0f, product->vectors->x, (int)matrix->columns, block,
                (int)matrix->columns, 0.0f, product->out + first, (int)matrix->rows);
}

/* A stretch through OpenBLAS, a block of rows at a time. */
static void multiply_together(struct inference_products *products, float *out,
                              const struct matrix *matrix, const struct vectors *vectors)
{
    struct product product = { products, out, matrix, vectors, 0 };

    inference_crew_run(products->crew, (matrix->rows + BLOCK_ROWS - 1) / BLOCK_ROWS, run_together,
                       &product);
}

void inference_products_run(struct inference_products *products, float *out,
                            const struct matrix *matrix, const struct inference_stretch *stretches,
                            uint32_t count)
{
    struct vectors some = products->vectors;

    if (!matrix_is_float(matrix)) {
        inference_products_run_each(products, out, matrix);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        some.n = stretches[i].count;
        if (stretches[i].is_each)
            multiply_each(products, out, matrix, &some);
        else
            multiply_together(products, out, matrix, &some);
        some.x += (size_t)some.n * some.columns;
        out += (size_t)some.n * matrix->rows;
    }
}

static void run_quantise(void *task, uint32_t part, unsigned member)
{
    const struct product *product = task;
    const struct vectors *vectors = product->vectors;
    uint32_t first = part * PART_VECTORS, left = vectors->n - first;

    (void)member;
    kernels_quantise_part(vectors, product->matrix->form, first,
                          left < PART_VECTORS ? left : PART_VECTORS);
}

static void quantise(struct inference_products *products, const struct matrix *matrix)
{
    struct vectors *vectors = &products->vectors;
    struct product product = { products, NULL, matrix, vectors, 0 };

    if (!kernels_quantise_is_due(vectors, matrix->form))
        return;
    inference_crew_run(products->crew, (vectors->n + PART_VECTORS - 1) / PART_VECTORS, run_quantise,
                       &product);
    kernels_quantise_done(vectors, matrix->form);
}

void inference_products_run_each(struct inference_products *products, float *out,
                                 const struct matrix *matrix)
{
    quantise(products, matrix);
    multiply_each(products, out, matrix, &products->vectors);
}
