#include "inference_tensor.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "inference_crew.h"

/* Packing: groups of rows that a thread takes at a time, the threads at most, and what one does
 * alone before others have begun. */
#define PACK_GROUPS 16
#define PACK_THREADS_MAX 64
#define PACK_ALONE_BYTES (4 * MIB)

struct inference_unpacked {
    struct table table;
    struct matrix *matrix;
};

void inference_tensors_init(struct inference_tensors *tensors, const struct gguf *gguf)
{
    *tensors = (struct inference_tensors){ .gguf = gguf };
}

void inference_tensors_close(struct inference_tensors *tensors)
{
    if (tensors->packed != NULL)
        munmap(tensors->packed, tensors->packed_bytes + 1);
    free(tensors->unpacked);
    *tensors = (struct inference_tensors){ 0 };
}

/* What is found
 * ---------------------------------------------------------------------------------------------- */

enum status inference_tensors_vector(const struct inference_tensors *tensors, const char *name,
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
    *values = tensor->data;
    return STATUS_OK;
}

enum status inference_tensors_vector_if(const struct inference_tensors *tensors, const char *name,
                                        uint32_t size, const float **values, struct error *err)
{
    return gguf_tensor_find(tensors->gguf, name) == NULL
               ? STATUS_OK
               : inference_tensors_vector(tensors, name, size, values, err);
}

enum status inference_tensors_table(const struct inference_tensors *tensors, const char *name,
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

static enum status remember(struct inference_tensors *tensors, const struct table *table,
                            struct matrix *matrix, struct error *err)
{
    if (tensors->unpacked_count == tensors->unpacked_max) {
        size_t more = tensors->unpacked_max * 2 + 64;
        struct inference_unpacked *list = realloc(tensors->unpacked, more * sizeof(*list));

        if (list == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu matrices", more);
        tensors->unpacked = list;
        tensors->unpacked_max = more;
    }
    tensors->unpacked[tensors->unpacked_count++] = (struct inference_unpacked){ *table, matrix };
    tensors->packed_bytes += kernels_pack_bytes(table->type, table->rows, table->columns);
    matrix->rows = table->rows;
    matrix->columns = table->columns;
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

    if (inference_tensors_table(tensors, name, all, columns, &table, err) != STATUS_OK)
        return err->status;
    table.data = (const char *)table.data + first * table.row_bytes;
    table.rows = rows;
    return remember(tensors, &table, matrix, err);
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
    const struct table *table;
    char *memory;
    uint32_t groups;
};

static void run_packing(void *task, uint32_t part, unsigned member)
{
    const struct packing *packing = task;
    uint32_t first = part * PACK_GROUPS, left = packing->groups - first;

    (void)member;
    kernels_pack_groups(packing->table, packing->memory, first,
                        left < PACK_GROUPS ? left : PACK_GROUPS);
}

static void pack(struct inference_tensors *tensors, struct inference_crew *crew,
                 const struct inference_unpacked *unpacked, char **memory)
{
    const struct table *table = &unpacked->table;
    struct packing packing = { table, *memory, 0 };

    *unpacked->matrix = kernels_pack_place(table, *memory);
    if (matrix_is_float(unpacked->matrix))
        return;
    packing.groups = matrix_groups(unpacked->matrix);
    inference_crew_run(crew, (packing.groups + PACK_GROUPS - 1) / PACK_GROUPS, run_packing,
                       &packing);
    *memory += kernels_pack_bytes(table->type, table->rows, table->columns);
    if (gguf_is_mapped(tensors->gguf))
        let_go(table);
}

/* The processors that this process may use. */
static unsigned count_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > PACK_THREADS_MAX ? PACK_THREADS_MAX : (unsigned)count;
}

static void map(struct inference_tensors *tensors)
{
    for (size_t i = 0; i < tensors->unpacked_count; i++)
        *tensors->unpacked[i].matrix = kernels_map(&tensors->unpacked[i].table);
    tensors->unpacked_count = 0;
}

enum status inference_tensors_pack(struct inference_tensors *tensors, struct error *err)
{
    struct inference_crew *crew;
    char *memory;

    if (tensors->is_mapped) {
        map(tensors);
        return STATUS_OK;
    }
    tensors->packed = mmap(NULL, tensors->packed_bytes + 1, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (tensors->packed == MAP_FAILED) {
        tensors->packed = NULL;
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for weights of %zu bytes",
                         tensors->packed_bytes);
    }
    madvise(tensors->packed, tensors->packed_bytes + 1, MADV_HUGEPAGE);
    crew = inference_crew_create(tensors->packed_bytes < PACK_ALONE_BYTES ? 1 : count_processors(),
                                 err);
    if (crew == NULL)
        return err->status;
    memory = tensors->packed;
    for (size_t i = 0; i < tensors->unpacked_count; i++)
        pack(tensors, crew, &tensors->unpacked[i], &memory);
    inference_crew_destroy(crew);
    tensors->unpacked_count = 0;
    return STATUS_OK;
}
