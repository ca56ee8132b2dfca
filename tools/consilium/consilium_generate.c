/* consilium generate FILE [PROMPT|-]: what a model goes on with, in this process. The prompt is a
 * text, with --chat what a user says, with --ids ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "consilium_engine.h"
#include "consilium_file.h"
#include "consilium_verbs.h"
#include "grammar_parse.h"
#include "inference_constraint.h"
#include "tokenizer_decode.h"

#define PROMPT_BYTES_MAX (16 * MIB)

struct generate {
    struct consilium *consilium;
    struct consilium_engine engine;
    struct inference_request request;
    struct inference_answer answer;
    struct inference_constraints *constraints; /* NULL: the answer is free */
    struct inference_mask mask;
    struct slice state; /* of the decoder */
    struct buffer ids, logprobs, text;
    uint32_t count;
    struct inference_output output; /* the last */
};

/* The prompt
 * ---------------------------------------------------------------------------------------------- */

static enum status chat(struct generate *generate, struct slice text, struct tokenizer_ids *ids,
                        struct error *err)
{
    struct tokenizer_chat chat = { .has_generation_prompt = true, .now = time(NULL) };
    struct buffer messages;

    if (generate->engine.vocab == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the model's file has no vocabulary");
    buffer_init(&messages, &generate->consilium->arena);
    buffer_put_string(&messages, "[{\"role\":\"user\",\"content\":");
    buffer_put_json(&messages, text);
    buffer_put_string(&messages, "}]");
    chat.messages = buffer_slice(&messages);
    return tokenizer_template_apply(&generate->engine.chat, generate->engine.vocab, &chat,
                                    &generate->consilium->arena, ids, err);
}

static enum status read_prompt(struct generate *generate, struct error *err)
{
    struct consilium *consilium = generate->consilium;
    const char *operand = consilium->operands_count > 1 ? consilium->operands[1] : "-";
    struct slice text = slice_from(operand);
    struct tokenizer_ids ids = { 0 };
    enum status status = STATUS_OK;

    if (strcmp(operand, "-") == 0)
        status = file_read("-", PROMPT_BYTES_MAX, &consilium->arena, &text, err);
    if (status != STATUS_OK)
        return status;
    if (consilium->config.ids)
        status = consilium_ids_parse(text, &consilium->arena, &ids, err);
    else if (consilium->config.chat)
        status = chat(generate, text, &ids, err);
    else
        status =
            consilium_engine_encode(&generate->engine, text, true, &consilium->arena, &ids, err);
    generate->request.ids = ids.ids;
    generate->request.count = (uint32_t)ids.count;
    return status;
}

/* Hold the answer to what --grammar or --schema names. */
static enum status constrain(struct generate *generate, struct error *err)
{
    const struct consilium_config *config = &generate->consilium->config;
    struct inference_constraint constraint = { .kind = config->schema != NULL
                                                           ? INFERENCE_CONSTRAINT_SCHEMA
                                                           : INFERENCE_CONSTRAINT_GRAMMAR };
    const struct inference_text *text = inference_engine_text(generate->engine.engine);

    if (config->schema != NULL && config->grammar != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--grammar or --schema, not both");
    if (text == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the model's file has no vocabulary");
    if (file_read(config->schema != NULL ? config->schema : config->grammar, GRAMMAR_TEXT_BYTES_MAX,
                  &generate->consilium->arena, &constraint.text, err)
        != STATUS_OK)
        return err->status;
    generate->constraints = inference_constraints_create(text, err);
    if (generate->constraints == NULL
        || inference_constraints_mask(generate->constraints, &constraint, &generate->mask, err)
               != STATUS_OK)
        return err->status;
    generate->request.mask = &generate->mask;
    return STATUS_OK;
}

static void fill_request(struct generate *generate)
{
    const struct consilium_config *config = &generate->consilium->config;
    struct inference_request *request = &generate->request;
    const struct tokenizer_template *template = &generate->engine.chat;

    request->answers = &generate->answer;
    request->answers_count = 1;
    request->tokens_max = (uint32_t)config->tokens_max;
    request->sampling.temperature = (float)config->temperature;
    request->sampling.top_k = (uint32_t)config->top_k;
    request->sampling.top_p = (float)config->top_p;
    request->sampling.seed = (uint64_t)config->seed;
    while (request->stops_count < template->stops_count
           && request->stops_count < INFERENCE_STOPS_MAX) {
        request->stop_ids[request->stops_count] = template->stop_ids[request->stops_count];
        request->stops_count++;
    }
}

/* The answer
 * ---------------------------------------------------------------------------------------------- */

static enum status put_text(struct generate *generate, bool is_last, struct error *err)
{
    const struct inference_output *output = &generate->output;
    struct slice text = { 0 };

    if (generate->engine.vocab == NULL)
        return STATUS_OK;
    if (tokenizer_decode(generate->engine.vocab, output->ids, output->count, generate->state,
                         is_last, &generate->consilium->arena, &text, &generate->state, err)
        != STATUS_OK)
        return err->status;
    if (generate->consilium->config.json) {
        buffer_put(&generate->text, text);
        return STATUS_OK;
    }
    fwrite(text.data, 1, text.size, stdout);
    fflush(stdout);
    return STATUS_OK;
}

static void put_ids(struct generate *generate)
{
    const struct inference_output *output = &generate->output;

    for (uint32_t i = 0; i < output->count; i++, generate->count++) {
        const char *before = generate->count > 0 ? "," : "";

        buffer_format(&generate->ids, "%s%u", before, output->ids[i]);
        buffer_format(&generate->logprobs, "%s%.6g", before, (double)output->logprobs[i]);
        if (!generate->consilium->config.json && generate->engine.vocab == NULL)
            printf("%u\n", output->ids[i]);
    }
}

static double rate_of(uint32_t count, uint32_t us)
{
    return us == 0 ? 0 : count * 1e6 / us;
}

static void print_json(struct generate *generate)
{
    const struct inference_usage *usage = &generate->output.usage;
    struct buffer out;

    buffer_init(&out, &generate->consilium->arena);
    buffer_format(&out, "{\"ids\":[%.*s],\"logprobs\":[%.*s],\"text\":",
                  SLICE_FORMAT(buffer_slice(&generate->ids)),
                  SLICE_FORMAT(buffer_slice(&generate->logprobs)));
    buffer_put_json(&out, buffer_slice(&generate->text));
    buffer_format(&out,
                  ",\"finish\":\"%s\",\"prompt_ids\":%u,\"answer_ids\":%u,\"first_us\":%u,"
                  "\"prompt_ids_per_s\":%.1f,\"answer_ids_per_s\":%.1f,\"model\":\"%s\"",
                  generate->output.finish == INFERENCE_FINISH_STOP ? "stop" : "length",
                  usage->prompt_tokens, usage->generated_tokens, usage->first_us,
                  rate_of(usage->prompt_tokens, usage->prompt_us),
                  rate_of(usage->generated_tokens, usage->generate_us),
                  inference_engine_digest(generate->engine.engine));
    if (generate->engine.adapter != NULL)
        buffer_format(&out, ",\"adapter\":\"%s\"", generate->engine.adapter->digest);
    printf("%.*s}\n", SLICE_FORMAT(buffer_slice(&out)));
}

static enum status run(struct generate *generate, struct error *err)
{
    const struct consilium_config *config = &generate->consilium->config;

    fill_request(generate);
    if ((config->grammar != NULL || config->schema != NULL)
        && constrain(generate, err) != STATUS_OK)
        return err->status;
    if (consilium_engine_submit(&generate->engine, &generate->request, err) != STATUS_OK) {
        if (generate->request.mask != NULL)
            generate->mask.release(generate->mask.state);
        return err->status;
    }
    do {
        consilium_engine_take(&generate->engine, &generate->request, &generate->output);
        put_ids(generate);
        if (err->status == STATUS_OK
            && put_text(generate, generate->output.is_last, err) != STATUS_OK)
            inference_engine_cancel(generate->engine.engine, &generate->request);
    } while (!generate->output.is_last);
    if (generate->output.finish == INFERENCE_FINISH_FAILED)
        *err = generate->output.error;
    if (err->status != STATUS_OK)
        return err->status;
    if (generate->consilium->config.json)
        print_json(generate);
    else if (generate->engine.vocab != NULL)
        putchar('\n');
    return STATUS_OK;
}

int generate_verb(struct consilium *consilium)
{
    struct generate *generate = ARENA_NEW(&consilium->arena, struct generate);
    struct error err = { 0 };

    if (consilium->operands_count < 1 || consilium->operands_count > 2) {
        fputs("consilium generate: a GGUF file and a prompt (or - for stdin) are wanted\n", stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    generate->consilium = consilium;
    buffer_init(&generate->ids, &consilium->arena);
    buffer_init(&generate->logprobs, &consilium->arena);
    buffer_init(&generate->text, &consilium->arena);
    if (consilium_engine_open(&generate->engine, &consilium->config, consilium->operands[0], 1,
                              &err)
            == STATUS_OK
        && read_prompt(generate, &err) == STATUS_OK)
        run(generate, &err);
    consilium_engine_close(&generate->engine);
    inference_constraints_destroy(generate->constraints);
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium generate: %s\n", err.text);
    return consilium_exit_of(err.status);
}
