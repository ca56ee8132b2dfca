/* Generate:
 *
 *     loop     generate → inference_engine_submit
 *     engine   on_output posts the stream's letter: there is something to take
 *     loop     open_letter → take → call_send; a full send queue pauses the request until
 *              on_writable
 *     loop     with the end: the last message, call_finish
 *
 * A caller who goes cancels the request; the call lives until the engine's end has been taken. */
#include "inference_rpc.h"

#include "base/limits.h"
#include "base/list.h"
#include "consilium/v1/inference.pb-c.h"
#include "inference.h"

/* More calls than any queue: the engine's own queue is the one that refuses. */
#define GENERATE_CALLS_MAX 4096

struct stream {
    struct call *call;
    struct inference *inference;
    struct inference_request request;
    struct letter letter;
};

/* Engine thread, or whoever stops the engine; the engine's lock is held. */
static void on_output(struct inference_request *request)
{
    struct stream *stream = LIST_ITEM(request, struct stream, request);

    mailbox_post(&stream->inference->loop->mailbox, &stream->letter);
}

static Consilium__V1__FinishReason reason_of(enum inference_finish finish)
{
    switch (finish) {
    case INFERENCE_FINISH_STOP:
        return CONSILIUM__V1__FINISH_REASON__FINISH_REASON_STOP;
    case INFERENCE_FINISH_LENGTH:
        return CONSILIUM__V1__FINISH_REASON__FINISH_REASON_LENGTH;
    case INFERENCE_FINISH_CANCELLED:
        return CONSILIUM__V1__FINISH_REASON__FINISH_REASON_CANCELLED;
    case INFERENCE_FINISH_FAILED:
    case INFERENCE_FINISH_NONE:
        break;
    }
    return CONSILIUM__V1__FINISH_REASON__FINISH_REASON_UNSPECIFIED;
}

static void count_usage(struct inference *inference, const struct inference_usage *usage)
{
    metric_add(inference->prompt_tokens, usage->prompt_tokens);
    metric_add(inference->reused_tokens, usage->reused_tokens);
    metric_add(inference->generated_tokens, usage->generated_tokens);
    inference_observe(inference);
}

static void send_last(struct stream *stream, Consilium__V1__GenerateReply *reply,
                      const struct inference_output *output)
{
    Consilium__V1__Usage usage = CONSILIUM__V1__USAGE__INIT;
    struct call *call = stream->call;
    struct error err;

    count_usage(stream->inference, &output->usage);
    if (output->finish == INFERENCE_FINISH_CANCELLED && !call_is_cancelled(call)) {
        error_set(&err, STATUS_UNAVAILABLE, "the service stops");
        return call_fail(call, &err);
    }
    if (output->finish == INFERENCE_FINISH_FAILED)
        return call_fail(call, &output->error);
    usage.prompt_tokens = output->usage.prompt_tokens;
    usage.generated_tokens = output->usage.generated_tokens;
    usage.prompt_us = output->usage.prompt_us;
    usage.generate_us = output->usage.generate_us;
    usage.queue_us = output->usage.queue_us;
    reply->finish_reason = reason_of(output->finish);
    reply->usage = &usage;
    reply->model_digest = (char *)(uintptr_t)inference_engine_digest(stream->inference->engine);
    call_send(call, reply);
    call_finish(call);
}

static void open_letter(struct letter *letter)
{
    struct stream *stream = LIST_ITEM(letter, struct stream, letter);
    Consilium__V1__GenerateReply reply = CONSILIUM__V1__GENERATE_REPLY__INIT;
    struct inference_output output;

    inference_engine_take(stream->inference->engine, &stream->request, &output);
    reply.ids = output.ids;
    reply.n_ids = output.count;
    reply.logprobs = output.logprobs;
    reply.n_logprobs = output.count;
    if (output.finish != INFERENCE_FINISH_NONE)
        return send_last(stream, &reply, &output);
    if (!call_send(stream->call, &reply))
        inference_engine_pause(stream->inference->engine, &stream->request, true);
}

static void on_writable(struct call *call)
{
    struct stream *stream = call->state;

    inference_engine_pause(stream->inference->engine, &stream->request, false);
}

static void on_cancel(struct call *call)
{
    struct stream *stream = call->state;

    inference_engine_cancel(stream->inference->engine, &stream->request);
}

static enum status copy_request(struct inference_request *to,
                                const Consilium__V1__GenerateRequest *from, struct error *err)
{
    if (from->n_ids > UINT32_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a prompt of %zu ids", from->n_ids);
    if (from->n_stop_ids > INFERENCE_STOPS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu stop ids: at most %d are taken",
                         from->n_stop_ids, INFERENCE_STOPS_MAX);
    to->ids = from->ids;
    to->count = (uint32_t)from->n_ids;
    to->tokens_max = from->tokens_max;
    if (from->sampling != NULL)
        to->sampling = (struct inference_sampling){ .temperature = from->sampling->temperature,
                                                    .top_k = from->sampling->top_k,
                                                    .top_p = from->sampling->top_p,
                                                    .seed = from->sampling->seed };
    to->stops_count = (uint32_t)from->n_stop_ids;
    for (uint32_t i = 0; i < to->stops_count; i++)
        to->stop_ids[i] = from->stop_ids[i];
    to->on_output = on_output;
    return STATUS_OK;
}

static enum status check_ready(const struct inference *inference, struct error *err)
{
    if (inference_engine_digest(inference->engine) == NULL)
        return error_set(err, STATUS_UNAVAILABLE, "the model is still being loaded");
    return STATUS_OK;
}

static void generate(struct call *call)
{
    struct stream *stream = ARENA_NEW(&call->arena, struct stream);
    struct inference *inference = call->service;
    struct error err;

    if (stream == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
        return call_fail(call, &err);
    }
    stream->call = call;
    stream->inference = inference;
    stream->letter.open = open_letter;
    call->state = stream;
    if (check_ready(inference, &err) != STATUS_OK
        || copy_request(&stream->request, call->request, &err) != STATUS_OK
        || inference_engine_submit(inference->engine, &stream->request, &err) != STATUS_OK)
        return call_fail(call, &err);
    inference_observe(inference);
    call_on_writable(call, on_writable);
    call_on_cancel(call, on_cancel);
}

static void get_model(struct call *call)
{
    const struct inference *inference = call->service;
    const struct inference_model *model = inference_engine_model(inference->engine);
    Consilium__V1__GetModelReply reply = CONSILIUM__V1__GET_MODEL_REPLY__INIT;
    struct error err;

    if (check_ready(inference, &err) != STATUS_OK)
        return call_fail(call, &err);
    reply.name = (char *)(uintptr_t)model->name;
    reply.architecture = (char *)(uintptr_t)model->architecture;
    reply.digest = (char *)(uintptr_t)inference_engine_digest(inference->engine);
    reply.context_length = inference_engine_context(inference->engine);
    reply.parameters = model->parameters;
    reply.vocabulary_size = model->vocabulary;
    call_reply(call, &reply);
}

const struct server_method inference_methods[] = {
    { .method = &method_inference_generate,
      .place = METHOD_PLACE_LOOP,
      .start = generate,
      .calls_max = GENERATE_CALLS_MAX,
      .arena_bytes_max = 16 * MIB },
    { .method = &method_inference_get_model, .start = get_model },
    { .method = NULL },
};
