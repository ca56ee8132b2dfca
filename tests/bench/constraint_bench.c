/* What a constraint adds to a step of a real engine: answers of one model, held to a grammar, to a
 * schema, to citations and to nothing in turn, in processor time for each id.
 *
 *     constraint_bench MODEL.gguf VOCABULARY.gguf [THREADS] [ROUNDS]
 *
 * Medians over rounds; of what is added, of the shares within each round.
 *
 * The model may be one of random weights (model_shape): the vocabulary comes from another file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bench_engine.h"
#include "inference_constraint.h"

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

/* The prompt says something new all the time, so that nothing is guessed. */
static double run(struct inference_engine *engine, const struct inference_mask *mask, uint64_t seed)
{
    uint32_t prompt[16];
    struct inference_request request = { .ids = prompt,
                                         .count = 16,
                                         .tokens_max = IDS,
                                         .sampling = { .temperature = 1, .seed = seed },
                                         .mask = mask };
    struct bench_answer answer;

    for (uint32_t i = 0; i < 16; i++)
        prompt[i] = 1000 + i * 37;
    bench_engine_ask(engine, &request, &answer);
    CHECK(answer.count > 2);
    return answer.user_ms / (answer.count - 1);
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
    static double times[CASES][ROUNDS_MAX], more[ROUNDS_MAX], sorted[ROUNDS_MAX];
    struct inference_engine_options options = { .sequences = 1,
                                                .context = 256,
                                                .threads = argc > 3 ? (unsigned)atoi(argv[3]) : 1 };
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
        constraints == NULL ? NULL : bench_engine_create(model, options, &err);

    if (engine == NULL || rounds == 0 || rounds > ROUNDS_MAX) {
        fprintf(stderr,
                "usage: constraint_bench MODEL.gguf VOCABULARY.gguf [THREADS] [ROUNDS] %s\n",
                err.text);
        return 2;
    }
    /* Each round begins with another, so that none always comes after the same. */
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < CASES; i++)
            times[(i + round) % CASES][round] =
                measure(engine, constraints, (i + round) % CASES, round + 1);
    }
    for (size_t i = 0; i < CASES; i++) {
        for (unsigned round = 0; round < rounds; round++)
            more[round] = (times[i][round] / times[0][round] - 1) * 100;
        printf("%-16s %8.3f ms an id, %+.2f %%\n", cases[i].name,
               bench_engine_median(memcpy(sorted, times[i], sizeof(sorted)), rounds),
               bench_engine_median(more, rounds));
    }
    inference_engine_destroy(engine);
    inference_constraints_destroy(constraints);
    inference_text_destroy(text);
    gguf_close(vocabulary);
    return 0;
}
