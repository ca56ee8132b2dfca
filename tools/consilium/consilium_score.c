/* consilium score FILE [LINES|-]: how likely a model finds continuations, in this process. A line
 * is
 * {"prompt": TEXT or [ID...], "continuations": [TEXT or [ID...], ...]}. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "consilium_engine.h"
#include "consilium_file.h"
#include "consilium_verbs.h"
#include "fhir/json.h"

#define INPUT_BYTES_MAX (256 * MIB)
#define LINE_ARENA_BYTES (64 * MIB)
#define SEQUENCES 4

struct score {
    struct consilium_engine *engine;
    struct inference_request request;
    const struct json *prompt; /* of a line */
    struct arena arena;        /* of a line */
    bool is_json;
};

/* Of prompt and continuation, which are encoded as one text, what comes after the prompt's ids: a
 * word that begins in one and ends in the other counts as the model would read it. */
static enum status read_text(struct score *score, const struct json *value,
                             struct tokenizer_ids *ids, struct error *err)
{
    struct buffer text;

    buffer_init(&text, &score->arena);
    buffer_put(&text, score->prompt->text);
    buffer_put(&text, value->text);
    if (text.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for such a text");
    if (consilium_engine_encode(score->engine, buffer_slice(&text), true, &score->arena, ids, err)
        != STATUS_OK)
        return err->status;
    if (ids->count < score->request.count)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a continuation that shortens the prompt");
    ids->ids += score->request.count;
    ids->count -= score->request.count;
    return STATUS_OK;
}

static enum status read_answer(struct score *score, const struct json *value,
                               struct tokenizer_ids *ids, struct error *err)
{
    if (value->kind == JSON_KIND_STRING && score->prompt->kind == JSON_KIND_STRING)
        return read_text(score, value, ids, err);
    return consilium_engine_read(score->engine, value, false, &score->arena, ids, err);
}

static enum status add_answer(struct score *score, const struct json *value, struct error *err)
{
    struct inference_answer *answer = &score->request.answers[score->request.answers_count];
    struct tokenizer_ids ids = { 0 };

    if (score->request.answers_count == INFERENCE_ANSWERS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "more than %d continuations",
                         INFERENCE_ANSWERS_MAX);
    if (read_answer(score, value, &ids, err) != STATUS_OK)
        return err->status;
    if (ids.count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a continuation of no ids");
    answer->given = ids.ids;
    answer->given_count = (uint32_t)ids.count;
    answer->given_logprobs = ARENA_ARRAY(&score->arena, float, ids.count);
    answer->is_likeliest = true;
    score->request.answers_count++;
    return answer->given_logprobs == NULL
               ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for so many ids")
               : STATUS_OK;
}

static enum status read_line(struct score *score, struct slice line, struct error *err)
{
    const struct json *list;
    struct tokenizer_ids ids = { 0 };
    struct json *root;

    if (json_parse(line, &score->arena, &root, err) != STATUS_OK)
        return err->status;
    score->prompt = json_get(root, "prompt");
    if (consilium_engine_read(score->engine, score->prompt, true, &score->arena, &ids, err)
        != STATUS_OK)
        return error_wrap(err, "prompt");
    score->request = (struct inference_request){ .ids = ids.ids, .count = (uint32_t)ids.count };
    score->request.answers =
        ARENA_ARRAY(&score->arena, struct inference_answer, INFERENCE_ANSWERS_MAX);
    if (score->request.answers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the answers");
    list = json_get(root, "continuations");
    if (list == NULL || list->kind != JSON_KIND_ARRAY || json_first(list) == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "continuations: an array is wanted");
    for (const struct json *item = json_first(list); item != NULL; item = item->next) {
        if (add_answer(score, item, err) != STATUS_OK)
            return error_wrap(err, "continuations");
    }
    return STATUS_OK;
}

static double sum_of(const struct inference_answer *answer)
{
    double sum = 0;

    for (uint32_t i = 0; i < answer->given_count; i++)
        sum += (double)answer->given_logprobs[i];
    return sum;
}

/* The index of the greatest sum, or of the greatest mean of an id. */
static uint32_t best_of(const struct score *score, bool is_mean)
{
    const struct inference_request *request = &score->request;
    double best = -INFINITY;
    uint32_t index = 0;

    for (uint32_t i = 0; i < request->answers_count; i++) {
        double sum = sum_of(&request->answers[i]);

        if (is_mean)
            sum /= request->answers[i].given_count;
        if (sum > best) {
            best = sum;
            index = i;
        }
    }
    return index;
}

static void print(const struct score *score)
{
    const struct inference_request *request = &score->request;

    if (score->is_json)
        printf("{\"best\":%u,\"best_by_mean\":%u,\"scores\":[", best_of(score, false),
               best_of(score, true));
    for (uint32_t i = 0; i < request->answers_count; i++) {
        const struct inference_answer *answer = &request->answers[i];

        printf(score->is_json ? "%s{\"sum\":%.6f,\"ids\":%u,\"is_likeliest\":%s}"
                              : "%s%.6f\t%u\t%s\n",
               i > 0 && score->is_json ? "," : "", sum_of(answer), answer->given_count,
               score->is_json         ? answer->is_likeliest ? "true" : "false"
               : answer->is_likeliest ? "likeliest"
                                      : "");
    }
    fputs(score->is_json ? "]}\n" : "\n", stdout);
}

static enum status run_line(struct score *score, struct slice line, struct error *err)
{
    static struct inference_output output;

    if (read_line(score, line, err) != STATUS_OK
        || consilium_engine_submit(score->engine, &score->request, err) != STATUS_OK)
        return err->status;
    do {
        consilium_engine_take(score->engine, &score->request, &output);
    } while (!output.is_last);
    if (output.finish == INFERENCE_FINISH_FAILED) {
        *err = output.error;
        return err->status;
    }
    print(score);
    return STATUS_OK;
}

static enum status run_lines(struct score *score, struct slice text, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t line = 1; text.size > 0 && status == STATUS_OK; line++) {
        size_t end = slice_find_byte(text, '\n');

        arena_init(&score->arena, LINE_ARENA_BYTES);
        if (end > 0)
            status = run_line(score, slice_cut(text, 0, end), err);
        arena_close(&score->arena);
        if (status != STATUS_OK)
            return error_wrap(err, "line %zu", line);
        text = slice_cut(text, end + 1, text.size);
    }
    return status;
}

int score_verb(struct consilium *consilium)
{
    struct consilium_engine engine;
    struct score score = { .engine = &engine, .is_json = consilium->config.json };
    struct error err = { 0 };
    struct slice text;

    if (consilium->operands_count < 1 || consilium->operands_count > 2) {
        fputs("consilium score: a GGUF file and a file of lines (or - for stdin) are wanted\n",
              stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    if (consilium_engine_open(&engine, &consilium->config, consilium->operands[0], SEQUENCES, &err)
            == STATUS_OK
        && file_read(consilium->operands_count > 1 ? consilium->operands[1] : "-", INPUT_BYTES_MAX,
                     &consilium->arena, &text, &err)
               == STATUS_OK)
        run_lines(&score, text, &err);
    consilium_engine_close(&engine);
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium score: %s\n", err.text);
    return consilium_exit_of(err.status);
}
