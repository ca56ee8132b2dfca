/* Adapters of random weights for the model of model_sample.h, as GGUF files in memory. */
#ifndef ADAPTER_SAMPLE_H
#define ADAPTER_SAMPLE_H

#include <string.h>

#include "model_sample.h"

#define ADAPTER_SAMPLE_RANK 3
#define ADAPTER_SAMPLE_ALPHA 6.0f

struct adapter_sample {
    uint64_t seed;
    enum gguf_tensor_type type;
    const char *only; /* the one tensor that is adapted; NULL: every matrix but the embedding */
};

static inline float adapter_sample_value(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return ((float)(*random >> 40) / 0x1p23f - 1.0f) * 0.2f;
}

static inline bool adapter_sample_has(const struct adapter_sample *sample,
                                      const struct model_sample_tensor *tensor)
{
    if (sample->only != NULL)
        return strcmp(sample->only, tensor->name) == 0;
    return tensor->rows > 0 && strcmp(tensor->name, "token_embd.weight") != 0;
}

/* Whole rows, as the writer takes what it converts. */
static inline void adapter_sample_write(struct gguf_write *write, size_t count, uint64_t *random)
{
    float values[4096];

    for (size_t i = 0; i < count; i++)
        values[i] = adapter_sample_value(random);
    gguf_write_floats(write, values, count);
}

/* The caller frees the file. */
static inline char *adapter_sample(const struct adapter_sample *sample, size_t *size)
{
    struct model_sample_tensor tensors[32];
    size_t count = model_sample_tensors(tensors);
    uint64_t random = sample->seed;
    char name[64], *bytes;
    FILE *stream = open_memstream(&bytes, size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);

    gguf_write_string(write, "general.type", SLICE("adapter"));
    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_string(write, "adapter.type", SLICE("lora"));
    gguf_write_f32(write, "adapter.lora.alpha", ADAPTER_SAMPLE_ALPHA);
    for (size_t i = 0; i < count; i++) {
        uint64_t a[] = { tensors[i].columns, ADAPTER_SAMPLE_RANK };
        uint64_t b[] = { ADAPTER_SAMPLE_RANK, tensors[i].rows };

        if (!adapter_sample_has(sample, &tensors[i]))
            continue;
        snprintf(name, sizeof(name), "%s.lora_a", tensors[i].name);
        gguf_write_tensor(write, name, sample->type, 2, a);
        snprintf(name, sizeof(name), "%s.lora_b", tensors[i].name);
        gguf_write_tensor(write, name, sample->type, 2, b);
    }
    for (size_t i = 0; i < count; i++) {
        if (!adapter_sample_has(sample, &tensors[i]))
            continue;
        adapter_sample_write(write, (size_t)tensors[i].columns * ADAPTER_SAMPLE_RANK, &random);
        adapter_sample_write(write, (size_t)tensors[i].rows * ADAPTER_SAMPLE_RANK, &random);
    }
    gguf_write_finish(write, NULL);
    fclose(stream);
    return bytes;
}

/* Add to the weights of @model, a file of F32 in memory that may be written, what an F32 adapter
 * would: in double precision. */
static inline void adapter_sample_merge(const struct gguf *model, const struct gguf *adapter)
{
    for (uint64_t t = 0; t < gguf_tensor_count(adapter); t += 2) {
        const struct gguf_tensor *a = gguf_tensor_at(adapter, t);
        const struct gguf_tensor *b = gguf_tensor_at(adapter, t + 1);
        const float *a_values = a->data, *b_values = b->data;
        char name[64];
        float *weights;

        snprintf(name, sizeof(name), "%.*s", (int)a->name.size - 7, a->name.data);
        weights = (float *)(uintptr_t)gguf_tensor_find(model, name)->data;
        for (uint64_t r = 0; r < b->dimensions[1]; r++) {
            for (uint64_t c = 0; c < a->dimensions[0]; c++) {
                double sum = 0;

                for (uint64_t k = 0; k < ADAPTER_SAMPLE_RANK; k++)
                    sum += (double)b_values[r * ADAPTER_SAMPLE_RANK + k]
                           * (double)a_values[k * a->dimensions[0] + c];
                weights[r * a->dimensions[0] + c] +=
                    (float)(sum * (double)ADAPTER_SAMPLE_ALPHA / ADAPTER_SAMPLE_RANK);
            }
        }
    }
}

#endif
