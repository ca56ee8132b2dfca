/* A layer, for n ids at once:
 *
 *     a  = norm(x)                        [n][embedding]
 *     q  = Wq a                           [n][heads · head], turned by its position
 *     k, v = Wk a, Wv a                   [n][kv_heads · head] each; k turned by its position
 *     s  = softmax(q kᵀ / √head) v        [n][heads · head]; each id sees itself and what is before
 *     x += Wo s
 *     b  = norm(x)
 *     x += Wdown (silu(Wgate b) ∘ Wup b)  [n][feed_forward] inside
 *
 * One id is multiplied by our own kernels straight from the file's types; several go through
 * OpenBLAS, a block of rows at a time turned into floats where the file has something else. */
#include "inference_forward.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "base/check.h"

/* Rows of a matrix that are floats at one time: they stay in the second-level cache for widths of
 * up to some thousands. */
#define BLOCK_ROWS 64

struct inference_forward {
    const struct inference_model *model;
    float *x;         /* [chunk][embedding] the residual stream */
    float *a;         /* [chunk][embedding] after a norm, or a product to be added */
    float *q, *s;     /* [chunk][heads · head] */
    float *gate, *up; /* [chunk][feed_forward] */
    float *scores;    /* [context] of one head of one id */
    float *block;     /* [BLOCK_ROWS][the widest matrix's columns] */
    float *logits;    /* [vocabulary] */
};

static float *new_floats(size_t rows, size_t columns)
{
    size_t count;

    /* Zeroed, so that what a bug leaves unwritten is at least always the same. */
    return __builtin_mul_overflow(rows, columns, &count) ? NULL : calloc(count, sizeof(float));
}

static size_t widest(const struct inference_model *model)
{
    size_t width = (size_t)model->heads * model->head;

    width = width > model->embedding ? width : model->embedding;
    return width > model->feed_forward ? width : model->feed_forward;
}

struct inference_forward *inference_forward_create(const struct inference_model *model,
                                                   uint32_t context, struct error *err)
{
    struct inference_forward *forward = calloc(1, sizeof(*forward));

    if (forward != NULL) {
        forward->model = model;
        forward->x = new_floats(INFERENCE_CHUNK_MAX, model->embedding);
        forward->a = new_floats(INFERENCE_CHUNK_MAX, model->embedding);
        forward->q = new_floats(INFERENCE_CHUNK_MAX, (size_t)model->heads * model->head);
        forward->s = new_floats(INFERENCE_CHUNK_MAX, (size_t)model->heads * model->head);
        forward->gate = new_floats(INFERENCE_CHUNK_MAX, model->feed_forward);
        forward->up = new_floats(INFERENCE_CHUNK_MAX, model->feed_forward);
        forward->scores = new_floats(1, context);
        forward->block = new_floats(BLOCK_ROWS, widest(model));
        forward->logits = new_floats(1, model->vocabulary);
        if (forward->x != NULL && forward->a != NULL && forward->q != NULL && forward->s != NULL
            && forward->gate != NULL && forward->up != NULL && forward->scores != NULL
            && forward->block != NULL && forward->logits != NULL)
            return forward;
    }
    inference_forward_destroy(forward);
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the run state");
    return NULL;
}

void inference_forward_destroy(struct inference_forward *forward)
{
    if (forward == NULL)
        return;
    free(forward->x);
    free(forward->a);
    free(forward->q);
    free(forward->s);
    free(forward->gate);
    free(forward->up);
    free(forward->scores);
    free(forward->block);
    free(forward->logits);
    free(forward);
}

/* out[n][rows] = x[n][columns] · matrixᵀ */
static void multiply(struct inference_forward *forward, float *out, const struct matrix *matrix,
                     const float *x, uint32_t n)
{
    uint32_t rows;

    if (n == 1) {
        kernels_multiply_vector(out, matrix, x);
        return;
    }
    for (uint32_t first = 0; first < matrix->rows; first += rows) {
        const float *block = forward->block;

        if (matrix->type == GGUF_TENSOR_TYPE_F32) {
            rows = matrix->rows;
            block = matrix->data;
        } else {
            rows = matrix->rows - first < BLOCK_ROWS ? matrix->rows - first : BLOCK_ROWS;
            kernels_expand_rows(forward->block, matrix, first, rows);
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)rows,
                    (int)matrix->columns, 1.0f, x, (int)matrix->columns, block,
                    (int)matrix->columns, 0.0f, out + first, (int)matrix->rows);
    }
}

static void normalise(const struct inference_model *model, float *out, const float *x,
                      const float *weight, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        kernels_normalise(out + (size_t)i * model->embedding, x + (size_t)i * model->embedding,
                          weight, model->norm_epsilon, model->embedding);
}

/* x[n][heads · head], each head turned by its id's position */
static void rotate(const struct inference_model *model, float *x, uint32_t heads, uint32_t n,
                   uint32_t position)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t h = 0; h < heads; h++)
            kernels_rotate(x + ((size_t)i * heads + h) * model->head, model->rope_frequencies,
                           model->rope_pairs, position + i);
    }
}

/* One head of one id: out[head] = softmax(q · keys / √head) · values, over the positions 0 … last
 */
static void attend_head(struct inference_forward *forward, float *out, const float *q,
                        const float *keys, const float *values, uint32_t last)
{
    const struct inference_model *model = forward->model;
    size_t stride = (size_t)model->kv_heads * model->head;
    float scale = 1.0f / sqrtf((float)model->head);

    kernels_score(forward->scores, q, keys, stride, model->head, (size_t)last + 1, scale);
    kernels_softmax(forward->scores, (size_t)last + 1);
    kernels_mix(out, forward->scores, values, stride, model->head, (size_t)last + 1);
}

static void attend(struct inference_forward *forward, const struct inference_cache *cache,
                   uint32_t layer, uint32_t n, uint32_t position)
{
    const struct inference_model *model = forward->model;
    const float *keys = cache->keys + inference_cache_at(cache, layer, 0);
    const float *values = cache->values + inference_cache_at(cache, layer, 0);
    uint32_t sharing = model->heads / model->kv_heads;

    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t h = 0; h < model->heads; h++) {
            size_t at = ((size_t)i * model->heads + h) * model->head;
            size_t shared = (size_t)(h / sharing) * model->head;

            attend_head(forward, forward->s + at, forward->q + at, keys + shared, values + shared,
                        position + i);
        }
    }
}

static void run_layer(struct inference_forward *forward, struct inference_cache *cache,
                      uint32_t index, uint32_t n, uint32_t position)
{
    const struct inference_model *model = forward->model;
    const struct inference_layer *layer = &model->layers[index];
    float *keys = cache->keys + inference_cache_at(cache, index, position);
    float *values = cache->values + inference_cache_at(cache, index, position);
    size_t width = (size_t)n * model->embedding;

    normalise(model, forward->a, forward->x, layer->attention_norm, n);
    multiply(forward, forward->q, &layer->query, forward->a, n);
    multiply(forward, keys, &layer->key, forward->a, n);
    multiply(forward, values, &layer->value, forward->a, n);
    rotate(model, forward->q, model->heads, n, position);
    rotate(model, keys, model->kv_heads, n, position);
    attend(forward, cache, index, n, position);
    multiply(forward, forward->a, &layer->attention_output, forward->s, n);
    kernels_add_scaled(forward->x, forward->a, 1.0f, width);

    normalise(model, forward->a, forward->x, layer->feed_forward_norm, n);
    multiply(forward, forward->gate, &layer->gate, forward->a, n);
    multiply(forward, forward->up, &layer->up, forward->a, n);
    kernels_gate(forward->gate, forward->up, (size_t)n * model->feed_forward);
    multiply(forward, forward->a, &layer->down, forward->gate, n);
    kernels_add_scaled(forward->x, forward->a, 1.0f, width);
}

const float *inference_forward_run(struct inference_forward *forward, struct inference_cache *cache,
                                   const uint32_t *ids, uint32_t count, uint32_t position,
                                   bool has_logits)
{
    const struct inference_model *model = forward->model;
    const float *last = forward->x + (size_t)(count - 1) * model->embedding;

    CHECK(count >= 1 && count <= INFERENCE_CHUNK_MAX);
    CHECK(position <= cache->context && count <= cache->context - position);
    for (uint32_t i = 0; i < count; i++)
        kernels_expand_rows(forward->x + (size_t)i * model->embedding, &model->token_embedding,
                            ids[i], 1);
    for (uint32_t i = 0; i < model->layers_count; i++)
        run_layer(forward, cache, i, count, position);
    if (!has_logits)
        return NULL;
    kernels_normalise(forward->a, last, model->output_norm, model->norm_epsilon, model->embedding);
    kernels_multiply_vector(forward->logits, &model->output, forward->a);
    return forward->logits;
}
