/* What a constraint adds to a step of a real engine: answers of one model, held to a grammar, to a
 * schema, to citations and to nothing in turn, in processor time for each id.
 *
 *     constraint_bench MODEL.gguf VOCABULARY.gguf [THREADS] [ROUNDS]
 *
 * The model may be one of random weights (model_shape): the vocabulary comes from another file. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "inference_constraint.h"
#include "inference_engine.h"

#define IDS 24
#define ROUNDS_MAX 64

static const struct {
    const char *name;
    enum inference_constraint_kind kind;
    const char *text;
} cases[] = {
    { "nothing", INFERENCE_CONSTRAINT_NONE, "" },
    /* They cannot end before the answer does. */
    { "grammar of JSON", INFERENCE_CONSTRAINT_GRAMMAR,
      "root ::= \"[\" (value \",\" \" \"?){50} value \"]\"\n"
      "value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
      "object ::= \"{\" (string \":\" \" \"? value (\",\" \" \"? string \":\" \" \"? value)*)? \"}\"\n"
      "array ::= \"[\" (value (\",\" \" \"? value)*)? \"]\"\n"
      "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" [\\\\n\"])* \"\\\"\"\n"
      "number ::= \"-\"? (\"0\" | [1-9] [0-9]{0,15}) (\".\" [0-9]{1,15})?\n" },
    { "schema", INFERENCE_CONSTRAINT_SCHEMA,
      "{\"type\":\"array\",\"minItems\":50,\"items\":{\"type\":\"object\",\"required\":[\"name\","
      "\"dose\"],\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1},\"dose\":{\"type\":"
      "\"number\",\"minimum\":0},\"since\":{\"type\":\"string\",\"format\":\"date\"}}}}" },
    { "citations", INFERENCE_CONSTRAINT_CITATIONS, "" },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool has_news;

static void tell(void)
{
    pthread_mutex_lock(&lock);
    has_news = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_ready(void *owner)
{
    (void)owner;
    tell();
}

static void on_output(struct inference_request *request)
{
    (void)request;
    tell();
}

static void await(void)
{
    pthread_mutex_lock(&lock);
    while (!has_news)
        pthread_cond_wait(&changed, &lock);
    has_news = false;
    pthread_mutex_unlock(&lock);
}

static double used_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec * 1e3 + (double)usage.ru_utime.tv_usec / 1e3;
}

/* The prompt says something new all the time, so that nothing is guessed. */
static double run(struct inference_engine *engine, const struct inference_mask *mask, uint64_t seed)
{
    static struct inference_output output;
    struct inference_answer answer = { 0 };
    uint32_t prompt[16];
    struct inference_request request = { .ids = prompt,
                                         .count = 16,
                                         .tokens_max = IDS,
                                         .sampling = { .temperature = 1, .seed = seed },
                                         .mask = mask,
                                         .answers = &answer,
                                         .answers_count = 1,
                                         .on_output = on_output };
    uint32_t count = 0;
    double start = 0;

    for (uint32_t i = 0; i < 16; i++)
        prompt[i] = 1000 + i * 37;
    CHECK(inference_engine_submit(engine, &request, NULL) == STATUS_OK);
    for (output.is_last = false; !output.is_last;) {
        await();
        while (!output.is_last && inference_engine_take(engine, &request, &output)) {
            if (count == 0) /* the prompt and the first id are not counted */
                start = used_ms();
            count += output.count;
        }
    }
    CHECK(count > 2);
    return (used_ms() - start) / (count - 1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double measure(struct inference_engine *engine, struct inference_constraints *constraints,
                      size_t at, uint64_t seed)
{
    static uint32_t facts[40];
    struct inference_constraint constraint = { cases[at].kind, slice_from(cases[at].text), facts,
                                               40 };
    struct inference_mask mask;
    struct error err = { 0 };

    for (uint32_t i = 0; i < 40; i++)
        facts[i] = i + 1;
    if (cases[at].kind == INFERENCE_CONSTRAINT_NONE)
        return run(engine, NULL, seed);
    if (inference_constraints_mask(constraints, &constraint, &mask, &err) != STATUS_OK)
        fprintf(stderr, "%s\n", err.text);
    CHECK(err.status == STATUS_OK);
    return run(engine, &mask, seed);
}

int main(int argc, char **argv)
{
    static double times[CASES][ROUNDS_MAX];
    struct inference_engine_options options = { .sequences = 1,
                                                .context = 256,
                                                .threads = argc > 3 ? (unsigned)atoi(argv[3]) : 1,
                                                .on_ready = on_ready };
    unsigned rounds = argc > 4 ? (unsigned)atoi(argv[4]) : 5;
    struct error err = { 0 };
    struct gguf *file = argc < 3 ? NULL : gguf_open(argv[1], &err);
    struct gguf *vocabulary = file == NULL ? NULL : gguf_open(argv[2], &err);
    struct inference_model *model = vocabulary == NULL ? NULL : inference_model_create(file, &err);
    struct inference_text *text =
        model == NULL ? NULL : inference_text_create(vocabulary, model->vocabulary, &err);
    struct inference_constraints *constraints =
        text == NULL ? NULL : inference_constraints_create(text, &err);
    struct inference_engine *engine =
        constraints == NULL ? NULL : inference_engine_create(model, &options, &err);

    if (engine == NULL || rounds == 0 || rounds > ROUNDS_MAX) {
        fprintf(stderr,
                "usage: constraint_bench MODEL.gguf VOCABULARY.gguf [THREADS] [ROUNDS] %s\n",
                err.text);
        return 2;
    }
    await();
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < CASES; i++)
            times[i][round] = measure(engine, constraints, i, round + 1);
    }
    for (size_t i = 0; i < CASES; i++) {
        qsort(times[i], rounds, sizeof(times[i][0]), compare);
        printf("%-16s %8.3f ms an id%s", cases[i].name, times[i][rounds / 2], i == 0 ? "\n" : "");
        if (i > 0)
            printf(", %+.2f %%\n", (times[i][rounds / 2] / times[0][rounds / 2] - 1) * 100);
    }
    inference_engine_destroy(engine);
    inference_constraints_destroy(constraints);
    inference_text_destroy(text);
    gguf_close(vocabulary);
    return 0;
}
