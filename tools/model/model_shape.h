/* The shape of the model that is trained: the Llama architecture, small. Numbers that never change
 * once training began. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include <stdint.h>

#define SHAPE_LAYERS_MAX 16
#define SHAPE_WIDTH_MAX 1024
#define SHAPE_VOCABULARY_MAX 32768
#define SHAPE_CONTEXT_MAX 8192

/* Fixed-width members only: a checkpoint holds it as it is. */
struct shape {
    uint32_t vocabulary_size;
    uint32_t width; /* d: of the residual stream */
    uint32_t layers;
    uint32_t heads;    /* d / heads is the size of a head, even */
    uint32_t kv_heads; /* divides heads */
    uint32_t ffn;      /* inner size of the SwiGLU */
    uint32_t context;  /* positions that the model is made for */
    float rope_base;
    float norm_epsilon;
};

static inline uint32_t shape_head_size(const struct shape *shape)
{
    return shape->width / shape->heads;
}

/* Columns of one row of queries, keys and values side by side. */
static inline uint32_t shape_qkv(const struct shape *shape)
{
    return (shape->heads + 2 * shape->kv_heads) * shape_head_size(shape);
}

#endif
