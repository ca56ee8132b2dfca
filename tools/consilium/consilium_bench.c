/* consilium bench: how fast this machine runs a model. Medians of some repeats; the model's own
 * thread is busy with nothing else. */
#include <stdio.h>
#include <stdlib.h>

#include "consilium.h"
#include "consilium_limits.h"
#include "consilium_model.h"
#include "consilium_verbs.h"
#include "run/clock.h"

#define REPEATS 5

struct bench {
    struct consilium_model model;
    uint32_t prompt, answer, sequences;
    uint32_t *ids; /* [prompt + answer] */
};

static double seconds_since(uint64_t start_ns)
{
    return (double)(clock_now() - start_ns) / 1e9;
}

/* Ids a second of a prompt. */
static double run_prompt(struct bench *bench)
{
    uint64_t start = clock_now();

    consilium_model_prompt(&bench->model, 0, bench->ids, bench->prompt);
    return bench->prompt / seconds_since(start);
}

/* Ids a second of answers, over all sequences, each after a prompt where there is one sequence. */
static double run_answers(struct bench *bench)
{
    struct inference_segment segments[INFERENCE_BATCH_MAX];
    uint32_t from = bench->sequences == 1 ? bench->prompt : 0;
    uint64_t start = clock_now();

    for (uint32_t at = from; at < from + bench->answer; at++) {
        for (uint32_t i = 0; i < bench->sequences; i++)
            segments[i] = consilium_model_segment(&bench->model, i, bench->ids + at, 1, at, true);
        inference_forward_run(bench->model.forward, segments, bench->sequences);
    }
    return (double)bench->answer * bench->sequences / seconds_since(start);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(struct bench *bench, double (*run)(struct bench *))
{
    double rates[REPEATS];

    for (int i = 0; i < REPEATS; i++)
        rates[i] = run(bench);
    qsort(rates, REPEATS, sizeof(rates[0]), compare);
    return rates[REPEATS / 2];
}

struct figures {
    double loaded_s, first_s;       /* until a prompt's first id could be sampled */
    double packed_s;                /* until it is as fast as it will be */
    double prompt, answers;         /* ids a second */
    struct consilium_limits limits; /* where they were asked for */
};

static void print_limits(const struct consilium_limits *limits, bool is_json)
{
    printf(is_json ? "\"read_gb_per_s\":%.1f,\"int8_gop_per_s\":%.0f,\"f32_gop_per_s\":%.0f"
                   : "the machine's limits: reads %.1f GB/s, int8 %.0f Gop/s, fp32 %.0f Gop/s\n",
           limits->read / 1e9, limits->int8 / 1e9, limits->f32 / 1e9);
}

/* Of a prompt the products are what limits it, of a single answer the weights that are read. */
static void print_shares(const struct bench *bench, const struct figures *figures, bool is_json)
{
    struct consilium_work work = consilium_work_of(bench->model.model);
    bool is_float = matrix_is_float(&bench->model.model->layers[0].query);
    double limit = is_float ? figures->limits.f32 : figures->limits.int8;
    double steps = figures->answers / bench->sequences;

    printf(is_json
               ? ",\"prompt_share\":%.3f,\"answer_read_share\":%.3f,\"answer_product_share\":%.3f"
               : "of them: a prompt %.0f %% of the products; answers %.0f %% of what can be read, "
                 "%.0f %% of the products\n",
           figures->prompt * work.prompt / limit * (is_json ? 1 : 100),
           steps * work.bytes / figures->limits.read * (is_json ? 1 : 100),
           figures->answers * work.answer / limit * (is_json ? 1 : 100));
}

static void print_json(const struct bench *bench, const struct figures *figures, bool has_limits)
{
    printf(
        "{\"parameters\":%llu,\"kernels\":\"%s\",\"threads\":%u,\"load_s\":%.3f,\"first_s\":%.3f,"
        "\"packed_s\":%.3f,\"prompt_ids\":%u,\"prompt_ids_per_s\":%.1f,\"answer_ids\":%u,\"sequences\":%u,"
        "\"answer_ids_per_s\":%.1f",
        (unsigned long long)bench->model.model->parameters, kernels_name(),
        inference_crew_size(bench->model.crew), figures->loaded_s, figures->first_s,
        figures->packed_s, bench->prompt, figures->prompt, bench->answer, bench->sequences,
        figures->answers);
    if (has_limits) {
        putchar(',');
        print_limits(&figures->limits, true);
        print_shares(bench, figures, true);
    }
    puts("}");
}

static void print_text(const struct bench *bench, const struct figures *figures, bool has_limits)
{
    const struct inference_model *model = bench->model.model;

    printf("%s, %.2f million parameters, %s kernels, %u threads, loaded in %.2f s\n"
           "prompt of %u ids      %9.1f ids/s\n"
           "%u answers of %u ids  %9.1f ids/s\n",
           model->architecture, (double)model->parameters / 1e6, kernels_name(),
           inference_crew_size(bench->model.crew), figures->loaded_s, bench->prompt,
           figures->prompt, bench->sequences, bench->answer, figures->answers);
    if (has_limits) {
        print_limits(&figures->limits, false);
        print_shares(bench, figures, false);
    }
}

static enum status open_bench(struct bench *bench, struct consilium *consilium, struct error *err)
{
    if (consilium_model_open(&bench->model, &consilium->config, consilium->operands[0],
                             bench->sequences, bench->prompt + bench->answer, err)
        != STATUS_OK)
        return err->status;
    if (bench->model.context < bench->prompt + bench->answer)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the model's context is %u ids",
                         bench->model.context);
    bench->ids = calloc(bench->prompt + bench->answer, sizeof(*bench->ids));
    if (bench->ids == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    for (uint32_t i = 0; i < bench->prompt + bench->answer; i++)
        bench->ids[i] = i * 7919 % bench->model.model->vocabulary;
    return STATUS_OK;
}

/* Without a model: the machine's limits alone. */
static enum status run_limits(const struct consilium_config *config, struct error *err)
{
    struct inference_crew *crew = inference_crew_create((unsigned)config->threads, err);
    struct consilium_limits limits;

    if (crew == NULL)
        return err->status;
    if (consilium_limits_measure(&limits, crew, err) == STATUS_OK) {
        if (config->json)
            printf("{\"threads\":%u,", inference_crew_size(crew));
        print_limits(&limits, config->json);
        if (config->json)
            puts("}");
    }
    inference_crew_destroy(crew);
    return err->status;
}

static enum status run_bench(struct bench *bench, struct consilium *consilium, struct error *err)
{
    const struct consilium_config *config = &consilium->config;
    uint64_t start = clock_now();
    struct figures figures = { 0 };

    if (open_bench(bench, consilium, err) != STATUS_OK)
        return err->status;
    figures.loaded_s = seconds_since(start);
    run_prompt(bench);
    figures.first_s = seconds_since(start);
    inference_model_wait(bench->model.model);
    figures.packed_s = seconds_since(start);
    figures.prompt = median_of(bench, run_prompt);
    figures.answers = median_of(bench, run_answers);
    if (config->limits
        && consilium_limits_measure(&figures.limits, bench->model.crew, err) != STATUS_OK)
        return err->status;
    if (config->json)
        print_json(bench, &figures, config->limits);
    else
        print_text(bench, &figures, config->limits);
    return STATUS_OK;
}

int bench_verb(struct consilium *consilium)
{
    const struct consilium_config *config = &consilium->config;
    struct bench bench = { .prompt = (uint32_t)config->prompt_ids,
                           .answer = (uint32_t)config->answer_ids,
                           .sequences = (uint32_t)config->sequences };
    struct error err = { 0 };

    if (consilium->operands_count == 0 && config->limits) {
        run_limits(config, &err);
    } else if (consilium->operands_count == 1) {
        run_bench(&bench, consilium, &err);
        consilium_model_close(&bench.model);
        free(bench.ids);
    } else {
        fputs("consilium bench: one GGUF file is wanted, or --limits alone\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium bench: %s\n", err.text);
    return consilium_exit_of(err.status);
}
