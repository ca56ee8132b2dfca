/* A GGUF file of random weights in the shape of a published model: it loads and runs like the real
 * one, for measuring speed and for comparing logits with other programs.
 *
 *     model_shape SHAPE TYPE FILE      model_shape llama-1b Q4_0 /tmp/model.gguf
 *
 * SHAPE: smollm-135m, qwen-0.5b, llama-1b, gemma-tiny, qwen3-tiny. TYPE: F32, F16, BF16, Q8_0,
 * Q4_0, IQ4_NL, Q4_K, Q5_K, Q6_K, or Q4_K_M: Q4_K with Q6_K for the embedding, and for the values
 * and the down projection of every other layer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf_half.h"
#include "gguf/gguf_write.h"
#include "kernels.h"

struct shape {
    const char *name, *architecture;
    uint32_t layers, embedding, heads, kv_heads, head, inner, vocabulary, window;
    bool has_biases, has_head_norms, has_post_norms;
    float rope_base;
};

static const struct shape shapes[] = {
    { "smollm-135m", "llama", 30, 576, 9, 3, 64, 1536, 49152, 0, false, false, false, 100000 },
    { "qwen-0.5b", "qwen2", 24, 896, 14, 2, 64, 4864, 151936, 0, true, false, false, 1000000 },
    { "llama-1b", "llama", 16, 2048, 32, 8, 64, 8192, 128256, 0, false, false, false, 500000 },
    { "llama-tiny", "llama", 3, 256, 4, 2, 64, 512, 1000, 0, false, false, false, 500000 },
    { "qwen2-tiny", "qwen2", 3, 256, 4, 2, 64, 512, 1000, 0, true, false, false, 1000000 },
    { "qwen3-tiny", "qwen3", 3, 256, 4, 2, 128, 512, 1000, 0, false, true, false, 1000000 },
    { "gemma2-tiny", "gemma2", 4, 256, 4, 2, 128, 512, 1000, 16, false, false, true, 10000 },
    { "gemma3-tiny", "gemma3", 7, 256, 4, 2, 128, 512, 1000, 16, false, true, true, 1000000 },
};

static uint32_t random_bits(void)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static void put_half(unsigned char *at, float value)
{
    uint16_t half = gguf_half_from_float(value);

    memcpy(at, &half, sizeof(half));
}

/* Values of about @size: a block's scale spreads its integers to that. */
static void fill_block(enum gguf_tensor_type type, unsigned char *block, uint32_t bytes, float size)
{
    for (uint32_t i = 0; i < bytes; i++)
        block[i] = (unsigned char)random_bits();
    switch (type) {
    case GGUF_TENSOR_TYPE_Q8_0:
    case GGUF_TENSOR_TYPE_IQ4_NL:
        put_half(block, size / 74);
        break;
    case GGUF_TENSOR_TYPE_Q4_0:
        put_half(block, size / 4.6f);
        break;
    case GGUF_TENSOR_TYPE_Q4_K:
    case GGUF_TENSOR_TYPE_Q5_K: {
        float middle = type == GGUF_TENSOR_TYPE_Q4_K ? 7.5f : 15.5f;

        /* Minimums equal to scales, so that the values are about zero. */
        for (unsigned i = 0; i < 4; i++)
            block[8 + i] = block[4 + i];
        for (unsigned i = 0; i < 4; i++)
            block[12 + i] = (unsigned char)((block[12 + i] & 15) * 17);
        put_half(block, size / (32 * middle * 0.6f));
        put_half(block + 2, size / (32 * 0.6f));
        break;
    }
    case GGUF_TENSOR_TYPE_Q6_K:
        put_half(block + 208, size / (74 * 18));
        break;
    default:
        break;
    }
}

static bool is_expanded;

static void write_block(struct gguf_write *write, enum gguf_tensor_type type,
                        const unsigned char *block, uint32_t values, uint32_t bytes)
{
    struct table table = { type, 1, values, bytes, block };
    float floats[256];

    if (!is_expanded) {
        gguf_write_data(write, block, bytes);
        return;
    }
    kernels_expand_row(floats, &table, 0);
    gguf_write_floats(write, floats, values);
}

static void write_values(struct gguf_write *write, enum gguf_tensor_type type, uint64_t count,
                         float size, float middle)
{
    uint32_t values, bytes;
    unsigned char block[256];
    float floats[64];

    gguf_tensor_type_size(type, &values, &bytes);
    if (values > 1) {
        for (uint64_t at = 0; at < count; at += values) {
            fill_block(type, block, bytes, size);
            write_block(write, type, block, values, bytes);
        }
        return;
    }
    for (uint64_t at = 0; at < count; at += 64) {
        for (unsigned i = 0; i < 64; i++)
            floats[i] = middle + size * 1.7f * ((float)random_bits() / 0x1p31f - 1);
        gguf_write_floats(write, floats, count - at < 64 ? count - at : 64);
    }
}

struct tensor {
    char name[64];
    enum gguf_tensor_type type;
    uint32_t columns, rows; /* rows 0: a vector */
    float size, middle;
};

static struct tensor *list;
static size_t count;

static void add(const char *name, int layer, enum gguf_tensor_type type, uint32_t columns,
                uint32_t rows, float size, float middle)
{
    struct tensor *tensor;

    list = realloc(list, (count + 1) * sizeof(*list));
    tensor = &list[count++];
    *tensor = (struct tensor){ .type = rows == 0 ? GGUF_TENSOR_TYPE_F32 : type,
                               .columns = columns,
                               .rows = rows,
                               .size = size,
                               .middle = middle };
    if (layer < 0)
        snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    else
        snprintf(tensor->name, sizeof(tensor->name), "blk.%d.%s", layer, name);
}

static void add_layer(const struct shape *shape, int i, enum gguf_tensor_type type,
                      enum gguf_tensor_type better)
{
    uint32_t attention = shape->heads * shape->head, shared = shape->kv_heads * shape->head;
    float size = 1 / sqrtf((float)shape->embedding);
    enum gguf_tensor_type often = i % 2 == 0 ? better : type;

    add("attn_norm.weight", i, type, shape->embedding, 0, 0.1f, 1);
    add("attn_q.weight", i, type, shape->embedding, attention, size, 0);
    add("attn_k.weight", i, type, shape->embedding, shared, size, 0);
    add("attn_v.weight", i, often, shape->embedding, shared, size, 0);
    if (shape->has_biases) {
        add("attn_q.bias", i, type, attention, 0, 0.1f, 0);
        add("attn_k.bias", i, type, shared, 0, 0.1f, 0);
        add("attn_v.bias", i, type, shared, 0, 0.1f, 0);
    }
    if (shape->has_head_norms) {
        add("attn_q_norm.weight", i, type, shape->head, 0, 0.1f, 1);
        add("attn_k_norm.weight", i, type, shape->head, 0, 0.1f, 1);
    }
    add("attn_output.weight", i, type, attention, shape->embedding, size, 0);
    add("ffn_norm.weight", i, type, shape->embedding, 0, 0.1f, 1);
    if (shape->has_post_norms) {
        add("post_attention_norm.weight", i, type, shape->embedding, 0, 0.1f, 1);
        add("post_ffw_norm.weight", i, type, shape->embedding, 0, 0.1f, 1);
    }
    add("ffn_gate.weight", i, type, shape->embedding, shape->inner, size, 0);
    add("ffn_up.weight", i, type, shape->embedding, shape->inner, size, 0);
    add("ffn_down.weight", i, often, shape->inner, shape->embedding, size, 0);
}

static void write_number(struct gguf_write *write, const char *architecture, const char *key,
                         uint32_t value)
{
    char name[96];

    snprintf(name, sizeof(name), "%s.%s", architecture, key);
    gguf_write_u32(write, name, value);
}

static void write_keys(struct gguf_write *write, const struct shape *shape)
{
    const char *a = shape->architecture;
    char name[96];

    gguf_write_string(write, "general.architecture", slice_from(a));
    gguf_write_string(write, "general.name", slice_from(shape->name));
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("none"));
    write_number(write, a, "vocab_size", shape->vocabulary);
    write_number(write, a, "block_count", shape->layers);
    write_number(write, a, "context_length", 8192);
    write_number(write, a, "embedding_length", shape->embedding);
    write_number(write, a, "feed_forward_length", shape->inner);
    write_number(write, a, "attention.head_count", shape->heads);
    write_number(write, a, "attention.head_count_kv", shape->kv_heads);
    write_number(write, a, "attention.key_length", shape->head);
    write_number(write, a, "attention.value_length", shape->head);
    write_number(write, a, "rope.dimension_count", shape->head);
    if (shape->window != 0)
        write_number(write, a, "attention.sliding_window", shape->window);
    snprintf(name, sizeof(name), "%s.attention.layer_norm_rms_epsilon", a);
    gguf_write_f32(write, name, 1e-5f);
    snprintf(name, sizeof(name), "%s.rope.freq_base", a);
    gguf_write_f32(write, name, shape->rope_base);
    if (strcmp(a, "gemma2") == 0) {
        gguf_write_f32(write, "gemma2.attn_logit_softcapping", 50);
        gguf_write_f32(write, "gemma2.final_logit_softcapping", 30);
    }
}

static bool read_type(char *text, enum gguf_tensor_type *type, enum gguf_tensor_type *better)
{
    char *as = strchr(text, '=');

    is_expanded = as != NULL;
    if (as != NULL && strcmp(as, "=F32") != 0)
        return false;
    if (as != NULL)
        *as = '\0';
    if (strcmp(text, "Q4_K_M") == 0) {
        *type = GGUF_TENSOR_TYPE_Q4_K;
        *better = GGUF_TENSOR_TYPE_Q6_K;
        return true;
    }
    for (int i = 0; i <= GGUF_TENSOR_TYPE_BF16; i++) {
        if (strcmp(gguf_tensor_type_name(i), text) == 0) {
            *type = *better = i;
            return true;
        }
    }
    return false;
}

static const struct shape *find_shape(const char *name)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct shape *shape = argc == 4 ? find_shape(argv[1]) : NULL;
    enum gguf_tensor_type type, better;
    struct gguf_write *write;
    struct error err = { 0 };

    if (shape == NULL || !read_type(argv[2], &type, &better)) {
        fprintf(stderr, "usage: model_shape SHAPE TYPE FILE\n");
        return 2;
    }
    add("token_embd.weight", -1, better, shape->embedding, shape->vocabulary, 0.05f, 0);
    add("output_norm.weight", -1, type, shape->embedding, 0, 0.1f, 1);
    for (uint32_t i = 0; i < shape->layers; i++)
        add_layer(shape, (int)i, type, better);
    write = gguf_write_start(argv[3], &err);
    if (write != NULL) {
        write_keys(write, shape);
        for (size_t i = 0; i < count; i++) {
            uint64_t dimensions[] = { list[i].columns, list[i].rows };

            gguf_write_tensor(write, list[i].name,
                              is_expanded ? GGUF_TENSOR_TYPE_F32 : list[i].type,
                              list[i].rows == 0 ? 1 : 2, dimensions);
        }
        for (size_t i = 0; i < count; i++)
            write_values(write, list[i].type,
                         (uint64_t)list[i].columns * (list[i].rows == 0 ? 1 : list[i].rows),
                         list[i].size, list[i].middle);
        gguf_write_finish(write, &err);
    }
    free(list);
    if (err.status == STATUS_OK)
        return 0;
    fprintf(stderr, "model_shape: %s\n", err.text);
    return 1;
}
