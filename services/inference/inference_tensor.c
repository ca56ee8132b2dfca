#include "inference_tensor.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"

#define VECTORS_BYTES_MAX (256 * MIB)

void inference_tensors_init(struct inference_tensors *tensors, const struct gguf *gguf)
{
    *tensors = (struct inference_tensors){ .gguf = gguf };
    arena_init(&tensors->arena, VECTORS_BYTES_MAX);
}

void inference_tensors_close(struct inference_tensors *tensors)
{
    inference_packer_close(&tensors->packer);
    arena_close(&tensors->arena);
    *tensors = (struct inference_tensors){ 0 };
}

/* What is found
 * ---------------------------------------------------------------------------------------------- */

/* A copy, since a vector would keep the file's pages around it in memory. */
static enum status copy(struct inference_tensors *tensors, const struct gguf_tensor *tensor,
                        const float **values, struct error *err)
{
    float *own = arena_alloc(&tensors->arena, tensor->size_bytes);

    if (own == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a vector of %zu bytes",
                         tensor->size_bytes);
    memcpy(own, tensor->data, tensor->size_bytes);
    *values = own;
    return STATUS_OK;
}

enum status inference_tensors_vector(struct inference_tensors *tensors, const char *name,
                                     uint32_t size, const float **values, struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(tensors->gguf, name);

    if (tensor == NULL)
        return error_set(err, STATUS_DATA_LOSS, "the file lacks the tensor %s", name);
    if (tensor->type != GGUF_TENSOR_TYPE_F32)
        return error_set(err, STATUS_UNIMPLEMENTED, "the tensor %s is of type %s: F32 is expected",
                         name, gguf_tensor_type_name(tensor->type));
    if (tensor->dimensions_count != 1 || tensor->dimensions[0] != size)
        return error_set(err, STATUS_DATA_LOSS, "the tensor %s has %llu values: %u are expected",
                         name, (unsigned long long)tensor->dimensions[0], size);
    return copy(tensors, tensor, values, err);
}

enum status inference_tensors_vector_if(struct inference_tensors *tensors, const char *name,
                                        uint32_t size, const float **values, struct error *err)
{
    return gguf_tensor_find(tensors->gguf, name) == NULL
               ? STATUS_OK
               : inference_tensors_vector(tensors, name, size, values, err);
}

static enum status find_table(const struct inference_tensors *tensors, const char *name,
                              uint32_t rows, uint32_t columns, struct table *table,
                              struct error *err)
{
    const struct gguf_tensor *tensor = gguf_tensor_find(tensors->gguf, name);

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

enum status inference_tensors_table(const struct inference_tensors *tensors, const char *name,
                                    uint32_t rows, uint32_t columns, struct table *table,
                                    struct error *err)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start, end;

    if (find_table(tensors, name, rows, columns, table, err) != STATUS_OK)
        return err->status;
    start = (uintptr_t)table->data / page * page;
    end = (uintptr_t)table->data + rows * table->row_bytes;
    if (gguf_is_mapped(tensors->gguf)) /* a row is to bring little of the file into memory */
        madvise((void *)start, end - start, MADV_NOHUGEPAGE);
    return STATUS_OK;
}

enum status inference_tensors_matrix(struct inference_tensors *tensors, const char *name,
                                     uint32_t rows, uint32_t columns, struct matrix *matrix,
                                     struct error *err)
{
    return inference_tensors_rows(tensors, name, rows, 0, rows, columns, matrix, err);
}

enum status inference_tensors_rows(struct inference_tensors *tensors, const char *name,
                                   uint32_t all, uint32_t first, uint32_t rows, uint32_t columns,
                                   struct matrix *matrix, struct error *err)
{
    struct table table = { 0 };

    if (find_table(tensors, name, all, columns, &table, err) != STATUS_OK)
        return err->status;
    table.data = (const char *)table.data + first * table.row_bytes;
    table.rows = rows;
    return inference_packer_add(&tensors->packer, &table, matrix, err);
}

uint64_t inference_tensors_parameters(const struct gguf *gguf)
{
    uint64_t parameters = 0;

    for (uint64_t i = 0; i < gguf_tensor_count(gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(gguf, i);

        parameters += tensor->dimensions[0] * tensor->dimensions[1] * tensor->dimensions[2]
                      * tensor->dimensions[3];
    }
    return parameters;
}

enum status inference_tensors_pack(struct inference_tensors *tensors, struct error *err)
{
    return inference_packer_start(&tensors->packer, tensors->is_mapped,
                                  gguf_is_mapped(tensors->gguf), err);
}

void inference_tensors_wait(struct inference_tensors *tensors)
{
    inference_packer_wait(&tensors->packer);
}
