#include "inference_packer.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "inference_crew.h"

/* Groups of rows that a thread takes at a time; the bytes that are packed before it is said, unless
 * there are so many threads that each has more to do; the threads at most. */
#define PART_GROUPS 16
#define STRETCH_BYTES (2 * MIB)
#define THREADS_MAX 64
/* So little is packed by the caller sooner than a thread would begin. */
#define ALONE_BYTES (4 * MIB)
/* Whoever answers meanwhile comes first: of a processor that both want, about a tenth is ours. */
#define NICENESS 10

/* What is to be packed
 * ---------------------------------------------------------------------------------------------- */

enum status inference_packer_add(struct inference_packer *packer, const struct table *table,
                                 struct matrix *matrix, struct error *err)
{
    struct inference_packed *packed;

    if (packer->count == packer->max) {
        size_t more = packer->max * 2 + 64;
        struct inference_packed *list = realloc(packer->list, more * sizeof(*list));

        if (list == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu matrices", more);
        packer->list = list;
        packer->max = more;
    }
    packed = &packer->list[packer->count++];
    packed->table = *table;
    packed->matrix = matrix;
    atomic_init(&packed->groups, 0);
    packer->bytes += kernels_pack_bytes(table->type, table->rows, table->columns);
    matrix->rows = table->rows;
    matrix->columns = table->columns;
    return STATUS_OK;
}

static void place(struct inference_packer *packer)
{
    char *memory = packer->memory;

    for (size_t i = 0; i < packer->count; i++) {
        struct inference_packed *packed = &packer->list[i];
        const struct table *table = &packed->table;

        packed->memory = memory;
        *packed->matrix = kernels_map(table, memory, &packed->groups);
        if (memory != NULL)
            memory += kernels_pack_bytes(table->type, table->rows, table->columns);
    }
}

/* Packing
 * ---------------------------------------------------------------------------------------------- */

/* The file's pages of @count groups from @first on are not wanted in memory any more; they can be
 * read again. The page that both ends of two stretches are on goes with the second. */
static void let_go(const struct inference_packed *packed, uint32_t first, uint32_t count)
{
    const struct table *table = &packed->table;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), data = (uintptr_t)table->data;
    size_t group_bytes = table->row_bytes * MATRIX_GROUP_ROWS;
    uintptr_t start = (data + first * group_bytes) / page * page;
    uintptr_t end = (data + (first + count) * group_bytes) / page * page;

    if (first + count == matrix_groups(packed->matrix))
        end = (data + table->rows * table->row_bytes) / page * page;
    if (end > start)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

struct stretch {
    const struct inference_packed *packed;
    uint32_t first, count;
};

static void run_stretch(void *task, uint32_t part, unsigned member)
{
    const struct stretch *stretch = task;
    uint32_t at = part * PART_GROUPS, left = stretch->count - at;

    (void)member;
    kernels_pack_groups(&stretch->packed->table, stretch->packed->memory, stretch->first + at,
                        left < PART_GROUPS ? left : PART_GROUPS);
}

static uint32_t stretch_groups(const struct matrix *matrix, unsigned threads)
{
    size_t groups = STRETCH_BYTES / matrix->stride / PART_GROUPS * PART_GROUPS;

    return groups < threads * PART_GROUPS ? threads * PART_GROUPS : (uint32_t)groups;
}

static void pack(struct inference_packer *packer, struct inference_packed *packed,
                 struct inference_crew *crew)
{
    uint32_t groups = matrix_groups(packed->matrix);
    uint32_t most = stretch_groups(packed->matrix, inference_crew_size(crew));
    struct stretch stretch = { packed, 0, 0 };

    for (; stretch.first < groups && !atomic_load(&packer->is_stopping);
         stretch.first += stretch.count) {
        stretch.count = groups - stretch.first < most ? groups - stretch.first : most;
        inference_crew_run(crew, (stretch.count + PART_GROUPS - 1) / PART_GROUPS, run_stretch,
                           &stretch);
        atomic_store_explicit(&packed->groups, stretch.first + stretch.count, memory_order_release);
        if (packer->is_file)
            let_go(packed, stretch.first, stretch.count);
    }
}

static void pack_all(struct inference_packer *packer, struct inference_crew *crew)
{
    for (size_t i = 0; i < packer->count; i++) {
        if (!matrix_is_float(packer->list[i].matrix))
            pack(packer, &packer->list[i], crew);
    }
    /* A product that had begun has read some of them again. */
    for (size_t i = 0; i < packer->count && packer->is_file; i++) {
        if (!matrix_is_float(packer->list[i].matrix))
            let_go(&packer->list[i], 0, atomic_load(&packer->list[i].groups));
    }
}

/* The processors that this process may use. */
static unsigned count_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

/* Without a crew the matrices stay as they are, which is slow and not wrong. */
static void *run(void *arg)
{
    struct inference_packer *packer = arg;
    struct inference_crew *crew;

    setpriority(PRIO_PROCESS, 0, NICENESS); /* this thread's, and of those that it makes */
    crew = inference_crew_create(count_processors(), NULL);
    if (crew == NULL)
        crew = inference_crew_create(1, NULL);
    if (crew != NULL)
        pack_all(packer, crew);
    inference_crew_destroy(crew);
    return NULL;
}

static enum status pack_alone(struct inference_packer *packer, struct error *err)
{
    struct inference_crew *crew = inference_crew_create(1, err);

    if (crew == NULL)
        return err->status;
    pack_all(packer, crew);
    inference_crew_destroy(crew);
    return STATUS_OK;
}

/* From start to end
 * ---------------------------------------------------------------------------------------------- */

static enum status allocate(struct inference_packer *packer, struct error *err)
{
    void *memory =
        mmap(NULL, packer->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for weights of %zu bytes",
                         packer->bytes);
    madvise(memory, packer->bytes, MADV_HUGEPAGE);
    packer->memory = memory;
    return STATUS_OK;
}

enum status inference_packer_start(struct inference_packer *packer, bool is_mapped, bool is_file,
                                   struct error *err)
{
    bool has_work = !is_mapped && packer->bytes > 0;

    packer->is_file = is_file;
    if (has_work && allocate(packer, err) != STATUS_OK)
        return err->status;
    place(packer);
    if (!has_work)
        return STATUS_OK;
    if (packer->bytes < ALONE_BYTES)
        return pack_alone(packer, err);
    packer->has_thread = pthread_create(&packer->thread, NULL, run, packer) == 0;
    return packer->has_thread
               ? STATUS_OK
               : error_set(err, STATUS_RESOURCE_EXHAUSTED, "no thread to pack weights");
}

void inference_packer_wait(struct inference_packer *packer)
{
    if (packer->has_thread)
        pthread_join(packer->thread, NULL);
    packer->has_thread = false;
}

void inference_packer_close(struct inference_packer *packer)
{
    atomic_store(&packer->is_stopping, true);
    inference_packer_wait(packer);
    if (packer->memory != NULL)
        munmap(packer->memory, packer->bytes);
    free(packer->list);
    *packer = (struct inference_packer){ 0 };
}
