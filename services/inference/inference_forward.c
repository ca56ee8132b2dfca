/* A layer, for the n ids of a batch:
 *
 *     a  = norm(x)                        [n][embedding]
 *     q  = Wq a                           [n][heads · head], turned by its position
 *     k, v = Wk a, Wv a                   [n][kv_heads · head] each; k turned by its position
 *     s  = softmax(q kᵀ · scale) v        [n][heads · head]; each id sees itself and what is before
 *     x += Wo s
 *     b  = norm(x)
 *     x += Wdown (silu(Wgate b) ∘ Wup b)  [n][feed_forward] inside
 *
 * with what some families add: biases, norms of heads and of what is added to x, caps, windows.
 *
 * Float matrices are multiplied by the ids of a chunk together and by single ids each by itself: a
 * chunk is a stretch (inference_product.h) whose company is always itself. */
#include "inference_forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "inference_product.h"

struct inference_forward {
    const struct inference_model *model;
    struct inference_cache *cache;
    struct inference_crew *crew;
    size_t scores_stride;
    float *x;         /* [batch][embedding] the residual stream */
    float *a;         /* [batch][embedding] after a norm, or a product to be added */
    float *q;         /* [batch][heads · head] */
    float *k, *v;     /* [batch][kv_heads · head] */
    float *s;         /* [batch][heads · head] */
    float *gate, *up; /* [batch][feed_forward] */
    float *scores;    /* [members][context] of one head of one id */
    float *ends;      /* [logits_max][embedding] */
    float *logits;    /* [logits_max][vocabulary] */
    uint32_t logits_max;
    struct inference_products products;

    /* The batch */
    const struct inference_segment *segments;
    uint32_t segments_count, n;
    uint32_t segment_of[INFERENCE_BATCH_MAX]; /* of each id */
    uint32_t position_of[INFERENCE_BATCH_MAX];
    bool has_adapters;
    struct inference_stretch stretches[INFERENCE_BATCH_MAX];
    uint32_t stretches_count;
};

/* Cleared, so that what a defect leaves unwritten is at least always the same. */
static void *new_array(size_t rows, size_t columns, size_t size)
{
    size_t count;

    return __builtin_mul_overflow(rows, columns, &count) ? NULL : calloc(count, size);
}

static size_t widest(const struct inference_model *model)
{
    size_t width = (size_t)model->heads * model->head;

    width = width > model->embedding ? width : model->embedding;
    return width > model->feed_forward ? width : model->feed_forward;
}

static bool create_state(struct inference_forward *forward, uint32_t context)
{
    const struct inference_model *model = forward->model;
    size_t batch = INFERENCE_BATCH_MAX, members = inference_crew_size(forward->crew);
    size_t attention = (size_t)model->heads * model->head;
    struct {
        float **values;
        size_t rows, columns;
    } arrays[] = {
        { &forward->x, batch, model->embedding },
        { &forward->a, batch, model->embedding },
        { &forward->q, batch, attention },
        { &forward->k, batch, (size_t)model->kv_heads * model->head },
        { &forward->v, batch, (size_t)model->kv_heads * model->head },
        { &forward->s, batch, attention },
        { &forward->gate, batch, model->feed_forward },
        { &forward->up, batch, model->feed_forward },
        { &forward->scores, members, context },
        { &forward->ends, forward->logits_max, model->embedding },
        { &forward->logits, forward->logits_max, model->vocabulary },
    };

    forward->scores_stride = context;
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
        *arrays[i].values = new_array(arrays[i].rows, arrays[i].columns, sizeof(float));
        if (*arrays[i].values == NULL)
            return false;
    }
    return inference_products_init(&forward->products, forward->crew, batch, widest(model), NULL)
           == STATUS_OK;
}

struct inference_forward *inference_forward_create(const struct inference_model *model,
                                                   struct inference_cache *cache,
                                                   struct inference_crew *crew, uint32_t context,
                                                   uint32_t logits_max, struct error *err)
{
    struct inference_forward *forward = calloc(1, sizeof(*forward));

    if (forward != NULL) {
        forward->model = model;
        forward->cache = cache;
        forward->crew = crew;
        forward->logits_max = logits_max;
        if (create_state(forward, context))
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
    free(forward->k);
    free(forward->v);
    free(forward->s);
    free(forward->gate);
    free(forward->up);
    free(forward->scores);
    free(forward->ends);
    free(forward->logits);
    inference_products_close(&forward->products);
    free(forward);
}

/* out[n][rows] = matrix · what was set */
static void multiply(struct inference_forward *forward, float *out, const struct matrix *matrix)
{
    inference_products_run(&forward->products, out, matrix, forward->stretches,
                           forward->stretches_count);
}

struct adapting {
    const struct inference_forward *forward;
    float *out;
    uint32_t layer;
    enum inference_part_index part;
};

static void run_adapting(void *task, uint32_t i, unsigned member)
{
    const struct adapting *adapting = task;
    const struct inference_forward *forward = adapting->forward;
    const struct vectors *vectors = &forward->products.vectors;
    const struct inference_adapter *adapter = forward->segments[forward->segment_of[i]].adapter;
    const struct inference_adapter_part *part;

    (void)member;
    if (adapter == NULL)
        return;
    part = &adapter->layers[adapting->layer][adapting->part];
    inference_adapter_add(part, adapting->out + (size_t)i * part->rows,
                          vectors->x + (size_t)i * part->columns);
}

/* The same of a matrix of a layer, with what the adapters of some ids add. */
static void multiply_part(struct inference_forward *forward, float *out, uint32_t layer,
                          enum inference_part_index part, const struct matrix *matrix)
{
    struct adapting adapting = { forward, out, layer, part };

    multiply(forward, out, matrix);
    if (forward->has_adapters)
        inference_crew_run(forward->crew, forward->n, run_adapting, &adapting);
}

/* What the next products multiply. */
static void set_vectors(struct inference_forward *forward, const float *x, uint32_t columns)
{
    inference_products_set(&forward->products, x, forward->n, columns);
}

/* The parts of a layer
 * ---------------------------------------------------------------------------------------------- */

static void normalise(const struct inference_forward *forward, float *out, const float *x,
                      const float *weight)
{
    size_t width = forward->model->embedding;

    for (size_t i = 0; i < forward->n; i++)
        kernels_normalise(out + i * width, x + i * width, weight, forward->model->norm_epsilon,
                          width);
}

static void add_bias(const struct inference_forward *forward, float *x, const float *bias,
                     size_t width)
{
    for (size_t i = 0; bias != NULL && i < forward->n; i++)
        kernels_add_scaled(x + i * width, bias, 1.0f, width);
}

/* x[n][heads · head], each head normed where the family does so and turned by its id's position */
static void turn(const struct inference_forward *forward, const struct inference_layer *layer,
                 float *x, uint32_t heads, const float *norm)
{
    const struct inference_model *model = forward->model;

    for (uint32_t i = 0; i < forward->n; i++) {
        for (uint32_t h = 0; h < heads; h++) {
            float *head = x + ((size_t)i * heads + h) * model->head;

            if (norm != NULL)
                kernels_normalise(head, head, norm, model->norm_epsilon, model->head);
            if (model->is_rope_halves)
                kernels_rotate_halves(head, layer->rope_frequencies, model->rope_pairs,
                                      forward->position_of[i]);
            else
                kernels_rotate(head, layer->rope_frequencies, model->rope_pairs,
                               forward->position_of[i]);
        }
    }
}

/* The batch's keys and values to their places. */
static void store(struct inference_forward *forward, uint32_t layer)
{
    size_t width = (size_t)forward->model->kv_heads * forward->model->head;

    for (uint32_t i = 0; i < forward->n; i++) {
        uint32_t position = forward->position_of[i];
        uint32_t page = forward->segments[forward->segment_of[i]].pages[position / INFERENCE_PAGE];

        inference_cache_put(forward->cache, page, layer, position % INFERENCE_PAGE,
                            forward->k + i * width, forward->v + i * width);
    }
}

struct attention {
    struct inference_forward *forward;
    uint32_t layer;
};

/* The positions of @from to @to that are in page @index of a sequence. */
static struct inference_cache_stretch stretch_of(const uint32_t *pages, uint32_t index,
                                                 uint32_t from, uint32_t to)
{
    uint32_t start = index * INFERENCE_PAGE, end = start + INFERENCE_PAGE;
    uint32_t first = from > start ? from - start : 0;

    return (struct inference_cache_stretch){ .page = pages[index],
                                             .first = first,
                                             .count = (to < end ? to : end) - start - first };
}

/* One head of one id: s = softmax(q · keys · scale) · values, over the positions that it sees. */
static void attend_head(const struct attention *attention, uint32_t i, uint32_t h, float *scores)
{
    const struct inference_forward *forward = attention->forward;
    const struct inference_model *model = forward->model;
    const struct inference_layer *layer = &model->layers[attention->layer];
    const uint32_t *pages = forward->segments[forward->segment_of[i]].pages;
    uint32_t to = forward->position_of[i] + 1, at = 0;
    uint32_t from = layer->window != 0 && to > layer->window ? to - layer->window : 0;
    size_t own = ((size_t)i * model->heads + h) * model->head;
    struct inference_cache_stretch stretch;

    for (uint32_t page = from / INFERENCE_PAGE; page * INFERENCE_PAGE < to; page++) {
        stretch = stretch_of(pages, page, from, to);
        stretch.layer = attention->layer;
        stretch.head = h / (model->heads / model->kv_heads);
        inference_cache_score(forward->cache, &stretch, scores + at, forward->q + own,
                              model->attention_scale);
        at += stretch.count;
    }
    if (model->attention_cap > 0)
        kernels_soft_cap(scores, model->attention_cap, at);
    kernels_softmax(scores, at);
    memset(forward->s + own, 0, model->head * sizeof(float));
    at = 0;
    for (uint32_t page = from / INFERENCE_PAGE; page * INFERENCE_PAGE < to; page++) {
        stretch = stretch_of(pages, page, from, to);
        stretch.layer = attention->layer;
        stretch.head = h / (model->heads / model->kv_heads);
        inference_cache_mix(forward->cache, &stretch, forward->s + own, scores + at);
        at += stretch.count;
    }
}

/* A part is a head of keys, and of an id the heads that share it. */
static void run_attention(void *task, uint32_t part, unsigned member)
{
    const struct attention *attention = task;
    const struct inference_forward *forward = attention->forward;
    uint32_t kv_heads = forward->model->kv_heads, sharing = forward->model->heads / kv_heads;
    uint32_t i = part / kv_heads, first = part % kv_heads * sharing;

    for (uint32_t h = first; h < first + sharing; h++)
        attend_head(attention, i, h, forward->scores + member * forward->scores_stride);
}

static void attend(struct inference_forward *forward, uint32_t layer)
{
    struct attention attention = { forward, layer };

    inference_crew_run(forward->crew, forward->n * forward->model->kv_heads, run_attention,
                       &attention);
}

/* x += a, after its own norm where the family has one */
static void add_back(struct inference_forward *forward, const float *post_norm)
{
    if (post_norm != NULL)
        normalise(forward, forward->a, forward->a, post_norm);
    kernels_add_scaled(forward->x, forward->a, 1.0f,
                       (size_t)forward->n * forward->model->embedding);
}

static void run_gate(void *task, uint32_t part, unsigned member)
{
    const struct inference_forward *forward = task;
    size_t width = forward->model->feed_forward, at = part * width;

    (void)member;
    if (forward->model->gate == INFERENCE_GATE_GELU)
        kernels_gate_gelu(forward->gate + at, forward->up + at, width);
    else
        kernels_gate_silu(forward->gate + at, forward->up + at, width);
}

static void run_layer(struct inference_forward *forward, uint32_t index)
{
    const struct inference_model *model = forward->model;
    const struct inference_layer *layer = &model->layers[index];
    uint32_t attention = model->heads * model->head, shared = model->kv_heads * model->head;

    normalise(forward, forward->a, forward->x, layer->attention_norm);
    set_vectors(forward, forward->a, model->embedding);
    multiply_part(forward, forward->q, index, INFERENCE_PART_QUERY, &layer->query);
    multiply_part(forward, forward->k, index, INFERENCE_PART_KEY, &layer->key);
    multiply_part(forward, forward->v, index, INFERENCE_PART_VALUE, &layer->value);
    add_bias(forward, forward->q, layer->query_bias, attention);
    add_bias(forward, forward->k, layer->key_bias, shared);
    add_bias(forward, forward->v, layer->value_bias, shared);
    turn(forward, layer, forward->q, model->heads, layer->query_norm);
    turn(forward, layer, forward->k, model->kv_heads, layer->key_norm);
    store(forward, index);
    attend(forward, index);
    set_vectors(forward, forward->s, attention);
    multiply_part(forward, forward->a, index, INFERENCE_PART_ATTENTION_OUTPUT,
                  &layer->attention_output);
    add_back(forward, layer->attention_post_norm);

    normalise(forward, forward->a, forward->x, layer->feed_forward_norm);
    set_vectors(forward, forward->a, model->embedding);
    multiply_part(forward, forward->gate, index, INFERENCE_PART_GATE, &layer->gate);
    multiply_part(forward, forward->up, index, INFERENCE_PART_UP, &layer->up);
    inference_crew_run(forward->crew, forward->n, run_gate, forward);
    set_vectors(forward, forward->gate, model->feed_forward);
    multiply_part(forward, forward->a, index, INFERENCE_PART_DOWN, &layer->down);
    add_back(forward, layer->feed_forward_post_norm);
}

/* The batch
 * ---------------------------------------------------------------------------------------------- */

static bool is_single(const struct inference_segment *segment)
{
    return segment->count == 1 || segment->is_single;
}

/* Single ids that follow each other are one stretch: they fill the kernels better. */
static void add_stretch(struct inference_forward *forward, const struct inference_segment *segment)
{
    struct inference_stretch *last = &forward->stretches[forward->stretches_count];

    if (is_single(segment) && forward->stretches_count > 0 && last[-1].is_each) {
        last[-1].count += segment->count;
        return;
    }
    *last = (struct inference_stretch){ segment->count, is_single(segment) };
    forward->stretches_count++;
}

static void begin(struct inference_forward *forward, const struct inference_segment *segments,
                  uint32_t count)
{
    const struct inference_model *model = forward->model;

    forward->segments = segments;
    forward->segments_count = count;
    forward->n = forward->stretches_count = 0;
    forward->has_adapters = false;
    for (uint32_t i = 0; i < count; i++) {
        add_stretch(forward, &segments[i]);
        forward->has_adapters |= segments[i].adapter != NULL;
        CHECK(segments[i].count >= 1 && segments[i].count <= INFERENCE_CHUNK_MAX);
        CHECK(segments[i].count <= INFERENCE_BATCH_MAX - forward->n);
        for (uint32_t j = 0; j < segments[i].count; j++, forward->n++) {
            forward->segment_of[forward->n] = i;
            forward->position_of[forward->n] = segments[i].position + j;
            inference_model_embed(model, segments[i].ids[j],
                                  forward->x + (size_t)forward->n * model->embedding);
        }
    }
}

static void adapt_logits(struct inference_forward *forward)
{
    const struct inference_model *model = forward->model;
    size_t at = 0;

    for (uint32_t i = 0; i < forward->segments_count; i++) {
        const struct inference_segment *segment = &forward->segments[i];

        for (uint32_t j = 0; j < segment->logits_count; j++, at++) {
            if (segment->adapter != NULL)
                inference_adapter_add(&segment->adapter->output,
                                      forward->logits + at * model->vocabulary,
                                      forward->ends + at * model->embedding);
        }
    }
}

/* Of the ids whose logits are wanted. A float output matrix multiplies each of them alone, so that
 * logits do not depend on how many there are. */
static void end(struct inference_forward *forward)
{
    const struct inference_model *model = forward->model;
    uint32_t after = 0, wanted = 0;

    for (uint32_t i = 0; i < forward->segments_count; i++) {
        const struct inference_segment *segment = &forward->segments[i];

        after += segment->count;
        for (uint32_t j = segment->logits_count; j > 0; j--, wanted++) {
            CHECK(wanted < forward->logits_max);
            kernels_normalise(forward->ends + (size_t)wanted * model->embedding,
                              forward->x + (size_t)(after - j) * model->embedding,
                              model->output_norm, model->norm_epsilon, model->embedding);
        }
    }
    if (wanted == 0)
        return;
    inference_products_set(&forward->products, forward->ends, wanted, model->embedding);
    inference_products_run_each(&forward->products, forward->logits, &model->output);
    if (forward->has_adapters)
        adapt_logits(forward);
    if (model->logit_cap > 0)
        kernels_soft_cap(forward->logits, model->logit_cap, (size_t)wanted * model->vocabulary);
}

static void run_layers(struct inference_forward *forward, const struct inference_segment *segments,
                       uint32_t count)
{
    begin(forward, segments, count);
    for (uint32_t i = 0; i < forward->model->layers_count; i++)
        run_layer(forward, i);
}

const float *inference_forward_run(struct inference_forward *forward,
                                   const struct inference_segment *segments, uint32_t count)
{
    run_layers(forward, segments, count);
    end(forward);
    return forward->logits;
}

const float *inference_forward_vectors(struct inference_forward *forward,
                                       const struct inference_segment *segments, uint32_t count)
{
    run_layers(forward, segments, count);
    normalise(forward, forward->a, forward->x, forward->model->output_norm);
    return forward->a;
}
