#include "inference_read_rpc.h"

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
}

static enum status read_prompt(const uint32_t *ids, size_t count, Consilium__V1__Priority priority,
                               struct inference_request *to, struct error *err)
{
    if (count > UINT32_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a prompt of %zu ids", count);
    to->ids = ids;
    to->count = (uint32_t)count;
    switch (priority) {
    case CONSILIUM__V1__PRIORITY__PRIORITY_UNSPECIFIED:
        to->priority = INFERENCE_PRIORITY_NORMAL;
        return STATUS_OK;
    case CONSILIUM__V1__PRIORITY__PRIORITY_URGENT:
        to->priority = INFERENCE_PRIORITY_URGENT;
        return STATUS_OK;
    case CONSILIUM__V1__PRIORITY__PRIORITY_BATCH:
        to->priority = INFERENCE_PRIORITY_BATCH;
        return STATUS_OK;
    default:
        return error_set(err, STATUS_INVALID_ARGUMENT, "the priority %d is not known",
                         (int)priority);
    }
}

/* Answers with room for what they tell. */
static enum status create_answers(size_t count, uint32_t top_count, struct arena *arena,
                                  struct inference_request *to, struct error *err)
{
    if (count < 1 || count > INFERENCE_ANSWERS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%zu answers or continuations: 1 to %d are taken", count,
                         INFERENCE_ANSWERS_MAX);
    to->answers_count = (uint32_t)count;
    to->answers = arena_alloc_zero(arena, count, sizeof(*to->answers));
    for (size_t i = 0; to->answers != NULL && top_count > 0 && i < count; i++) {
        to->answers[i].top =
            arena_alloc(arena, sizeof(*to->answers[i].top) * INFERENCE_OUTPUT_MAX * top_count);
        if (to->answers[i].top == NULL)
            return no_memory(err);
    }
    return to->answers == NULL ? no_memory(err) : STATUS_OK;
}

/* Generate
 * ---------------------------------------------------------------------------------------------- */

static enum status read_biases(const Consilium__V1__Sampling *from, struct arena *arena,
                               struct inference_sampling *to, struct error *err)
{
    struct inference_bias *biases;

    if (from->n_logit_bias == 0)
        return STATUS_OK;
    if (from->n_logit_bias > INFERENCE_BIASES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu biases: at most %d are taken",
                         from->n_logit_bias, INFERENCE_BIASES_MAX);
    biases = arena_alloc(arena, from->n_logit_bias * sizeof(*biases));
    if (biases == NULL)
        return no_memory(err);
    for (size_t i = 0; i < from->n_logit_bias; i++)
        biases[i] = (struct inference_bias){ from->logit_bias[i]->id, from->logit_bias[i]->bias };
    to->biases = biases;
    to->biases_count = (uint32_t)from->n_logit_bias;
    return STATUS_OK;
}

static enum status read_sampling(const Consilium__V1__Sampling *from, struct arena *arena,
                                 struct inference_sampling *to, struct error *err)
{
    if (from == NULL)
        return STATUS_OK;
    to->temperature = from->temperature;
    to->top_k = from->top_k;
    to->top_p = from->top_p;
    to->min_p = from->min_p;
    to->repetition = from->repetition_penalty;
    to->repetition_window = from->repetition_window;
    to->presence = from->presence_penalty;
    to->frequency = from->frequency_penalty;
    to->seed = from->seed;
    return read_biases(from, arena, to, err);
}

static enum status read_stops(const Consilium__V1__GenerateRequest *from,
                              const struct inference_text *text, struct inference_request *to,
                              struct error *err)
{
    if (from->n_stop_ids > INFERENCE_STOPS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu stop ids: at most %d are taken",
                         from->n_stop_ids, INFERENCE_STOPS_MAX);
    to->stops_count = (uint32_t)from->n_stop_ids;
    for (uint32_t i = 0; i < to->stops_count; i++)
        to->stop_ids[i] = from->stop_ids[i];
    if (from->n_stop_texts > 0 && text == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "stop texts: the model's file has no vocabulary that is known");
    to->stop_texts.text = text;
    for (size_t i = 0; i < from->n_stop_texts; i++) {
        struct slice stop = slice_of(from->stop_texts[i].data, from->stop_texts[i].len);

        if (inference_stop_add(&to->stop_texts, stop, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

enum status inference_read_generate(const Consilium__V1__GenerateRequest *from,
                                    const struct inference_text *text, struct arena *arena,
                                    struct inference_request *to, struct error *err)
{
    if (from->top_logprobs > INFERENCE_TOP_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "at most %d likeliest ids are told",
                         INFERENCE_TOP_MAX);
    to->sampling.top_count = from->top_logprobs;
    to->tokens_max = from->tokens_max;
    if (read_prompt(from->ids, from->n_ids, from->priority, to, err) != STATUS_OK
        || read_sampling(from->sampling, arena, &to->sampling, err) != STATUS_OK
        || read_stops(from, text, to, err) != STATUS_OK)
        return err->status;
    return create_answers(from->answers == 0 ? 1 : from->answers, from->top_logprobs, arena, to,
                          err);
}

static enum status read_form(const Consilium__V1__Constraint *from, struct inference_constraint *to,
                             struct error *err)
{
    switch (from->form_case) {
    case CONSILIUM__V1__CONSTRAINT__FORM__NOT_SET:
        return STATUS_OK;
    case CONSILIUM__V1__CONSTRAINT__FORM_GRAMMAR:
        to->kind = INFERENCE_CONSTRAINT_GRAMMAR;
        to->text = slice_from(from->grammar);
        return STATUS_OK;
    case CONSILIUM__V1__CONSTRAINT__FORM_JSON_SCHEMA:
        to->kind = INFERENCE_CONSTRAINT_SCHEMA;
        to->text = slice_from(from->json_schema);
        return STATUS_OK;
    case CONSILIUM__V1__CONSTRAINT__FORM_CITATIONS:
        to->kind = INFERENCE_CONSTRAINT_CITATIONS;
        to->facts = from->citations->fact_ids;
        to->facts_count = from->citations->n_fact_ids;
        return STATUS_OK;
    default:
        return error_set(err, STATUS_INVALID_ARGUMENT, "the form %d of a constraint is not known",
                         (int)from->form_case);
    }
}

enum status inference_read_constraint(const Consilium__V1__Constraint *from, bool is_possible,
                                      struct inference_constraint *to, struct error *err)
{
    *to = (struct inference_constraint){ 0 };
    if (from == NULL)
        return STATUS_OK;
    if (read_form(from, to, err) != STATUS_OK)
        return err->status;
    if (to->kind != INFERENCE_CONSTRAINT_NONE && !is_possible)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "a constraint: the model's file has no vocabulary that is known");
    return STATUS_OK;
}

/* Score
 * ---------------------------------------------------------------------------------------------- */

enum status inference_read_score(const Consilium__V1__ScoreRequest *from, struct arena *arena,
                                 struct inference_request *to, struct error *err)
{
    if (read_prompt(from->ids, from->n_ids, from->priority, to, err) != STATUS_OK
        || create_answers(from->n_continuations, 0, arena, to, err) != STATUS_OK)
        return err->status;
    for (uint32_t i = 0; i < to->answers_count; i++) {
        const Consilium__V1__Continuation *continuation = from->continuations[i];

        if (continuation->n_ids == 0 || continuation->n_ids > UINT32_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "a continuation of %zu ids",
                             continuation->n_ids);
        to->answers[i].given = continuation->ids;
        to->answers[i].given_count = (uint32_t)continuation->n_ids;
        to->answers[i].is_likeliest = true;
        to->answers[i].given_logprobs =
            arena_alloc(arena, continuation->n_ids * sizeof(*to->answers[i].given_logprobs));
        if (to->answers[i].given_logprobs == NULL)
            return no_memory(err);
    }
    return STATUS_OK;
}
