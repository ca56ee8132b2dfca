#include "inference_adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define ADAPTER_BYTES_MAX (4096 * MIB)
#define NAME_BYTES_MAX 128

struct inference_adapters {
    const struct inference_model *model;
    struct arena arena;
    struct inference_adapter list[INFERENCE_ADAPTERS_MAX];
    uint32_t count;
};

/* Tensors
 * ---------------------------------------------------------------------------------------------- */

/* An adapter's file while it is read. */
struct reading {
    struct inference_adapters *adapters;
    struct inference_adapter *adapter;
    struct inference_tensors tensors;
    float alpha;
    uint64_t found; /* tensors that are known */
};

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the adapters need more than %llu MiB",
                     (unsigned long long)(ADAPTER_BYTES_MAX / MIB));
}

/* The rank, by the shape of A; 0 where the file has neither half. */
static enum status read_rank(const struct reading *reading, const char *a, const char *b,
                             uint32_t *rank, struct error *err)
{
    const struct gguf_tensor *first = gguf_tensor_find(reading->tensors.gguf, a);
    const struct gguf_tensor *second = gguf_tensor_find(reading->tensors.gguf, b);

    *rank = 0;
    if (first == NULL && second == NULL)
        return STATUS_OK;
    if (first == NULL || second == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file has one of %s and its other half", a);
    if (first->dimensions[1] < 1 || first->dimensions[1] > INFERENCE_ADAPTER_RANK_MAX)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s has a rank of %llu: 1 to %d can be",
                         a, (unsigned long long)first->dimensions[1], INFERENCE_ADAPTER_RANK_MAX);
    *rank = (uint32_t)first->dimensions[1];
    return STATUS_OK;
}

static float *expand(struct reading *reading, const struct table *table)
{
    float *values = arena_alloc(&reading->adapters->arena,
                                (size_t)table->rows * table->columns * sizeof(*values));

    for (uint32_t i = 0; values != NULL && i < table->rows; i++)
        kernels_expand_row(values + (size_t)i * table->columns, table, i);
    return values;
}

/* Rows of B are short: its columns are what is added up. */
static float *turned(struct reading *reading, const float *b, uint32_t rows, uint32_t rank)
{
    float scale = reading->alpha == 0 ? 1.0f : reading->alpha / (float)rank;
    float *values = arena_alloc(&reading->adapters->arena, (size_t)rows * rank * sizeof(*values));

    for (uint32_t r = 0; values != NULL && r < rank; r++) {
        for (uint32_t i = 0; i < rows; i++)
            values[(size_t)r * rows + i] = scale * b[(size_t)i * rank + r];
    }
    return values;
}

/* The two halves for the tensor @name of the model, where the file has them. */
static enum status read_part(struct reading *reading, const char *name, uint32_t rows,
                             uint32_t columns, struct inference_adapter_part *part,
                             struct error *err)
{
    char a[NAME_BYTES_MAX], b[NAME_BYTES_MAX];
    struct table first = { 0 }, second = { 0 };
    const float *values;

    snprintf(a, sizeof(a), "%s.lora_a", name);
    snprintf(b, sizeof(b), "%s.lora_b", name);
    *part = (struct inference_adapter_part){ .rows = rows, .columns = columns };
    if (read_rank(reading, a, b, &part->rank, err) != STATUS_OK)
        return err->status;
    if (part->rank == 0)
        return STATUS_OK;
    if (inference_tensors_table(&reading->tensors, a, part->rank, columns, &first, err) != STATUS_OK
        || inference_tensors_table(&reading->tensors, b, rows, part->rank, &second, err)
               != STATUS_OK)
        return err->status;
    part->a = expand(reading, &first);
    values = expand(reading, &second);
    part->b = values == NULL ? NULL : turned(reading, values, rows, part->rank);
    if (part->a == NULL || part->b == NULL)
        return no_memory(err);
    reading->found += 2;
    return STATUS_OK;
}

static enum status read_layer(struct reading *reading, uint32_t index, struct error *err)
{
    const struct inference_model *model = reading->adapters->model;
    struct inference_part parts[INFERENCE_PARTS];
    char name[64];

    inference_model_parts(model, &model->layers[index], parts);
    for (size_t i = 0; i < INFERENCE_PARTS; i++) {
        snprintf(name, sizeof(name), "blk.%u.%s.weight", index, parts[i].name);
        if (read_part(reading, name, parts[i].rows, parts[i].columns,
                      &reading->adapter->layers[index][i], err)
            != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status read_tensors(struct reading *reading, struct error *err)
{
    const struct inference_model *model = reading->adapters->model;
    uint64_t all = gguf_tensor_count(reading->tensors.gguf);

    reading->adapter->layers = arena_alloc_zero(&reading->adapters->arena, model->layers_count,
                                                sizeof(*reading->adapter->layers));
    if (reading->adapter->layers == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < model->layers_count; i++) {
        if (read_layer(reading, i, err) != STATUS_OK)
            return err->status;
    }
    if (read_part(reading, "output.weight", model->vocabulary, model->embedding,
                  &reading->adapter->output, err)
        != STATUS_OK)
        return err->status;
    if (all == 0)
        return error_set(err, STATUS_DATA_LOSS, "the file has no tensors");
    if (reading->found < all)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "%llu of its %llu tensors add to what is no matrix of a layer",
                         (unsigned long long)(all - reading->found), (unsigned long long)all);
    return STATUS_OK;
}

/* Keys
 * ---------------------------------------------------------------------------------------------- */

static enum status check_string(const struct gguf *gguf, const char *key, const char *wanted,
                                struct error *err)
{
    struct slice value = { 0 };

    if (gguf_get_string(gguf, key, &value) && slice_is(value, wanted))
        return STATUS_OK;
    return error_set(err, STATUS_DATA_LOSS, "%s is \"%.*s\": \"%s\" is expected", key,
                     SLICE_FORMAT(slice_cut(value, 0, 40)), wanted);
}

static enum status check_keys(struct reading *reading, struct error *err)
{
    const struct gguf *gguf = reading->tensors.gguf;
    enum gguf_type type;
    uint64_t count;
    double alpha = 0;

    if (check_string(gguf, "general.type", "adapter", err) != STATUS_OK
        || check_string(gguf, "adapter.type", "lora", err) != STATUS_OK
        || check_string(gguf, "general.architecture", reading->adapters->model->architecture, err)
               != STATUS_OK)
        return err->status;
    if (gguf_get_array(gguf, "adapter.alora.invocation_tokens", &type, &count))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "adapters that begin at certain ids are not computed");
    if (!gguf_get_f64(gguf, "adapter.lora.alpha", &alpha) || !(alpha >= 0) || !(alpha < 1e6))
        return error_set(err, STATUS_DATA_LOSS, "adapter.lora.alpha is missing or out of range");
    reading->alpha = (float)alpha;
    return STATUS_OK;
}

/* Adapters
 * ---------------------------------------------------------------------------------------------- */

enum status inference_adapters_add(struct inference_adapters *adapters, struct slice name,
                                   struct gguf *gguf, struct error *err)
{
    struct inference_adapter *adapter = &adapters->list[adapters->count];
    struct reading reading = { .adapters = adapters, .adapter = adapter };

    if (adapters->count == INFERENCE_ADAPTERS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "more than %d adapters",
                         INFERENCE_ADAPTERS_MAX);
    *adapter = (struct inference_adapter){ .number = adapters->count + 1 };
    adapter->name = arena_string(&adapters->arena, name);
    if (adapter->name == NULL)
        return no_memory(err);
    inference_tensors_init(&reading.tensors, gguf);
    if (check_keys(&reading, err) != STATUS_OK || read_tensors(&reading, err) != STATUS_OK)
        return err->status;
    memcpy(adapter->digest, gguf_digest(gguf), sizeof(adapter->digest));
    adapters->count++;
    return STATUS_OK;
}

static enum status add_file(struct inference_adapters *adapters, struct slice entry,
                            struct error *err)
{
    const char *equals = memchr(entry.data, '=', entry.size);
    size_t name_size = equals == NULL ? 0 : (size_t)(equals - entry.data);
    struct slice name = slice_cut(entry, 0, name_size);
    struct gguf *gguf;
    enum status status;
    char *path, *name_text;

    if (name_size == 0 || name_size >= NAME_BYTES_MAX || name_size + 1 == entry.size)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "adapters are given as NAME=FILE, with commas between them");
    path = arena_string(&adapters->arena, slice_cut(entry, name_size + 1, entry.size));
    name_text = arena_string(&adapters->arena, name);
    if (path == NULL || name_text == NULL)
        return no_memory(err);
    if (inference_adapters_find(adapters, name_text) != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "two adapters of the name %.*s",
                         SLICE_FORMAT(name));
    gguf = gguf_open(path, err);
    if (gguf == NULL)
        return err->status;
    status = inference_adapters_add(adapters, name, gguf, err);
    gguf_close(gguf);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "the adapter %s", path);
}

static enum status add_files(struct inference_adapters *adapters, const char *list,
                             struct error *err)
{
    struct slice left = slice_from(list == NULL ? "" : list);

    while (left.size > 0) {
        const char *comma = memchr(left.data, ',', left.size);
        size_t size = comma == NULL ? left.size : (size_t)(comma - left.data);

        if (add_file(adapters, slice_cut(left, 0, size), err) != STATUS_OK)
            return err->status;
        left = slice_cut(left, comma == NULL ? size : size + 1, left.size);
    }
    return STATUS_OK;
}

struct inference_adapters *inference_adapters_load(const struct inference_model *model,
                                                   const char *list, struct error *err)
{
    struct inference_adapters *adapters = calloc(1, sizeof(*adapters));

    if (adapters == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    adapters->model = model;
    arena_init(&adapters->arena, ADAPTER_BYTES_MAX);
    if (add_files(adapters, list, err) == STATUS_OK)
        return adapters;
    inference_adapters_destroy(adapters);
    return NULL;
}

void inference_adapters_destroy(struct inference_adapters *adapters)
{
    if (adapters == NULL)
        return;
    arena_close(&adapters->arena);
    free(adapters);
}

uint32_t inference_adapters_count(const struct inference_adapters *adapters)
{
    return adapters->count;
}

const struct inference_adapter *inference_adapters_at(const struct inference_adapters *adapters,
                                                      uint32_t index)
{
    return &adapters->list[index];
}

const struct inference_adapter *inference_adapters_find(const struct inference_adapters *adapters,
                                                        const char *name)
{
    for (uint32_t i = 0; i < adapters->count; i++) {
        if (strcmp(adapters->list[i].name, name) == 0)
            return &adapters->list[i];
    }
    return NULL;
}

void inference_adapter_add(const struct inference_adapter_part *part, float *out, const float *x)
{
    float thin[INFERENCE_ADAPTER_RANK_MAX];

    if (part->rank == 0)
        return;
    kernels_score(thin, x, part->a, part->columns, part->columns, part->rank, 1.0f);
    kernels_mix(out, thin, part->b, part->rows, part->rows, part->rank);
}
