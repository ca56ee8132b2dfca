#include "inference_model.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "inference_crew.h"
#include "inference_family.h"

#define MODEL_BYTES_MAX (64 * MIB)
#define VOCABULARY_MAX (1u << 24)
/* Packing: groups of rows that a thread takes at a time, the threads at most, and what one does
 * alone before others have begun. */
#define PACK_GROUPS 16
#define PACK_THREADS_MAX 64
#define PACK_ALONE_BYTES (4 * MIB)

/* Tensors
 * ------------------------------------------------------------------------------------------- */

static enum status get_vector(const struct inference_model *model, const char *name, uint32_t size,
                              const float **values, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, name);

    if (tensor == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor %s", name);
    if (tensor->type != GGUF_TENSOR_TYPE_F32)
        return error_set(err, STATUS_UNIMPLEMENTED, "the tensor %s is of type %s: F32 is expected",
                         name, gguf_tensor_type_name(tensor->type));
    if (tensor->dimensions_count != 1 || tensor->dimensions[0] != size)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s has %llu values: %u are expected",
                         name, (unsigned long long)tensor->dimensions[0], size);
    *values = tensor->data;
    return STATUS_OK;
}

/* A vector that some models have: NULL where the file lacks it. */
static enum status find_vector(const struct inference_model *model, const char *name, uint32_t size,
                               const float **values, struct error *err)
{
    return gguf_tensor_find(model->gguf, name) == NULL ? STATUS_OK
                                                       : get_vector(model, name, size, values, err);
}

static enum status get_table(const struct inference_model *model, const char *name, uint32_t rows,
                             uint32_t columns, struct table *table, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, name);

    if (tensor == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor %s", name);
    if (!kernels_has_type(tensor->type))
        return error_set(
            err, STATUS_UNIMPLEMENTED,
            "the tensor %s is of type %s, which is not computed: F32, F16, BF16, Q8_0, "
            "Q4_0, Q4_K, Q5_K, Q6_K and IQ4_NL are",
            name, gguf_tensor_type_name(tensor->type));
    if (tensor->dimensions_count != 2 || tensor->dimensions[0] != columns
        || tensor->dimensions[1] != rows)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s is %llu × %llu: %u × %u is expected",
                         name, (unsigned long long)tensor->dimensions[1],
                         (unsigned long long)tensor->dimensions[0], rows, columns);
    *table = (struct table){ tensor->type, rows, columns, tensor->size_bytes / rows, tensor->data };
    return STATUS_OK;
}

/* A matrix is known by its table until all have been found; then they are packed. */
static enum status get_matrix(struct inference_model *model, const char *name, uint32_t rows,
                              uint32_t columns, struct matrix *matrix, struct error *err)
{
    struct table table;

    if (get_table(model, name, rows, columns, &table, err) != STATUS_OK)
        return err->status;
    model->packed_bytes += kernels_pack_bytes(table.type, rows, columns);
    matrix->rows = rows;
    matrix->columns = columns;
    return STATUS_OK;
}

/* The tensors of a layer. */
struct part {
    const char *name;
    struct matrix *matrix;
    uint32_t rows, columns;
    const float **bias; /* NULL: has none in any family */
};

#define PARTS 7

static void list_parts(const struct inference_model *model, struct inference_layer *layer,
                       struct part *parts)
{
    uint32_t embedding = model->embedding, inner = model->feed_forward;
    uint32_t attention = model->heads * model->head, shared = model->kv_heads * model->head;
    const struct part all[PARTS] = {
        { "attn_q", &layer->query, attention, embedding, &layer->query_bias },
        { "attn_k", &layer->key, shared, embedding, &layer->key_bias },
        { "attn_v", &layer->value, shared, embedding, &layer->value_bias },
        { "attn_output", &layer->attention_output, embedding, attention, NULL },
        { "ffn_gate", &layer->gate, inner, embedding, NULL },
        { "ffn_up", &layer->up, inner, embedding, NULL },
        { "ffn_down", &layer->down, embedding, inner, NULL },
    };

    memcpy(parts, all, sizeof(all));
}

static enum status load_part(struct inference_model *model, uint32_t index, const struct part *part,
                             struct error *err)
{
    char name[64];

    snprintf(name, sizeof(name), "blk.%u.%s.bias", index, part->name);
    if (part->bias == NULL && gguf_tensor_find(model->gguf, name) != NULL)
        return error_set(err, STATUS_UNIMPLEMENTED, "this bias is not computed: %s", name);
    if (part->bias != NULL && find_vector(model, name, part->rows, part->bias, err) != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "blk.%u.%s.weight", index, part->name);
    return get_matrix(model, name, part->rows, part->columns, part->matrix, err);
}

static enum status load_norms(struct inference_model *model, const struct inference_family *family,
                              uint32_t index, struct error *err)
{
    struct inference_layer *layer = &model->layers[index];
    const struct {
        const char *name;
        const float **values;
        uint32_t size;
        bool has;
    } norms[] = {
        { "attn_norm", &layer->attention_norm, model->embedding, true },
        { "ffn_norm", &layer->feed_forward_norm, model->embedding, true },
        { "attn_q_norm", &layer->query_norm, model->head, family->has_head_norms },
        { "attn_k_norm", &layer->key_norm, model->head, family->has_head_norms },
        { "post_attention_norm", &layer->attention_post_norm, model->embedding,
          family->has_post_norms },
        { "post_ffw_norm", &layer->feed_forward_post_norm, model->embedding,
          family->has_post_norms },
    };
    char name[64];

    for (size_t i = 0; i < sizeof(norms) / sizeof(norms[0]); i++) {
        snprintf(name, sizeof(name), "blk.%u.%s.weight", index, norms[i].name);
        if (norms[i].has
            && get_vector(model, name, norms[i].size, norms[i].values, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status load_layer(struct inference_model *model, const struct inference_family *family,
                              uint32_t index, struct error *err)
{
    struct part parts[PARTS];

    list_parts(model, &model->layers[index], parts);
    for (size_t i = 0; i < PARTS; i++) {
        if (load_part(model, index, &parts[i], err) != STATUS_OK)
            return err->status;
    }
    return load_norms(model, family, index, err);
}

static enum status load_ends(struct inference_model *model, struct error *err)
{
    const struct gguf_tensor *tokens = gguf_tensor_find(model->gguf, "token_embd.weight");
    bool has_output = gguf_tensor_find(model->gguf, "output.weight") != NULL;

    if (tokens == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor token_embd.weight");
    if (tokens->dimensions[1] == 0 || tokens->dimensions[1] > VOCABULARY_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu",
                         (unsigned long long)tokens->dimensions[1]);
    model->vocabulary = (uint32_t)tokens->dimensions[1];
    if (get_table(model, "token_embd.weight", model->vocabulary, model->embedding,
                  &model->token_embedding, err)
            != STATUS_OK
        || get_matrix(model, has_output ? "output.weight" : "token_embd.weight", model->vocabulary,
                      model->embedding, &model->output, err)
               != STATUS_OK)
        return err->status;
    return get_vector(model, "output_norm.weight", model->embedding, &model->output_norm, err);
}

static void count_parameters(struct inference_model *model)
{
    for (uint64_t i = 0; i < gguf_tensor_count(model->gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(model->gguf, i);

        model->parameters += tensor->dimensions[0] * tensor->dimensions[1] * tensor->dimensions[2]
                             * tensor->dimensions[3];
    }
}

/* Packing
 * ---------------------------------------------------------------------------------------------- */

/* Once a tensor has been copied, the file's pages of it are not wanted in memory any more; they can
 * be read again. */
static void let_go(const struct table *table)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)table->data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)table->data + table->rows * table->row_bytes) / page * page;

    if (end > start)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

struct packing {
    struct table table;
    char *memory;
    uint32_t groups;
};

static void run_packing(void *task, uint32_t part, unsigned member)
{
    const struct packing *packing = task;
    uint32_t first = part * PACK_GROUPS, left = packing->groups - first;

    (void)member;
    kernels_pack_groups(&packing->table, packing->memory, first,
                        left < PACK_GROUPS ? left : PACK_GROUPS);
}

static void pack(struct inference_model *model, struct inference_crew *crew, const char *name,
                 struct matrix *matrix, char **memory)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(model->gguf, name);
    struct packing packing = { { tensor->type, matrix->rows, matrix->columns,
                                 tensor->size_bytes / matrix->rows, tensor->data },
                               *memory,
                               0 };

    *matrix = kernels_pack_place(&packing.table, *memory);
    if (matrix_is_float(matrix))
        return;
    packing.groups = matrix_groups(matrix);
    inference_crew_run(crew, (packing.groups + PACK_GROUPS - 1) / PACK_GROUPS, run_packing,
                       &packing);
    *memory += kernels_pack_bytes(tensor->type, matrix->rows, matrix->columns);
    if (gguf_is_mapped(model->gguf))
        let_go(&packing.table);
}

static void pack_matrices(struct inference_model *model, struct inference_crew *crew, char *memory)
{
    bool has_output = gguf_tensor_find(model->gguf, "output.weight") != NULL;
    char name[64];

    for (uint32_t i = 0; i < model->layers_count; i++) {
        struct part parts[PARTS];

        list_parts(model, &model->layers[i], parts);
        for (size_t j = 0; j < PARTS; j++) {
            snprintf(name, sizeof(name), "blk.%u.%s.weight", i, parts[j].name);
            pack(model, crew, name, parts[j].matrix, &memory);
        }
    }
    pack(model, crew, has_output ? "output.weight" : "token_embd.weight", &model->output, &memory);
}

/* The processors that this process may use. */
static unsigned count_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > PACK_THREADS_MAX ? PACK_THREADS_MAX : (unsigned)count;
}

static enum status pack_all(struct inference_model *model, struct error *err)
{
    struct inference_crew *crew;

    model->packed = mmap(NULL, model->packed_bytes + 1, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (model->packed == MAP_FAILED) {
        model->packed = NULL;
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for weights of %zu bytes",
                         model->packed_bytes);
    }
    madvise(model->packed, model->packed_bytes + 1, MADV_HUGEPAGE);
    crew =
        inference_crew_create(model->packed_bytes < PACK_ALONE_BYTES ? 1 : count_processors(), err);
    if (crew == NULL)
        return err->status;
    pack_matrices(model, crew, model->packed);
    inference_crew_destroy(crew);
    return STATUS_OK;
}

static enum status load(struct inference_model *model, struct error *err)
{
    const struct inference_family *family = NULL;
    enum status status = inference_family_load(model, &family, err);

    if (status == STATUS_OK)
        status = load_ends(model, err);
    for (uint32_t i = 0; i < model->layers_count && status == STATUS_OK; i++)
        status = load_layer(model, family, i, err);
    if (status == STATUS_OK)
        status = pack_all(model, err);
    count_parameters(model);
    return status;
}

struct inference_model *inference_model_create(struct gguf *gguf, struct error *err)
{
    struct inference_model *model = calloc(1, sizeof(*model));
    struct error local;

    if (err == NULL)
        err = &local;
    if (model == NULL) {
        gguf_close(gguf);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    model->gguf = gguf;
    arena_init(&model->arena, MODEL_BYTES_MAX);
    if (load(model, err) != STATUS_OK) {
        inference_model_destroy(model);
        return NULL;
    }
    return model;
}

void inference_model_destroy(struct inference_model *model)
{
    if (model == NULL)
        return;
    if (model->packed != NULL)
        munmap(model->packed, model->packed_bytes + 1);
    gguf_close(model->gguf);
    arena_close(&model->arena);
    free(model);
}
