/* LoRA: to each matrix W of the layers s B A is added, where A and B are thin, and only they are
 * trained. The forward and backward pass see the sum and give its gradient G; then
 * dB = s G At and dA = s Bt G. That costs as much time as training all weights, and nothing else:
 * models here are small. */
#ifndef TRAIN_LORA_H
#define TRAIN_LORA_H

#include "base/arena.h"
#include "model_file.h"
#include "train_adam.h"

#define LORA_RANK_MAX 64

struct lora_part {
    char name[64]; /* of the tensor in a GGUF file */
    size_t offset; /* of its first value in weights->all */
    size_t rows, columns;
    float *a; /* [rank][columns] */
    float *b; /* [rows][rank] */
    float *d_a, *d_b;
};

struct lora {
    struct lora_part parts[MODEL_TENSORS_MAX];
    size_t parts_count;
    uint32_t rank;
    float scale;              /* alpha / rank */
    const float *base;        /* the weights as they were, [weights->count] */
    float *values, *gradient; /* every part's a and b, one after the other */
    size_t count;
    struct adam adam;
};

/* Begin with A drawn from @seed and B zero: nothing is added. RESOURCE_EXHAUSTED; INVALID_ARGUMENT
 * for a rank of 0 or over the limit. */
enum status lora_init(struct lora *lora, const struct weights *weights, uint32_t rank, float alpha,
                      uint64_t seed, struct arena *arena, struct error *err);

/* From the gradient of the sum to a step of A and B, and @weights to the new sum. The length of
 * their gradient before clipping. */
double lora_take_step(struct lora *lora, const struct adam_step *step, struct weights *weights,
                      const struct weights *gradient);

/* As GGUF, as llama.cpp and services/inference read it. */
enum status lora_write(const struct lora *lora, const char *path, const char *name,
                       struct error *err);

#endif
