/* A model: the weights of a Llama-architecture network as views into a mapped GGUF file, every
 * shape checked. Never changes; any thread reads. */
#ifndef INFERENCE_MODEL_H
#define INFERENCE_MODEL_H

#include "base/arena.h"
#include "base/error.h"
#include "gguf/gguf.h"
#include "kernels.h"

/* Shapes are rows × columns: a matrix maps columns values to rows values. */
struct inference_layer {
    const float *attention_norm;    /* [embedding] */
    struct matrix query;            /* heads · head × embedding */
    struct matrix key, value;       /* kv_heads · head × embedding */
    struct matrix attention_output; /* embedding × heads · head */
    const float *feed_forward_norm; /* [embedding] */
    struct matrix gate, up;         /* feed_forward × embedding */
    struct matrix down;             /* embedding × feed_forward */
};

struct inference_model {
    struct gguf *gguf;
    struct arena arena;
    const char *name, *architecture;
    uint32_t layers_count, embedding, feed_forward;
    uint32_t heads, kv_heads, head; /* head: values in one */
    uint32_t rope_pairs;            /* pairs of each head that are turned by the position */
    uint32_t context, vocabulary;
    float norm_epsilon;
    uint64_t parameters;
    const float *rope_frequencies; /* [rope_pairs] radians a position */
    struct matrix token_embedding; /* vocabulary × embedding */
    struct matrix output; /* vocabulary × embedding; the token embedding where the file has none */
    const float *output_norm; /* [embedding] */
    struct inference_layer *layers;
};

/* Takes ownership of @gguf, also on failure. UNIMPLEMENTED: an architecture, feature or tensor type
 * that is not computed (named); DATA_LOSS: a tensor or key that is missing or does not fit the
 * others. */
struct inference_model *inference_model_create(struct gguf *gguf, struct error *err);

void inference_model_destroy(struct inference_model *model);

#endif
