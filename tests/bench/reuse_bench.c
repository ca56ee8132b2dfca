/* What is saved by not computing it again: a record whose pages are kept, and answers that copy
 * what the prompt says.
 *
 *     reuse_bench MODEL.gguf [THREADS] [ROUNDS] [RECORD_IDS]
 *
 * Record: a question on one of RECORD_IDS ids, then another question on it; the time to the first
 * id of each. Quotes: the same answer, id by id, to a prompt that has the parts that it quotes and
 * to one of the same length that has none of its ids; ids a second. A mask brings the answer about,
 * so that any weights will do. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench_engine.h"

#define ROUNDS_MAX 64
#define RECORD_MAX 16384
#define QUESTION 24
#define PROMPT 256
#define ANSWER 72
#define QUOTE 24 /* ids that are copied at one time */

static uint32_t ids[RECORD_MAX + QUESTION];

static uint32_t random_below(uint64_t *random, uint32_t end)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33) % end;
}

static void fill(uint32_t *to, uint32_t count, uint32_t first, uint32_t end, uint64_t seed)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = first + random_below(&seed, end - first);
}

/* A record and two questions
 * ---------------------------------------------------------------------------------------------- */

static double first_ms(struct inference_engine *engine, uint32_t record, uint64_t question)
{
    struct inference_request request = { .ids = ids, .count = record + QUESTION, .tokens_max = 1 };
    struct bench_answer answer;

    fill(ids + record, QUESTION, 0, inference_engine_model(engine)->vocabulary, question);
    bench_engine_ask(engine, &request, &answer);
    return answer.usage.first_us / 1e3;
}

static void measure_record(struct inference_engine *engine, uint32_t record, unsigned rounds)
{
    double first[ROUNDS_MAX], second[ROUNDS_MAX], share[ROUNDS_MAX];

    for (unsigned round = 0; round < rounds; round++) {
        fill(ids, record, 0, inference_engine_model(engine)->vocabulary, 100 + round);
        first[round] = first_ms(engine, record, 1000 + round);
        second[round] = first_ms(engine, record, 2000 + round);
        share[round] = second[round] / first[round];
    }
    printf("record of %u ids: first question %.0f ms, second %.1f ms: %.2f %%\n", record,
           bench_engine_median(first, rounds), bench_engine_median(second, rounds),
           bench_engine_median(share, rounds) * 100);
}

/* Answers that quote
 * ---------------------------------------------------------------------------------------------- */

struct script {
    const uint32_t *ids; /* [ANSWER] */
    uint32_t at;
};

static enum status script_fill(void *state, uint32_t *bits, struct error *err)
{
    const struct script *script = state;

    (void)err;
    if (script->at < ANSWER)
        bits[script->ids[script->at] / 32] |= 1u << script->ids[script->at] % 32;
    return STATUS_OK;
}

static void script_accept(void *state, uint32_t id)
{
    (void)id;
    ((struct script *)state)->at++;
}

/* It does not tell of a guess that it is wrong: nothing would, were the answer the model's own. */
static uint32_t script_follow(void *state, const uint32_t *guess, uint32_t count)
{
    (void)state;
    (void)guess;
    return count;
}

static bool script_is_done(void *state)
{
    return ((struct script *)state)->at == ANSWER;
}

static void *script_copy(const void *state)
{
    (void)state;
    return NULL;
}

static void script_release(void *state)
{
    (void)state;
}

static double ids_per_s(struct inference_engine *engine, const uint32_t *prompt,
                        const uint32_t *answer_ids)
{
    struct script script = { answer_ids, 0 };
    const struct inference_mask mask = { &script,        script_fill, script_accept, script_follow,
                                         script_is_done, script_copy, script_release };
    struct inference_request request = {
        .ids = prompt, .count = PROMPT, .tokens_max = ANSWER, .mask = &mask
    };
    struct bench_answer answer;

    bench_engine_ask(engine, &request, &answer);
    CHECK(answer.count == ANSWER);
    return (ANSWER - 1) * 1e3 / answer.ms;
}

/* Of each QUOTE ids @quoted are a part of the prompt, the others are new. The lower half of the
 * vocabulary is the record's, the upper one the answer's own, and a prompt without the quotes has
 * its ids from the third quarter. */
static void measure_quotes(struct inference_engine *engine, uint32_t quoted, unsigned rounds)
{
    uint32_t end = inference_engine_model(engine)->vocabulary, answer[ANSWER], with[PROMPT],
             without[PROMPT];
    double plain[ROUNDS_MAX], guessed[ROUNDS_MAX], times[ROUNDS_MAX];

    for (unsigned round = 0; round < rounds; round++) {
        uint64_t random = 7 + round;

        fill(with, PROMPT, 0, end / 2, 3000 + round);
        fill(without, PROMPT, end / 2, end / 4 * 3, 4000 + round);
        fill(answer, ANSWER, end / 4 * 3, end, 5000 + round);
        for (uint32_t at = 0; at < ANSWER; at += QUOTE) {
            uint32_t from = random_below(&random, PROMPT - QUOTE);

            for (uint32_t i = 0; i < quoted; i++)
                answer[at + i] = with[from + i];
        }
        plain[round] = ids_per_s(engine, without, answer);
        guessed[round] = ids_per_s(engine, with, answer);
        times[round] = guessed[round] / plain[round];
    }
    printf(
        "answer of which %3u %% are quotes of %u: %.1f ids/s, without guesses %.1f: %.2f times\n",
        quoted * 100 / QUOTE, quoted, bench_engine_median(guessed, rounds),
        bench_engine_median(plain, rounds), bench_engine_median(times, rounds));
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 3;
    uint32_t record = argc > 4 ? (uint32_t)atoi(argv[4]) : 4000;
    struct inference_engine_options options = { .sequences = 1,
                                                .context = record + QUESTION + 64,
                                                .threads = argc > 2 ? (unsigned)atoi(argv[2]) : 1 };
    struct error err = { 0 };
    struct gguf *file = argc < 2 ? NULL : gguf_open(argv[1], &err);
    struct inference_model *model = file == NULL ? NULL : inference_model_create(file, &err);
    struct inference_engine *engine;

    if (model == NULL || rounds == 0 || rounds > ROUNDS_MAX || record < PROMPT + ANSWER
        || record > RECORD_MAX) {
        fprintf(stderr, "usage: reuse_bench MODEL.gguf [THREADS] [ROUNDS] [RECORD_IDS] %s\n",
                err.text);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    engine = bench_engine_create(model, options, &err);
    if (engine == NULL) {
        fprintf(stderr, "reuse_bench: %s\n", err.text);
        return 1;
    }
    for (uint32_t quoted = QUOTE; quoted >= QUOTE / 2; quoted -= QUOTE / 4)
        measure_quotes(engine, quoted, rounds);
    measure_record(engine, record, rounds);
    inference_engine_destroy(engine);
    return 0;
}
