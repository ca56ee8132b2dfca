/* Adapters (LoRA) from GGUF files: what a hospital's own training adds to a model. To the product
 * of a matrix W and x an adapter adds B (A x), scaled by alpha / rank, where A and B are its two
 * thin matrices for W. Values are kept as F32.
 *
 * The layout is llama.cpp's: general.type is "adapter", adapter.type "lora", general.architecture
 * the model's, adapter.lora.alpha a number (0: nothing is scaled), and for the tensor NAME of the
 * model, which is a matrix of a layer or the output, NAME.lora_a [rank × columns] and NAME.lora_b
 * [rows × rank]. Never changes; any thread reads. */
#ifndef INFERENCE_ADAPTER_H
#define INFERENCE_ADAPTER_H

#include "inference_model.h"

#define INFERENCE_ADAPTERS_MAX 64
#define INFERENCE_ADAPTER_RANK_MAX 512

struct inference_adapter_part {
    uint32_t rank, rows, columns; /* rank 0: nothing is added */
    const float *a;               /* [rank][columns] */
    const float *b;               /* [rank][rows]: turned, and scaled */
};

struct inference_adapter {
    const char *name;
    uint32_t number; /* from 1: its own among those of a model */
    char digest[65]; /* SHA-256 of its file */
    struct inference_adapter_part (*layers)[INFERENCE_PARTS];
    struct inference_adapter_part output;
};

struct inference_adapters;

/* Of @list, "NAME=FILE,NAME=FILE…", for @model. INVALID_ARGUMENT: the list. NOT_FOUND, DATA_LOSS,
 * UNIMPLEMENTED: a file, which the error names. NULL or "": there are none. */
struct inference_adapters *inference_adapters_load(const struct inference_model *model,
                                                   const char *list, struct error *err);
void inference_adapters_destroy(struct inference_adapters *adapters);

/* One more, from a file that is open, which the caller may close afterwards. */
enum status inference_adapters_add(struct inference_adapters *adapters, struct slice name,
                                   struct gguf *gguf, struct error *err);

uint32_t inference_adapters_count(const struct inference_adapters *adapters);
const struct inference_adapter *inference_adapters_at(const struct inference_adapters *adapters,
                                                      uint32_t index);

/* NULL: there is none of that name. */
const struct inference_adapter *inference_adapters_find(const struct inference_adapters *adapters,
                                                        const char *name);

/* out[rows] += B (A x), to the last bit the same in any company. */
void inference_adapter_add(const struct inference_adapter_part *part, float *out, const float *x);

#endif
