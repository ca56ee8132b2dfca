#include "train_lora.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gguf/gguf_write.h"
#include "train_random.h"

static size_t part_count(const struct lora_part *part, uint32_t rank)
{
    return rank * (part->rows + part->columns);
}

static void list_parts(struct lora *lora, const struct weights *weights)
{
    struct model_tensor tensors[MODEL_TENSORS_MAX];
    size_t count = model_file_tensors(weights, tensors);

    for (size_t i = 0; i < count; i++) {
        struct lora_part *part = &lora->parts[lora->parts_count];

        if (tensors[i].is_norm || tensors[i].values == weights->embedding)
            continue;
        memcpy(part->name, tensors[i].name, sizeof(part->name));
        part->offset = (size_t)(tensors[i].values - weights->all);
        part->rows = tensors[i].rows;
        part->columns = tensors[i].columns;
        lora->count += part_count(part, lora->rank);
        lora->parts_count++;
    }
}

static void bind_parts(struct lora *lora)
{
    size_t at = 0;

    for (size_t i = 0; i < lora->parts_count; i++) {
        struct lora_part *part = &lora->parts[i];

        part->a = lora->values + at;
        part->d_a = lora->gradient + at;
        at += lora->rank * part->columns;
        part->b = lora->values + at;
        part->d_b = lora->gradient + at;
        at += lora->rank * part->rows;
    }
}

enum status lora_init(struct lora *lora, const struct weights *weights, uint32_t rank, float alpha,
                      uint64_t seed, struct arena *arena, struct error *err)
{
    struct random random = { seed };
    float *base = ARENA_ARRAY(arena, float, weights->count);

    *lora = (struct lora){ .rank = rank, .base = base };
    if (rank == 0 || rank > LORA_RANK_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a rank from 1 to %d, not %u", LORA_RANK_MAX,
                         rank);
    lora->scale = alpha / (float)rank;
    list_parts(lora, weights);
    lora->values = ARENA_ARRAY(arena, float, lora->count);
    lora->gradient = ARENA_ARRAY(arena, float, lora->count);
    lora->adam.first = ARENA_ARRAY(arena, float, lora->count);
    lora->adam.second = ARENA_ARRAY(arena, float, lora->count);
    if (base == NULL || lora->values == NULL || lora->gradient == NULL || lora->adam.first == NULL
        || lora->adam.second == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for an adapter");
    memcpy(base, weights->all, weights->count * sizeof(float));
    memset(lora->values, 0, lora->count * sizeof(float));
    memset(lora->adam.first, 0, lora->count * sizeof(float));
    memset(lora->adam.second, 0, lora->count * sizeof(float));
    bind_parts(lora);
    for (size_t i = 0; i < lora->parts_count; i++)
        for (size_t j = 0; j < rank * lora->parts[i].columns; j++)
            lora->parts[i].a[j] =
                (float)(2 * random_unit(&random) - 1) / sqrtf((float)lora->parts[i].columns);
    return STATUS_OK;
}

static void differentiate(struct lora *lora, struct lora_part *part, const float *gradient)
{
    const float *g = gradient + part->offset;
    int rows = (int)part->rows, columns = (int)part->columns, rank = (int)lora->rank;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, rank, columns, lora->scale, g,
                columns, part->a, columns, 0, part->d_b, rank);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rank, columns, rows, lora->scale, part->b,
                rank, g, columns, 0, part->d_a, columns);
}

/* W = base + s B A */
static void add_up(const struct lora *lora, const struct lora_part *part, struct weights *weights)
{
    float *w = weights->all + part->offset;

    memcpy(w, lora->base + part->offset, part->rows * part->columns * sizeof(float));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)part->rows, (int)part->columns,
                (int)lora->rank, lora->scale, part->b, (int)lora->rank, part->a, (int)part->columns,
                1, w, (int)part->columns);
}

double lora_take_step(struct lora *lora, const struct adam_step *step, struct weights *weights,
                      const struct weights *gradient)
{
    double norm;

    for (size_t i = 0; i < lora->parts_count; i++)
        differentiate(lora, &lora->parts[i], gradient->all);
    norm = adam_take_flat_step(&lora->adam, step, lora->values, lora->gradient, lora->count);
    for (size_t i = 0; i < lora->parts_count; i++)
        add_up(lora, &lora->parts[i], weights);
    return norm;
}

/* ---- the file ---- */

static void put_heads(const struct lora *lora, const struct lora_part *part,
                      struct gguf_write *write)
{
    const uint64_t a[2] = { part->columns, lora->rank }, b[2] = { lora->rank, part->rows };
    char name[96];

    snprintf(name, sizeof(name), "%s.lora_a", part->name);
    gguf_write_tensor(write, name, GGUF_TENSOR_TYPE_F32, 2, a);
    snprintf(name, sizeof(name), "%s.lora_b", part->name);
    gguf_write_tensor(write, name, GGUF_TENSOR_TYPE_F32, 2, b);
}

enum status lora_write(const struct lora *lora, const char *path, const char *name,
                       struct error *err)
{
    struct gguf_write *write = gguf_write_start(path, err);

    if (write == NULL)
        return err == NULL ? STATUS_UNAVAILABLE : err->status;
    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_string(write, "general.type", SLICE("adapter"));
    gguf_write_string(write, "general.name", slice_from(name));
    gguf_write_string(write, "adapter.type", SLICE("lora"));
    gguf_write_f32(write, "adapter.lora.alpha", lora->scale * (float)lora->rank);
    for (size_t i = 0; i < lora->parts_count; i++)
        put_heads(lora, &lora->parts[i], write);
    for (size_t i = 0; i < lora->parts_count; i++) {
        gguf_write_floats(write, lora->parts[i].a, lora->rank * lora->parts[i].columns);
        gguf_write_floats(write, lora->parts[i].b, lora->rank * lora->parts[i].rows);
    }
    return gguf_write_finish(write, err);
}
