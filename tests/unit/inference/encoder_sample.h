/* A small encoder of random weights, as a GGUF file in memory. */
#ifndef ENCODER_SAMPLE_H
#define ENCODER_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "gguf/gguf_write.h"

#define ENCODER_SAMPLE_VOCABULARY 96
#define ENCODER_SAMPLE_EMBEDDING 64
#define ENCODER_SAMPLE_HEADS 4
#define ENCODER_SAMPLE_INNER 96
#define ENCODER_SAMPLE_CONTEXT 80
#define ENCODER_SAMPLE_LAYERS 2

enum encoder_sample_kind {
    ENCODER_SAMPLE_BERT,       /* queries, keys and values apart, CLS */
    ENCODER_SAMPLE_BERT_JOINT, /* in one tensor, the mean */
    ENCODER_SAMPLE_NOMIC,
};

struct encoder_sample_tensor {
    char name[48];
    uint32_t columns, rows; /* rows 0: a vector */
    float middle, size;
};

struct encoder_sample_list {
    struct encoder_sample_tensor tensors[64];
    size_t count;
};

static inline void encoder_sample_add(struct encoder_sample_list *list, int layer, const char *name,
                                      uint32_t columns, uint32_t rows)
{
    struct encoder_sample_tensor *tensor = &list->tensors[list->count++];
    bool is_scale = strstr(name, "norm.weight") != NULL;

    if (layer < 0)
        snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    else
        snprintf(tensor->name, sizeof(tensor->name), "blk.%d.%s", layer, name);
    tensor->columns = columns;
    tensor->rows = rows;
    tensor->middle = is_scale ? 1 : 0;
    tensor->size = rows == 0 ? 0.2f : 0.35f;
}

static inline void encoder_sample_layer(struct encoder_sample_list *list,
                                        enum encoder_sample_kind kind, int layer)
{
    bool has_biases = kind != ENCODER_SAMPLE_NOMIC;
    static const char *const three[] = { "attn_q", "attn_k", "attn_v" };
    char name[32];

    if (kind == ENCODER_SAMPLE_BERT) {
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof(name), "%s.weight", three[i]);
            encoder_sample_add(list, layer, name, 64, 64);
            snprintf(name, sizeof(name), "%s.bias", three[i]);
            encoder_sample_add(list, layer, name, 64, 0);
        }
    } else {
        encoder_sample_add(list, layer, "attn_qkv.weight", 64, 192);
    }
    if (kind == ENCODER_SAMPLE_BERT_JOINT)
        encoder_sample_add(list, layer, "attn_qkv.bias", 192, 0);
    encoder_sample_add(list, layer, "attn_output.weight", 64, 64);
    encoder_sample_add(list, layer, "attn_output_norm.weight", 64, 0);
    encoder_sample_add(list, layer, "attn_output_norm.bias", 64, 0);
    encoder_sample_add(list, layer, "ffn_up.weight", 64, 96);
    encoder_sample_add(list, layer, "ffn_down.weight", 96, 64);
    encoder_sample_add(list, layer, "layer_output_norm.weight", 64, 0);
    encoder_sample_add(list, layer, "layer_output_norm.bias", 64, 0);
    if (has_biases) {
        encoder_sample_add(list, layer, "attn_output.bias", 64, 0);
        encoder_sample_add(list, layer, "ffn_up.bias", 96, 0);
        encoder_sample_add(list, layer, "ffn_down.bias", 64, 0);
    } else {
        encoder_sample_add(list, layer, "ffn_gate.weight", 64, 96);
    }
}

static inline void encoder_sample_keys(struct gguf_write *write, enum encoder_sample_kind kind)
{
    const char *architecture = kind == ENCODER_SAMPLE_NOMIC ? "nomic-bert" : "bert";
    const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {
        { "block_count", ENCODER_SAMPLE_LAYERS },
        { "context_length", ENCODER_SAMPLE_CONTEXT },
        { "embedding_length", ENCODER_SAMPLE_EMBEDDING },
        { "feed_forward_length", ENCODER_SAMPLE_INNER },
        { "attention.head_count", ENCODER_SAMPLE_HEADS },
        { "pooling_type", kind == ENCODER_SAMPLE_BERT ? 2 : 1 },
    };
    char key[64];

    gguf_write_string(write, "general.architecture", slice_from(architecture));
    gguf_write_string(write, "general.name", SLICE("sample"));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(key, sizeof(key), "%s.%s", architecture, numbers[i].key);
        gguf_write_u32(write, key, numbers[i].value);
    }
    snprintf(key, sizeof(key), "%s.attention.layer_norm_epsilon", architecture);
    gguf_write_f32(write, key, 1e-5f);
    snprintf(key, sizeof(key), "%s.attention.causal", architecture);
    gguf_write_bool(write, key, false);
    if (kind == ENCODER_SAMPLE_NOMIC)
        gguf_write_f32(write, "nomic-bert.rope.freq_base", 1000);
}

static inline void encoder_sample_values(struct gguf_write *write,
                                         const struct encoder_sample_tensor *tensor,
                                         uint64_t *random)
{
    size_t values = (size_t)tensor->columns * (tensor->rows == 0 ? 1 : tensor->rows);

    for (size_t at = 0; at < values; at += 32) {
        float row[32];

        for (int j = 0; j < 32; j++) {
            *random = *random * 6364136223846793005u + 1442695040888963407u;
            row[j] = tensor->middle + tensor->size * ((float)(*random >> 40) / 0x1p23f - 1.0f);
        }
        gguf_write_floats(write, row, 32);
    }
}

/* Of any model: vectors, and what is added to the embedding of a token. */
static inline bool encoder_sample_is_float(const struct encoder_sample_tensor *tensor)
{
    return tensor->rows == 0 || strcmp(tensor->name, "token_types.weight") == 0
           || strcmp(tensor->name, "position_embd.weight") == 0;
}

/* Matrices are of @type. The caller frees the file. */
static inline char *encoder_sample(enum encoder_sample_kind kind, enum gguf_tensor_type type,
                                   size_t *size)
{
    struct encoder_sample_list list = { .count = 0 };
    uint64_t random = 7;
    char *bytes;
    FILE *stream = open_memstream(&bytes, size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);

    encoder_sample_keys(write, kind);
    encoder_sample_add(&list, -1, "token_embd.weight", 64, ENCODER_SAMPLE_VOCABULARY);
    encoder_sample_add(&list, -1, "token_types.weight", 64, 2);
    encoder_sample_add(&list, -1, "token_embd_norm.weight", 64, 0);
    encoder_sample_add(&list, -1, "token_embd_norm.bias", 64, 0);
    if (kind != ENCODER_SAMPLE_NOMIC)
        encoder_sample_add(&list, -1, "position_embd.weight", 64, ENCODER_SAMPLE_CONTEXT);
    for (int layer = 0; layer < ENCODER_SAMPLE_LAYERS; layer++)
        encoder_sample_layer(&list, kind, layer);
    for (size_t i = 0; i < list.count; i++) {
        const struct encoder_sample_tensor *tensor = &list.tensors[i];
        uint64_t dimensions[] = { tensor->columns, tensor->rows };

        gguf_write_tensor(write, tensor->name,
                          encoder_sample_is_float(tensor) ? GGUF_TENSOR_TYPE_F32 : type,
                          tensor->rows == 0 ? 1 : 2, dimensions);
    }
    for (size_t i = 0; i < list.count; i++)
        encoder_sample_values(write, &list.tensors[i], &random);
    gguf_write_finish(write, NULL);
    fclose(stream);
    return bytes;
}

#endif
