/* A small Llama-architecture model of random weights, as a GGUF file in memory. */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gguf/gguf_write.h"

#define MODEL_SAMPLE_VOCABULARY 96
#define MODEL_SAMPLE_EMBEDDING 64
#define MODEL_SAMPLE_INNER 96
#define MODEL_SAMPLE_CONTEXT 160
#define MODEL_SAMPLE_LAYERS 2

struct model_sample_tensor {
    char name[48];
    uint32_t columns, rows; /* rows 0: a vector */
};

static inline size_t model_sample_tensors(struct model_sample_tensor *out)
{
    static const struct {
        const char *part;
        uint32_t columns, rows;
    } parts[] = { { "attn_norm", 64, 0 }, { "attn_q", 64, 64 },      { "attn_k", 64, 32 },
                  { "attn_v", 64, 32 },   { "attn_output", 64, 64 }, { "ffn_norm", 64, 0 },
                  { "ffn_gate", 64, 96 }, { "ffn_up", 64, 96 },      { "ffn_down", 96, 64 } };
    size_t count = 0;

    out[count++] = (struct model_sample_tensor){ "token_embd.weight", 64, MODEL_SAMPLE_VOCABULARY };
    out[count++] = (struct model_sample_tensor){ "output.weight", 64, MODEL_SAMPLE_VOCABULARY };
    out[count++] = (struct model_sample_tensor){ "output_norm.weight", 64, 0 };
    for (unsigned layer = 0; layer < MODEL_SAMPLE_LAYERS; layer++) {
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            snprintf(out[count].name, sizeof(out[count].name), "blk.%u.%s.weight", layer,
                     parts[i].part);
            out[count].columns = parts[i].columns;
            out[count++].rows = parts[i].rows;
        }
    }
    return count;
}

/* Id 0 marks the end; the others are the printable characters of ASCII, from the blank on. */
static inline void model_sample_put_vocabulary(struct gguf_write *write)
{
    static char letters[MODEL_SAMPLE_VOCABULARY];
    struct slice pieces[MODEL_SAMPLE_VOCABULARY] = { SLICE("<end>"), SLICE("\xc4\xa0") };
    int32_t types[MODEL_SAMPLE_VOCABULARY] = { 3, 1 };

    for (int id = 2; id < MODEL_SAMPLE_VOCABULARY; id++) {
        letters[id] = (char)(' ' + id - 1);
        pieces[id] = slice_of(&letters[id], 1);
        types[id] = 1;
    }
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("gpt2"));
    gguf_write_strings(write, "tokenizer.ggml.tokens", pieces, MODEL_SAMPLE_VOCABULARY);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types,
                     MODEL_SAMPLE_VOCABULARY);
}

static inline char model_sample_letter(uint32_t id)
{
    return (char)(' ' + id - 1);
}

/* The same @type or not, the weights are the same before they are rounded to it. @pooling: as files
 * number it; 0: it generates. The caller frees the file. */
static inline char *model_sample_pooled(enum gguf_tensor_type type, bool has_vocabulary,
                                        uint32_t pooling, size_t *size)
{
    struct model_sample_tensor tensors[32];
    size_t count = model_sample_tensors(tensors);
    uint64_t random = 1;
    char *bytes;
    FILE *stream = open_memstream(&bytes, size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);

    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_string(write, "general.name", SLICE("sample"));
    gguf_write_u32(write, "llama.block_count", MODEL_SAMPLE_LAYERS);
    gguf_write_u32(write, "llama.context_length", MODEL_SAMPLE_CONTEXT);
    gguf_write_u32(write, "llama.embedding_length", MODEL_SAMPLE_EMBEDDING);
    gguf_write_u32(write, "llama.feed_forward_length", MODEL_SAMPLE_INNER);
    gguf_write_u32(write, "llama.attention.head_count", 4);
    gguf_write_u32(write, "llama.attention.head_count_kv", 2);
    gguf_write_f32(write, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    if (pooling > 0)
        gguf_write_u32(write, "llama.pooling_type", pooling);
    if (has_vocabulary)
        model_sample_put_vocabulary(write);
    for (size_t i = 0; i < count; i++) {
        uint64_t dimensions[] = { tensors[i].columns, tensors[i].rows };

        gguf_write_tensor(write, tensors[i].name,
                          tensors[i].rows == 0 ? GGUF_TENSOR_TYPE_F32 : type,
                          tensors[i].rows == 0 ? 1 : 2, dimensions);
    }
    for (size_t i = 0; i < count; i++) {
        size_t values = (size_t)tensors[i].columns * (tensors[i].rows == 0 ? 1 : tensors[i].rows);

        for (size_t at = 0; at < values; at += 32) {
            float row[32];

            for (int j = 0; j < 32; j++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                row[j] =
                    ((float)(random >> 40) / 0x1p23f - 1.0f) * (tensors[i].rows == 0 ? 0.2f : 0.35f)
                    + (tensors[i].rows == 0 ? 1.0f : 0.0f);
            }
            gguf_write_floats(write, row, 32);
        }
    }
    gguf_write_finish(write, NULL);
    fclose(stream);
    return bytes;
}

static inline char *model_sample_of(enum gguf_tensor_type type, bool has_vocabulary, size_t *size)
{
    return model_sample_pooled(type, has_vocabulary, 0, size);
}

static inline char *model_sample(enum gguf_tensor_type type, size_t *size)
{
    return model_sample_of(type, false, size);
}

#endif
