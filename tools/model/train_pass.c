#include "train_pass.h"

#include <cblas.h>

#include "base/check.h"
#include "train_attention.h"
#include "train_kernels.h"

/* Rows of logits that are held at once. */
#define PASS_CHUNK 64

/* What the way back needs of a layer's way there. */
struct pass_layer {
    float *x;                           /* [T][d] its input */
    float *normed;                      /* [T][d] */
    float *qkv;                         /* [T][qkv] turned */
    float *attended;                    /* [T][d] */
    float *middle;                      /* [T][d] after attention */
    float *normed_2;                    /* [T][d] */
    float *gate_up;                     /* [T][2 ffn] */
    float *inverse_rms, *inverse_rms_2; /* [T] */
};

static float *floats(struct arena *arena, size_t count, bool *is_full)
{
    float *memory = ARENA_ARRAY(arena, float, count);

    if (memory == NULL)
        *is_full = true;
    return memory;
}

static void init_layer(struct pass_layer *layer, const struct shape *s, size_t tokens,
                       struct arena *arena, bool *is_full)
{
    layer->x = floats(arena, tokens * s->width, is_full);
    layer->normed = floats(arena, tokens * s->width, is_full);
    layer->qkv = floats(arena, tokens * shape_qkv(s), is_full);
    layer->attended = floats(arena, tokens * s->width, is_full);
    layer->middle = floats(arena, tokens * s->width, is_full);
    layer->normed_2 = floats(arena, tokens * s->width, is_full);
    layer->gate_up = floats(arena, tokens * 2 * s->ffn, is_full);
    layer->inverse_rms = floats(arena, tokens, is_full);
    layer->inverse_rms_2 = floats(arena, tokens, is_full);
}

enum status pass_init(struct pass *pass, const struct shape *s, size_t tokens_max,
                      struct arena *arena, struct error *err)
{
    bool is_full = false;
    size_t pairs = shape_head_size(s) / 2, d = s->width;

    *pass = (struct pass){ .shape = *s, .tokens_max = tokens_max };
    pass->layers = ARENA_ARRAY(arena, struct pass_layer, s->layers);
    for (uint32_t i = 0; pass->layers != NULL && i < s->layers; i++)
        init_layer(&pass->layers[i], s, tokens_max, arena, &is_full);
    pass->x = floats(arena, tokens_max * d, &is_full);
    pass->inverse_rms = floats(arena, tokens_max, &is_full);
    pass->cosines = floats(arena, tokens_max * pairs, &is_full);
    pass->sines = floats(arena, tokens_max * pairs, &is_full);
    pass->rows = floats(arena, PASS_CHUNK * d, &is_full);
    pass->d_rows = floats(arena, PASS_CHUNK * d, &is_full);
    pass->logits = floats(arena, PASS_CHUNK * (size_t)s->vocabulary_size, &is_full);
    pass->d_x = floats(arena, tokens_max * d, &is_full);
    pass->d_normed = floats(arena, tokens_max * d, &is_full);
    pass->d_wide = floats(arena, tokens_max * 2 * s->ffn, &is_full);
    pass->d_qkv = floats(arena, tokens_max * shape_qkv(s), &is_full);
    pass->wide = floats(arena, 2 * tokens_max * s->ffn, &is_full);
    pass->scratch = floats(arena, attention_scratch_count(tokens_max), &is_full);
    if (is_full || pass->layers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a pass over %zu tokens",
                         tokens_max);
    kernel_rope_tables(s->rope_base, 2 * pairs, tokens_max, pass->cosines, pass->sines);
    return STATUS_OK;
}

/* y [rows][out] = x [rows][in] w^T, or added to y. */
static void product(const float *x, const float *w, size_t rows, size_t in, size_t out,
                    bool is_added, float *y)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, out, in, 1, x, in, w, in, is_added,
                y, out);
}

/* Of y = x w^T: d_x [rows][in] = d_y w, and d_w [out][in] += d_y^T x. */
static void product_back(const float *d_y, const float *x, const float *w, size_t rows, size_t in,
                         size_t out, float *d_x, float *d_w)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, in, out, 1, d_y, out, w, in, 0,
                d_x, in);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, rows, 1, d_y, out, x, in, 1, d_w,
                in);
}

/* Turn the queries and keys of every row by its position. */
static void turn(const struct pass *pass, const struct example *example, float *qkv,
                 float direction)
{
    const struct shape *s = &pass->shape;
    size_t size = shape_head_size(s);
    uint32_t segment = 0;

    for (size_t i = 0; i < example->size; i++) {
        size_t position = i;

        if (i >= example->prefix) {
            while (example->segments[segment].end <= i)
                segment++;
            position = example->prefix + i - example->segments[segment].first;
        }
        kernel_rope(qkv + i * shape_qkv(s), s->heads + s->kv_heads, size,
                    pass->cosines + position * (size / 2), pass->sines + position * (size / 2),
                    direction);
    }
}

static void layer_forward(struct pass *pass, uint32_t index, const struct layer_weights *w,
                          const struct example *example, float *x_next)
{
    const struct shape *s = &pass->shape;
    struct pass_layer *layer = &pass->layers[index];
    size_t rows = example->size, d = s->width;

    kernel_rmsnorm(layer->x, w->attention_norm, s->norm_epsilon, rows, d, layer->normed,
                   layer->inverse_rms);
    product(layer->normed, w->qkv, rows, d, shape_qkv(s), false, layer->qkv);
    turn(pass, example, layer->qkv, 1);
    attention_forward(s, example, layer->qkv, layer->attended, pass->scratch);
    memcpy(layer->middle, layer->x, rows * d * sizeof(float));
    product(layer->attended, w->output, rows, d, d, true, layer->middle);

    kernel_rmsnorm(layer->middle, w->ffn_norm, s->norm_epsilon, rows, d, layer->normed_2,
                   layer->inverse_rms_2);
    product(layer->normed_2, w->gate_up, rows, d, 2 * (size_t)s->ffn, false, layer->gate_up);
    kernel_swiglu(layer->gate_up, rows, s->ffn, pass->wide);
    memcpy(x_next, layer->middle, rows * d * sizeof(float));
    product(pass->wide, w->down, rows, s->ffn, d, true, x_next);
}

/* pass->d_x is the gradient of the layer's output, and becomes that of its input. */
static void layer_backward(struct pass *pass, uint32_t index, const struct layer_weights *w,
                           const struct example *example, struct layer_weights *d_w)
{
    const struct shape *s = &pass->shape;
    struct pass_layer *layer = &pass->layers[index];
    size_t rows = example->size, d = s->width;
    float *d_inner = pass->wide + rows * s->ffn;

    kernel_swiglu(layer->gate_up, rows, s->ffn, pass->wide);
    product_back(pass->d_x, pass->wide, w->down, rows, s->ffn, d, d_inner, d_w->down);
    kernel_swiglu_back(d_inner, layer->gate_up, rows, s->ffn, pass->d_wide);
    product_back(pass->d_wide, layer->normed_2, w->gate_up, rows, d, 2 * (size_t)s->ffn,
                 pass->d_normed, d_w->gate_up);
    kernel_rmsnorm_back(pass->d_normed, layer->middle, w->ffn_norm, layer->inverse_rms_2, rows, d,
                        pass->d_x, d_w->ffn_norm);

    product_back(pass->d_x, layer->attended, w->output, rows, d, d, pass->d_normed, d_w->output);
    memset(pass->d_qkv, 0, rows * shape_qkv(s) * sizeof(float));
    attention_backward(s, example, layer->qkv, pass->d_normed, pass->d_qkv, pass->scratch);
    turn(pass, example, pass->d_qkv, -1);
    product_back(pass->d_qkv, layer->normed, w->qkv, rows, d, shape_qkv(s), pass->d_normed,
                 d_w->qkv);
    kernel_rmsnorm_back(pass->d_normed, layer->x, w->attention_norm, layer->inverse_rms, rows, d,
                        pass->d_x, d_w->attention_norm);
}

/* The loss of a chunk of targets; with @gradient also what flows back into pass->d_x and the two
 * matrices of the end. */
static double chunk_loss(struct pass *pass, const struct weights *weights,
                         struct pass_target *targets, size_t count, struct weights *gradient)
{
    const struct shape *s = &pass->shape;
    size_t d = s->width, vocabulary = s->vocabulary_size;
    double loss = 0;

    for (size_t i = 0; i < count; i++)
        kernel_rmsnorm(pass->x + targets[i].row * d, weights->output_norm, s->norm_epsilon, 1, d,
                       pass->rows + i * d, &pass->inverse_rms[i]);
    product(pass->rows, weights->embedding, count, d, vocabulary, false, pass->logits);
    for (size_t i = 0; i < count; i++) {
        size_t best;

        targets[i].loss = kernel_cross_entropy(pass->logits + i * vocabulary, vocabulary,
                                               targets[i].token, targets[i].weight, &best);
        targets[i].best = (uint32_t)best;
        loss += (double)targets[i].weight * targets[i].loss;
    }
    if (gradient == NULL)
        return loss;
    product_back(pass->logits, pass->rows, weights->embedding, count, d, vocabulary, pass->d_rows,
                 gradient->embedding);
    for (size_t i = 0; i < count; i++)
        kernel_rmsnorm_back(pass->d_rows + i * d, pass->x + targets[i].row * d,
                            weights->output_norm, &pass->inverse_rms[i], 1, d,
                            pass->d_x + targets[i].row * d, gradient->output_norm);
    return loss;
}

static void embed_back(const struct pass *pass, const struct example *example,
                       struct weights *gradient)
{
    size_t d = pass->shape.width;

    for (size_t i = 0; i < example->size; i++)
        kernel_add(gradient->embedding + example->tokens[i] * d, pass->d_x + i * d, d);
}

double pass_run(struct pass *pass, const struct weights *weights, const struct example *example,
                struct pass_target *targets, size_t targets_count, struct weights *gradient)
{
    size_t d = pass->shape.width;
    uint32_t layers = pass->shape.layers;
    double loss = 0;

    CHECK(example->size <= pass->tokens_max);
    for (size_t i = 0; i < example->size; i++)
        memcpy(pass->layers[0].x + i * d, weights->embedding + example->tokens[i] * d,
               d * sizeof(float));
    for (uint32_t i = 0; i < layers; i++)
        layer_forward(pass, i, &weights->layers[i], example,
                      i + 1 < layers ? pass->layers[i + 1].x : pass->x);
    if (gradient != NULL)
        memset(pass->d_x, 0, example->size * d * sizeof(float));
    for (size_t i = 0; i < targets_count; i += PASS_CHUNK)
        loss +=
            chunk_loss(pass, weights, targets + i,
                       targets_count - i < PASS_CHUNK ? targets_count - i : PASS_CHUNK, gradient);
    if (gradient == NULL)
        return loss;
    for (uint32_t i = layers; i-- > 0;)
        layer_backward(pass, i, &weights->layers[i], example, &gradient->layers[i]);
    embed_back(pass, example, gradient);
    return loss;
}
