/* An encoder: the weights of a BERT-like model as a GGUF file has them, every shape checked. It
 * makes one vector of a text, of whose ids each sees all. Never changes; any thread reads.
 *
 * "bert": learned positions, gelu, biases. "nomic-bert": turned positions, a gate with silu. And
 * decoders whose file says how the vectors of a text's ids become one: they are made for that. */
#ifndef INFERENCE_ENCODER_H
#define INFERENCE_ENCODER_H

#include "base/arena.h"
#include "inference_model.h"

/* What becomes of the vectors of a text's ids. */
enum inference_pooling {
    INFERENCE_POOLING_MEAN,
    INFERENCE_POOLING_FIRST, /* the vector of CLS */
    INFERENCE_POOLING_LAST,  /* the vector of the last id, which has seen all: decoders */
};

struct inference_layer_norm {
    const float *weight, *bias; /* [embedding] */
};

/* Shapes are rows × columns. What a model does not have is NULL, or a matrix of no rows. */
struct inference_encoder_layer {
    struct matrix query, key, value; /* embedding × embedding */
    const float *query_bias, *key_bias, *value_bias;
    struct matrix attention_output; /* embedding × embedding */
    const float *attention_output_bias;
    struct inference_layer_norm attention_norm; /* of what it read plus what it makes of that */
    struct matrix gate, up;                     /* feed_forward × embedding */
    const float *up_bias;
    struct matrix down; /* embedding × feed_forward */
    const float *down_bias;
    struct inference_layer_norm output_norm;
};

struct inference_encoder {
    struct gguf *gguf;
    struct arena arena;
    struct inference_tensors tensors;
    const char *name, *architecture;
    uint32_t layers_count, embedding, feed_forward, heads, head;
    uint32_t context, vocabulary;
    float norm_epsilon;
    enum inference_pooling pooling;
    uint64_t parameters;
    struct table token_embedding;    /* vocabulary × embedding */
    struct table position_embedding; /* context × embedding; of no rows: positions are turned */
    const float *type_embedding;     /* [embedding] of the first type; NULL: no types */
    const float *rope_frequencies;   /* [head / 2] radians a position; NULL: learned positions */
    struct inference_layer_norm embedding_norm;
    struct inference_encoder_layer *layers;
    struct inference_model *decoder; /* then its are the weights, and gguf; NULL: it is none */
};

/* Whether the file says that it is an encoder. */
bool inference_encoder_is(const struct gguf *gguf);

/* Takes ownership of @gguf, also on failure. UNIMPLEMENTED: a feature or tensor type that is not
 * computed (named); DATA_LOSS: a tensor or key that is missing or does not fit the others. */
struct inference_encoder *inference_encoder_create(struct gguf *gguf, struct error *err);

void inference_encoder_destroy(struct inference_encoder *encoder);

#endif
