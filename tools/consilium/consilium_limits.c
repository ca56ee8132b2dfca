#include "consilium_limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "kernels_limits.h"
#include "run/clock.h"

#define REPEATS 5
#define READ_BYTES (512 * MIB)
#define READ_PART_BYTES (1 * MIB)
#define PRODUCT_PARTS 64
#define PRODUCT_ROUNDS 500000

struct measuring {
    struct inference_crew *crew;
    const char *data;
    uint64_t work[PRODUCT_PARTS > READ_BYTES / READ_PART_BYTES ? PRODUCT_PARTS
                                                               : READ_BYTES / READ_PART_BYTES];
};

static void run_f32(void *task, uint32_t part, unsigned member)
{
    (void)member;
    ((struct measuring *)task)->work[part] = 2 * kernels_limits_f32(PRODUCT_ROUNDS);
}

static void run_int8(void *task, uint32_t part, unsigned member)
{
    (void)member;
    ((struct measuring *)task)->work[part] = 2 * kernels_limits_i8(PRODUCT_ROUNDS);
}

static void run_read(void *task, uint32_t part, unsigned member)
{
    struct measuring *measuring = task;
    const char *data = measuring->data + (size_t)part * READ_PART_BYTES;
    uint64_t sum = kernels_limits_read(data, READ_PART_BYTES);

    (void)member;
    measuring->work[part] = READ_PART_BYTES + (sum == 1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_rate(struct measuring *measuring, uint32_t parts,
                          void (*run)(void *, uint32_t, unsigned))
{
    double rates[REPEATS];

    for (int i = 0; i < REPEATS; i++) {
        uint64_t start = clock_now();
        double work = 0;

        inference_crew_run(measuring->crew, parts, run, measuring);
        for (uint32_t part = 0; part < parts; part++)
            work += (double)measuring->work[part];
        rates[i] = work / ((double)(clock_now() - start) / 1e9);
    }
    qsort(rates, REPEATS, sizeof(rates[0]), compare);
    return rates[REPEATS / 2];
}

enum status consilium_limits_measure(struct consilium_limits *limits, struct inference_crew *crew,
                                     struct error *err)
{
    struct measuring measuring = { .crew = crew };
    char *data = mmap(NULL, READ_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (data == MAP_FAILED)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory of %llu bytes to read",
                         (unsigned long long)READ_BYTES);
    madvise(data, READ_BYTES, MADV_HUGEPAGE); /* as the weights lie */
    memset(data, 2, READ_BYTES);
    measuring.data = data;
    limits->read = median_rate(&measuring, READ_BYTES / READ_PART_BYTES, run_read);
    limits->f32 = median_rate(&measuring, PRODUCT_PARTS, run_f32);
    limits->int8 = median_rate(&measuring, PRODUCT_PARTS, run_int8);
    munmap(data, READ_BYTES);
    return STATUS_OK;
}

static void add(struct consilium_work *work, const struct matrix *matrix, bool is_output)
{
    double operations = 2.0 * matrix->rows * matrix->columns;

    work->bytes += (double)matrix->stride * matrix_groups(matrix);
    work->answer += operations;
    work->prompt += is_output ? 0 : operations;
}

struct consilium_work consilium_work_of(struct inference_model *model)
{
    struct consilium_work work = { 0 };
    struct inference_part parts[INFERENCE_PARTS];

    for (uint32_t i = 0; i < model->layers_count; i++) {
        inference_model_parts(model, &model->layers[i], parts);
        for (unsigned part = 0; part < INFERENCE_PARTS; part++)
            add(&work, parts[part].matrix, false);
    }
    add(&work, &model->output, true);
    return work;
}
