/* A model: the weights of a decoder as a GGUF file has them, every shape checked. Float matrices
 * are views into the mapped file; quantised matrices are copied once into the form that is
 * multiplied fast, while the model serves. Nothing else changes, and no product by it; any thread
 * reads. */
#ifndef INFERENCE_MODEL_H
#define INFERENCE_MODEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "gguf/gguf.h"
#include "inference_tensor.h"

enum inference_gate {
    INFERENCE_GATE_SILU,
    INFERENCE_GATE_GELU,
};

/* Shapes are rows × columns: a matrix maps columns values to rows values. What a family does not
 * have is NULL. */
struct inference_layer {
    const float *attention_norm;                     /* [embedding] */
    struct matrix query;                             /* heads · head × embedding */
    struct matrix key, value;                        /* kv_heads · head × embedding */
    const float *query_bias, *key_bias, *value_bias; /* a value for each row */
    const float *query_norm, *key_norm;              /* [head]: of each head, before it is turned */
    struct matrix attention_output;                  /* embedding × heads · head */
    const float *attention_post_norm;                /* [embedding]: before it is added */
    const float *feed_forward_norm;                  /* [embedding] */
    struct matrix gate, up;                          /* feed_forward × embedding */
    struct matrix down;                              /* embedding × feed_forward */
    const float *feed_forward_post_norm;             /* [embedding]: before it is added */
    uint32_t window;                                 /* positions that are seen; 0: all */
    const float *rope_frequencies;                   /* [rope_pairs] radians a position */
};

/* The matrices of a layer, in the order of inference_model_parts. */
enum inference_part_index {
    INFERENCE_PART_QUERY,
    INFERENCE_PART_KEY,
    INFERENCE_PART_VALUE,
    INFERENCE_PART_ATTENTION_OUTPUT,
    INFERENCE_PART_GATE,
    INFERENCE_PART_UP,
    INFERENCE_PART_DOWN,
    INFERENCE_PARTS,
};

struct inference_part {
    const char *name; /* the tensor is blk.LAYER.NAME.weight */
    struct matrix *matrix;
    uint32_t rows, columns;
    const float **bias; /* NULL: has none in any family */
};

struct inference_model {
    struct gguf *gguf;
    struct arena arena;
    struct inference_tensors tensors;
    const char *name, *architecture;
    uint32_t layers_count, embedding, feed_forward;
    uint32_t heads, kv_heads, head; /* head: values in one */
    uint32_t rope_pairs;            /* pairs of each head that are turned by the position */
    bool is_rope_halves;            /* a pair is (i, i + rope_pairs), not (2 i, 2 i + 1) */
    uint32_t context, vocabulary;
    float norm_epsilon;
    float embedding_scale; /* of a token's embedding */
    float attention_scale;
    float attention_cap, logit_cap; /* 0: none */
    enum inference_gate gate;
    uint64_t parameters;
    struct table token_embedding; /* vocabulary × embedding */
    struct matrix output; /* vocabulary × embedding; the token embedding where the file has none */
    bool is_tied;         /* it has none */
    const float *output_norm; /* [embedding] */
    struct inference_layer *layers;
};

/* Takes ownership of @gguf, also on failure. UNIMPLEMENTED: an architecture, feature or tensor type
 * that is not computed (named); DATA_LOSS: a tensor or key that is missing or does not fit the
 * others. */
struct inference_model *inference_model_create(struct gguf *gguf, struct error *err);

/* Until it is as fast as it will be. The thread that created it. */
void inference_model_wait(struct inference_model *model);

/* A model that is never copied: in memory that processes share and the system may take back, and
 * slow. What comes out is the same to the last bit. */
struct inference_model *inference_model_map(struct gguf *gguf, struct error *err);

/* x[embedding] = what stands for @id. Where it is in the output's matrix too it comes from there,
 * so that the file's rows need not stay in memory. */
void inference_model_embed(const struct inference_model *model, uint32_t id, float *x);

/* What the matrices of @layer, one of @model's, are called and how they are shaped. */
void inference_model_parts(const struct inference_model *model, struct inference_layer *layer,
                           struct inference_part parts[INFERENCE_PARTS]);

void inference_model_destroy(struct inference_model *model);

#endif
