/* consilium bench: how fast this machine runs a model. Medians of some repeats; the model's own
 * thread is busy with nothing else. */
#include <stdio.h>
#include <stdlib.h>

#include "consilium.h"
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

static void print(const struct consilium *consilium, const struct bench *bench, double loaded_s,
                  double prompt, double answers)
{
    const struct inference_model *model = bench->model.model;

    if (consilium->config.json)
        printf("{\"parameters\":%llu,\"kernels\":\"%s\",\"threads\":%u,\"load_s\":%.3f,"
               "\"prompt_ids\":%u,\"prompt_ids_per_s\":%.1f,\"answer_ids\":%u,\"sequences\":%u,"
               "\"answer_ids_per_s\":%.1f}\n",
               (unsigned long long)model->parameters, kernels_name(),
               inference_crew_size(bench->model.crew), loaded_s, bench->prompt, prompt,
               bench->answer, bench->sequences, answers);
    else
        printf("%s, %.2f million parameters, %s kernels, %u threads, loaded in %.2f s\n"
               "prompt of %u ids      %9.1f ids/s\n"
               "%u answers of %u ids  %9.1f ids/s\n",
               model->architecture, (double)model->parameters / 1e6, kernels_name(),
               inference_crew_size(bench->model.crew), loaded_s, bench->prompt, prompt,
               bench->sequences, bench->answer, answers);
}

int bench_verb(struct consilium *consilium)
{
    const struct consilium_config *config = &consilium->config;
    struct bench bench = { .prompt = (uint32_t)config->prompt_ids,
                           .answer = (uint32_t)config->answer_ids,
                           .sequences = (uint32_t)config->sequences };
    uint64_t start = clock_now();
    struct error err = { 0 };
    double loaded_s, prompt;

    if (consilium->operands_count != 1) {
        fputs("consilium bench: one GGUF file is wanted\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    if (consilium_model_open(&bench.model, config, consilium->operands[0], bench.sequences,
                             bench.prompt + bench.answer, &err)
        == STATUS_OK) {
        if (bench.model.context < bench.prompt + bench.answer)
            error_set(&err, STATUS_INVALID_ARGUMENT, "the model's context is %u ids",
                      bench.model.context);
    }
    if (err.status != STATUS_OK) {
        fprintf(stderr, "consilium bench: %s\n", err.text);
        consilium_model_close(&bench.model);
        return consilium_exit_of(err.status);
    }
    loaded_s = seconds_since(start);
    bench.ids = calloc(bench.prompt + bench.answer, sizeof(*bench.ids));
    for (uint32_t i = 0; i < bench.prompt + bench.answer; i++)
        bench.ids[i] = i * 7919 % bench.model.model->vocabulary;
    prompt = median_of(&bench, run_prompt);
    print(consilium, &bench, loaded_s, prompt, median_of(&bench, run_answers));
    free(bench.ids);
    consilium_model_close(&bench.model);
    return CONSILIUM_EXIT_OK;
}
