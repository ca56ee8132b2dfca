/* The weights that training begins with.
 *
 * Finding a value in a text and copying it needs two heads in a row: one that tells each token what
 * stood before it, and one that looks for a place where the same stood before. Training finds such
 * pairs by itself, but late, and an hour on two cores does not see many tokens. So some heads begin
 * as such pairs: structure without knowledge, made of random matrices that agree with each other.
 * All of it stays trainable.
 *
 *     layer 0, heads 0..2     "what stood 1, 2, 3 tokens before", written along random directions
 * OUT[1..3] layers 1 and 2          "where b tokens back stood what stands a tokens back here":
 * query reads OUT[a], key OUT[b]; what is found is added to the stream as it is, and so becomes
 * more likely as the next token */
#include "train_weights.h"

#include <math.h>

#include "train_random.h"

#define EMBEDDING_DEVIATION 0.05
/* The first column of every embedding starts at a constant, so that a head can have a fixed query
 * and key although the architecture has no biases. */
#define EMBEDDING_CONSTANT 0.25
#define HEADS_SEED 0x68656164 /* drawn apart from the rest */
#define LOOK_BACK_MAX 3
#define LOOK_BACK_PAIRS 5
#define LOOK_BACK_SCORE 30.0
#define LOOK_BACK_GAIN 0.09 /* as large in the stream as an embedding */
#define MATCH_SCALE 1.8
#define MATCH_GAIN 0.06
/* Pairs of a head that turn by less than a radian over 300 tokens carry content whatever the
 * distance. */
#define CONTENT_TURN 0.0034

static void draw(float *out, size_t count, double deviation, struct random *random)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(deviation * random_normal(random));
}

static void fill(float *out, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        out[i] = value;
}

/* Rows of a head in a layer's query, key and value, each [head size][d]; and its columns in the
 * output matrix. */
struct head_parts {
    float *query, *key, *value, *output;
};

static struct head_parts head_parts(struct weights *weights, uint32_t layer, uint32_t head)
{
    const struct shape *s = &weights->shape;
    size_t part = (size_t)shape_head_size(s) * s->width;
    float *qkv = weights->layers[layer].qkv;

    return (struct head_parts){ qkv + head * part, qkv + (s->heads + head) * part,
                                qkv + (2 * s->heads + head) * part,
                                weights->layers[layer].output + head * shape_head_size(s) };
}

/* output [d][its columns] = gain * value transposed of [head size][d] @from. */
static void write_along(const struct shape *s, const float *from, double gain, float *output)
{
    for (uint32_t i = 0; i < shape_head_size(s); i++)
        for (uint32_t j = 0; j < s->width; j++)
            output[j * s->width + i] = (float)(gain * from[i * s->width + j]);
}

/* A head whose query and key depend only on the constant column. Turning by position makes their
 * product a sum of cos(f (i - j - distance)) over the frequencies f, which is largest at the token
 * @distance back. */
static void look_back(struct weights *weights, uint32_t head, uint32_t distance)
{
    const struct shape *s = &weights->shape;
    uint32_t size = shape_head_size(s), d = s->width;
    double normed = EMBEDDING_CONSTANT
                    / sqrt(EMBEDDING_DEVIATION * EMBEDDING_DEVIATION
                           + EMBEDDING_CONSTANT * EMBEDDING_CONSTANT / d);
    double length = sqrt(LOOK_BACK_SCORE * sqrt(size) / LOOK_BACK_PAIRS) / normed;
    struct head_parts parts = head_parts(weights, 0, head);

    for (uint32_t pair = 0; pair < size / 2 && pair < LOOK_BACK_PAIRS; pair++) {
        double angle = distance * pow(s->rope_base, -2.0 * pair / size);

        parts.query[2 * pair * d] = (float)length;
        parts.query[(2 * pair + 1) * d] = 0;
        parts.key[2 * pair * d] = (float)(length * cos(angle));
        parts.key[(2 * pair + 1) * d] = (float)(length * sin(angle));
    }
}

/* [head size][d]: reads what stood @back tokens back; 0 reads the token's own embedding, as the
 * look-back heads do. Drawn again wherever it is needed, the same each time. */
static void draw_reads(const struct shape *s, uint64_t seed, uint32_t back, float *out)
{
    struct random random = { seed + back };

    draw(out, (size_t)shape_head_size(s) * s->width, 1 / sqrt((double)s->width), &random);
    for (uint32_t row = 0; row < shape_head_size(s); row++)
        out[row * s->width] = 0;
}

/* Only rows that carry content, scaled; the others become 0. */
static void keep_content(const struct shape *s, float *rows)
{
    uint32_t size = shape_head_size(s), d = s->width;

    for (uint32_t row = 0; row < size; row++) {
        bool is_content = pow(s->rope_base, -2.0 * (row / 2) / size) < CONTENT_TURN;

        for (uint32_t j = 0; j < d; j++)
            rows[row * d + j] = is_content ? (float)MATCH_SCALE * rows[row * d + j] : 0;
    }
}

/* A head of which the query and the key read what stood @query and @key tokens back. */
static void match(struct weights *weights, uint32_t layer, uint32_t head, uint64_t seed,
                  uint32_t query, uint32_t key)
{
    const struct shape *s = &weights->shape;
    struct head_parts parts = head_parts(weights, layer, head);

    draw_reads(s, seed, query, parts.query);
    draw_reads(s, seed, key, parts.key);
    keep_content(s, parts.query);
    keep_content(s, parts.key);
    write_along(s, parts.value, MATCH_GAIN, parts.output);
}

/* Which earlier token the queries and the keys of matching heads read: {1, 2} looks for the place
 * whose second last token is our last one. */
static const struct {
    uint32_t layer, query, key;
} matches[] = {
    { 1, 0, 1 }, { 1, 1, 1 }, { 1, 1, 2 }, { 1, 2, 3 }, { 2, 0, 1 }, { 2, 1, 1 }, { 2, 1, 2 },
};

static void init_look_back(struct weights *weights, uint64_t seed, uint32_t back)
{
    const struct shape *s = &weights->shape;
    struct head_parts parts = head_parts(weights, 0, back - 1);

    draw_reads(s, seed, back, parts.value);
    write_along(s, parts.value, LOOK_BACK_GAIN, parts.output);
    draw_reads(s, seed, 0, parts.value);
    look_back(weights, back - 1, back);
}

static void init_heads(struct weights *weights, uint64_t seed)
{
    const struct shape *s = &weights->shape;
    uint32_t heads[SHAPE_LAYERS_MAX] = { 0 };

    for (uint32_t back = 1; back <= LOOK_BACK_MAX; back++)
        init_look_back(weights, seed, back);
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        uint32_t layer = matches[i].layer;

        if (layer < s->layers && heads[layer] < s->heads)
            match(weights, layer, heads[layer]++, seed, matches[i].query, matches[i].key);
    }
}

/* Heads that are made need a matrix of their own for keys and values, and room for three in a
 * layer. */
static bool has_room_for_heads(const struct shape *s)
{
    return s->kv_heads == s->heads && s->heads >= 4;
}

void weights_init(struct weights *weights, uint64_t seed)
{
    const struct shape *s = &weights->shape;
    size_t d = s->width;
    struct random random = { seed };
    /* Small beside the embeddings, so that the stream starts as the tokens themselves. */
    double into_residual = 0.25 / sqrt(2.0 * s->layers);

    draw(weights->embedding, s->vocabulary_size * d, EMBEDDING_DEVIATION, &random);
    for (size_t i = 0; i < s->vocabulary_size; i++)
        weights->embedding[i * d] = (float)EMBEDDING_CONSTANT;
    for (uint32_t i = 0; i < s->layers; i++) {
        struct layer_weights *layer = &weights->layers[i];
        double deviation = 1 / sqrt((double)d);

        fill(layer->attention_norm, d, 1);
        draw(layer->qkv, shape_qkv(s) * d, deviation, &random);
        draw(layer->output, d * d, deviation * into_residual, &random);
        fill(layer->ffn_norm, d, 1);
        draw(layer->gate_up, 2 * (size_t)s->ffn * d, deviation, &random);
        draw(layer->down, d * s->ffn, into_residual / sqrt(s->ffn), &random);
    }
    fill(weights->output_norm, d, 1);
    if (has_room_for_heads(s))
        init_heads(weights, seed ^ HEADS_SEED);
}
