/* The keys of a model's architecture in its file, checked. */
#ifndef INFERENCE_KEY_H
#define INFERENCE_KEY_H

#include "base/error.h"
#include "gguf/gguf.h"

/* Bounds that no published model comes near; they keep products of them inside 64 bits. */
#define INFERENCE_LAYERS_MAX 4096
#define INFERENCE_WIDTH_MAX (1u << 20)
#define INFERENCE_CONTEXT_MAX (1u << 24)

struct inference_keys {
    const struct gguf *gguf;
    const char *architecture; /* the prefix of its keys */
};

struct inference_key {
    char text[96];
};

struct inference_key inference_key_of(const struct inference_keys *keys, const char *part);

/* A number of 1 to @max. DATA_LOSS. */
enum status inference_key_count(const struct inference_keys *keys, const char *part, uint64_t max,
                                uint32_t *value, struct error *err);

/* The same; @value keeps its default where the key is absent. */
enum status inference_key_count_if(const struct inference_keys *keys, const char *part,
                                   uint64_t max, uint32_t *value, struct error *err);

/* A finite number above 0; @value keeps its default where the key is absent. DATA_LOSS. */
enum status inference_key_positive_if(const struct inference_keys *keys, const char *part,
                                      double *value, struct error *err);

/* What a norm adds before its root: 0 to 1. DATA_LOSS. */
enum status inference_key_epsilon(const struct inference_keys *keys, const char *part, float *value,
                                  struct error *err);

#endif
