/* Generate and Score:
 *
 *     loop     generate → inference_engine_submit
 *              where answers are held to a grammar that is not kept: → a worker, which compiles it
 *              → on_compiled → inference_engine_submit
 *     engine   on_output posts the stream's letter: there is something to take
 *     loop     open_letter → take → call_send; a full send queue pauses the request until
 *              on_writable
 *     loop     with the end: the last message, call_finish
 *
 * Score takes the same way, and its one reply is its last output. A caller who goes cancels the
 * request; the call lives until the engine's end has been taken. */
#include "inference_rpc.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "inference.h"
#include "inference_embed_rpc.h"
#include "inference_read_rpc.h"
#include "run/clock.h"

/* More calls than any queue: the engine's own queue is the one that refuses. */
#define GENERATE_CALLS_MAX 4096

/* The likeliest ids of one message. */
struct likeliest {
    Consilium__V1__Likeliest messages[INFERENCE_OUTPUT_MAX];
    Consilium__V1__Likeliest *pointers[INFERENCE_OUTPUT_MAX];
    uint32_t ids[INFERENCE_OUTPUT_MAX][INFERENCE_TOP_MAX];
    float logprobs[INFERENCE_OUTPUT_MAX][INFERENCE_TOP_MAX];
};

struct stream {
    struct call *call;
    struct inference_served *served;
    struct inference_request request;
    struct inference_output output;
    struct likeliest *likeliest; /* NULL: not asked for */
    struct letter letter;
    struct inference_constraint constraint;
    struct inference_mask mask;
    struct job compiling;
    struct error failure; /* the job's */
};

/* Engine thread, or whoever stops the engine; the engine's lock is held. */
static void on_output(struct inference_request *request)
{
    struct stream *stream = LIST_ITEM(request, struct stream, request);

    mailbox_post(&stream->served->inference->loop->mailbox, &stream->letter);
}

/* Before the call ends, and the stream with it. */
static void let_go(struct stream *stream)
{
    inference_let_go(stream->served);
    stream->served = NULL;
}

static void fail(struct stream *stream, const struct error *err)
{
    let_go(stream);
    call_fail(stream->call, err);
}

static char *digest_of(const struct stream *stream)
{
    return (char *)(uintptr_t)inference_served_digest(stream->served);
}

static char *adapter_digest_of(const struct stream *stream)
{
    const struct inference_adapter *adapter = stream->request.adapter;

    return adapter == NULL ? (char *)(uintptr_t) "" : (char *)(uintptr_t)adapter->digest;
}

static void fill_usage(Consilium__V1__Usage *to, const struct inference_usage *from)
{
    to->prompt_tokens = from->prompt_tokens;
    to->generated_tokens = from->generated_tokens;
    to->prompt_us = from->prompt_us;
    to->generate_us = from->generate_us;
    to->queue_us = from->queue_us;
    to->reused_tokens = from->reused_tokens;
    to->first_us = from->first_us;
}

/* Ends the call where the output says that something went wrong. */
static bool has_failed(struct stream *stream)
{
    const struct inference_output *output = &stream->output;
    struct error err;

    if (output->finish == INFERENCE_FINISH_FAILED) {
        fail(stream, &output->error);
        return true;
    }
    if (output->finish != INFERENCE_FINISH_CANCELLED || call_is_cancelled(stream->call))
        return false;
    error_set(&err, STATUS_UNAVAILABLE, "the service stops");
    fail(stream, &err);
    return true;
}

/* Generate
 * ---------------------------------------------------------------------------------------------- */

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

static void fill_likeliest(struct stream *stream, Consilium__V1__GenerateReply *reply)
{
    const struct inference_output *output = &stream->output;
    struct likeliest *likeliest = stream->likeliest;
    uint32_t top_count = stream->request.sampling.top_count;

    for (uint32_t i = 0; i < output->count; i++) {
        Consilium__V1__Likeliest *message = &likeliest->messages[i];

        for (uint32_t j = 0; j < top_count; j++) {
            likeliest->ids[i][j] = output->top[i][j].id;
            likeliest->logprobs[i][j] = output->top[i][j].weight;
        }
        consilium__v1__likeliest__init(message);
        message->ids = likeliest->ids[i];
        message->logprobs = likeliest->logprobs[i];
        message->n_ids = message->n_logprobs = top_count;
        likeliest->pointers[i] = message;
    }
    reply->likeliest = likeliest->pointers;
    reply->n_likeliest = output->count;
}

/* False: the send queue is full. */
static bool send_output(struct stream *stream)
{
    Consilium__V1__GenerateReply reply = CONSILIUM__V1__GENERATE_REPLY__INIT;
    Consilium__V1__Usage usage = CONSILIUM__V1__USAGE__INIT;
    struct inference_output *output = &stream->output;

    reply.answer = output->answer;
    reply.ids = output->ids;
    reply.logprobs = output->logprobs;
    reply.n_ids = reply.n_logprobs = output->count;
    reply.finish_reason = reason_of(output->finish);
    reply.cut_bytes = output->cut_bytes;
    reply.model_digest = digest_of(stream);
    reply.adapter_digest = adapter_digest_of(stream);
    if (stream->likeliest != NULL)
        fill_likeliest(stream, &reply);
    if (output->is_last) {
        fill_usage(&usage, &output->usage);
        reply.usage = &usage;
    }
    return call_send(stream->call, &reply);
}

/* What the engine did, as steps of the trace. */
static void tell_steps(const struct stream *stream)
{
    const struct inference_usage *usage = &stream->output.usage;
    uint64_t queued_ns = stream->request.queued_ns;
    uint64_t begun_ns = queued_ns + usage->queue_us * CLOCK_NS_PER_US;
    uint64_t first_ns = queued_ns + usage->first_us * CLOCK_NS_PER_US;

    call_span(stream->call, "queue", queued_ns, begun_ns);
    if (usage->first_us == 0)
        return;
    call_span(stream->call, "prompt", begun_ns, first_ns);
    call_span(stream->call, "generate", first_ns, clock_now());
}

static void end_stream(struct stream *stream)
{
    tell_steps(stream);
    inference_count(stream->served, &stream->output.usage);
    if (has_failed(stream))
        return;
    send_output(stream);
    let_go(stream);
    call_finish(stream->call);
}

static void open_letter(struct letter *letter)
{
    struct stream *stream = LIST_ITEM(letter, struct stream, letter);
    bool has_room = true;

    while (inference_engine_take(stream->served->engine, &stream->request, &stream->output)) {
        if (stream->output.is_last)
            return end_stream(stream);
        has_room = send_output(stream);
    }
    if (!has_room)
        inference_engine_pause(stream->served->engine, &stream->request, true);
}

static void on_writable(struct call *call)
{
    struct stream *stream = call->state;

    if (stream->served != NULL)
        inference_engine_pause(stream->served->engine, &stream->request, false);
}

static void on_cancel(struct call *call)
{
    struct stream *stream = call->state;

    if (stream->served != NULL)
        inference_engine_cancel(stream->served->engine, &stream->request);
}

/* The call's stream; NULL: the call has failed. */
static struct stream *create_stream(struct call *call, void (*open)(struct letter *letter))
{
    struct stream *stream = ARENA_NEW(&call->arena, struct stream);
    struct error err;

    if (stream == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
    else
        stream->served = inference_hold(call->service, &err);
    if (stream == NULL || stream->served == NULL) {
        call_fail(call, &err);
        return NULL;
    }
    if (inference_served_check(stream->served, false, &err) != STATUS_OK) {
        inference_let_go(stream->served);
        call_fail(call, &err);
        return NULL;
    }
    stream->call = call;
    stream->letter.open = open;
    stream->request.on_output = on_output;
    call->state = stream;
    return stream;
}

/* By its name; an empty one is none. */
static enum status choose_adapter(struct stream *stream, const char *name, struct error *err)
{
    if (*name == '\0')
        return STATUS_OK;
    stream->request.adapter = inference_adapters_find(stream->served->adapters, name);
    return stream->request.adapter != NULL
               ? STATUS_OK
               : error_set(err, STATUS_NOT_FOUND, "there is no adapter of that name");
}

static enum status submit(struct stream *stream, struct error *err)
{
    struct inference_engine *engine = stream->served->engine;

    if (inference_engine_submit(engine, &stream->request, err) != STATUS_OK) {
        if (err->status == STATUS_RESOURCE_EXHAUSTED) {
            stream->call->retry_ms = inference_engine_retry_ms(engine);
            inference_count_refused(stream->served->inference);
        }
        return err->status;
    }
    inference_observe(stream->served->inference);
    call_on_cancel(stream->call, on_cancel);
    return STATUS_OK;
}

static void begin(struct stream *stream)
{
    struct error err;

    if (submit(stream, &err) == STATUS_OK)
        return call_on_writable(stream->call, on_writable);
    if (stream->request.mask != NULL)
        stream->mask.release(stream->mask.state);
    fail(stream, &err);
}

/* On a worker. */
static void run_compile(struct job *job)
{
    struct stream *stream = LIST_ITEM(job, struct stream, compiling);

    stream->failure.status = inference_constraints_mask(
        stream->served->constraints, &stream->constraint, &stream->mask, &stream->failure);
}

static void on_compiled(struct job *job)
{
    struct stream *stream = LIST_ITEM(job, struct stream, compiling);

    if (stream->failure.status != STATUS_OK)
        return fail(stream, &stream->failure);
    if (call_is_cancelled(stream->call)) {
        stream->mask.release(stream->mask.state);
        error_set(&stream->failure, STATUS_CANCELLED, "the caller has gone");
        return fail(stream, &stream->failure);
    }
    stream->request.mask = &stream->mask;
    begin(stream);
}

static void compile(struct stream *stream)
{
    struct inference *inference = stream->served->inference;
    struct error err;

    stream->compiling =
        (struct job){ .run = run_compile, .done = on_compiled, .home = &inference->loop->mailbox };
    if (inference->options.workers == NULL) {
        run_compile(&stream->compiling);
        on_compiled(&stream->compiling);
    } else if (workers_post(inference->options.workers, &stream->compiling, &err) != STATUS_OK) {
        fail(stream, &err);
    }
}

static void constrain(struct stream *stream)
{
    if (stream->constraint.kind == INFERENCE_CONSTRAINT_NONE)
        return begin(stream);
    if (!inference_constraints_find(stream->served->constraints, &stream->constraint,
                                    &stream->mask))
        return compile(stream);
    stream->request.mask = &stream->mask;
    begin(stream);
}

static enum status read_generate(struct stream *stream,
                                 const Consilium__V1__GenerateRequest *request, struct error *err)
{
    struct inference_served *served = stream->served;
    struct arena *arena = &stream->call->arena;

    if (choose_adapter(stream, request->adapter, err) != STATUS_OK
        || inference_read_generate(request, inference_engine_text(served->engine), arena,
                                   &stream->request, err)
               != STATUS_OK
        || inference_read_constraint(request->constraint, served->constraints != NULL,
                                     &stream->constraint, err)
               != STATUS_OK)
        return err->status;
    if (request->top_logprobs > 0
        && (stream->likeliest = ARENA_NEW(arena, struct likeliest)) == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
    return STATUS_OK;
}

static void generate(struct call *call)
{
    struct stream *stream = create_stream(call, open_letter);
    struct error err;

    if (stream == NULL)
        return;
    if (read_generate(stream, call->request, &err) != STATUS_OK)
        return fail(stream, &err);
    constrain(stream);
}

/* Score
 * ---------------------------------------------------------------------------------------------- */

static double sum_of(const struct inference_answer *answer)
{
    double sum = 0;

    for (uint32_t i = 0; i < answer->given_count; i++)
        sum += (double)answer->given_logprobs[i];
    return sum;
}

static void reply_scores(struct stream *stream)
{
    const struct inference_request *request = &stream->request;
    Consilium__V1__ScoreReply reply = CONSILIUM__V1__SCORE_REPLY__INIT;
    Consilium__V1__Usage usage = CONSILIUM__V1__USAGE__INIT;
    Consilium__V1__Score *scores;
    char digest[65], adapter_digest[65];
    struct error err;

    scores = arena_alloc(&stream->call->arena, request->answers_count * sizeof(*scores));
    reply.scores =
        arena_alloc(&stream->call->arena, request->answers_count * sizeof(*reply.scores));
    if (scores == NULL || reply.scores == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
        return fail(stream, &err);
    }
    for (uint32_t i = 0; i < request->answers_count; i++) {
        const struct inference_answer *answer = &request->answers[i];

        consilium__v1__score__init(&scores[i]);
        scores[i].logprobs = answer->given_logprobs;
        scores[i].n_logprobs = answer->given_count;
        scores[i].sum = sum_of(answer);
        scores[i].is_likeliest = answer->is_likeliest;
        reply.scores[i] = &scores[i];
    }
    reply.n_scores = request->answers_count;
    fill_usage(&usage, &stream->output.usage);
    reply.usage = &usage;
    memcpy(digest, digest_of(stream), sizeof(digest));
    snprintf(adapter_digest, sizeof(adapter_digest), "%s", adapter_digest_of(stream));
    reply.model_digest = digest;
    reply.adapter_digest = adapter_digest;
    let_go(stream);
    call_reply(stream->call, &reply);
}

static void open_score(struct letter *letter)
{
    struct stream *stream = LIST_ITEM(letter, struct stream, letter);
    struct error err;

    while (inference_engine_take(stream->served->engine, &stream->request, &stream->output)) {
        if (!stream->output.is_last)
            continue;
        inference_count(stream->served, &stream->output.usage);
        if (call_is_cancelled(stream->call)) {
            error_set(&err, STATUS_CANCELLED, "the caller has gone");
            return fail(stream, &err);
        }
        if (!has_failed(stream))
            reply_scores(stream);
        return;
    }
}

static void score(struct call *call)
{
    const Consilium__V1__ScoreRequest *request = call->request;
    struct stream *stream = create_stream(call, open_score);
    struct error err;

    if (stream == NULL)
        return;
    if (choose_adapter(stream, request->adapter, &err) != STATUS_OK
        || inference_read_score(request, &call->arena, &stream->request, &err) != STATUS_OK
        || submit(stream, &err) != STATUS_OK)
        fail(stream, &err);
}

/* GetModel
 * ---------------------------------------------------------------------------------------------- */

static void fill_engine(Consilium__V1__GetModelReply *reply, const struct inference_served *served,
                        char **names)
{
    const struct inference_model *model = inference_engine_model(served->engine);

    reply->name = (char *)(uintptr_t)model->name;
    reply->architecture = (char *)(uintptr_t)model->architecture;
    reply->vocabulary_size = model->vocabulary;
    reply->takes_constraints = served->constraints != NULL;
    reply->n_adapters = inference_adapters_count(served->adapters);
    for (uint32_t i = 0; i < reply->n_adapters; i++)
        names[i] = (char *)(uintptr_t)inference_adapters_at(served->adapters, i)->name;
    reply->adapters = names;
}

static void fill_encoder(Consilium__V1__GetModelReply *reply, const struct inference_served *served)
{
    const struct inference_encoder *encoder = inference_embedder_encoder(served->embedder);

    reply->name = (char *)(uintptr_t)encoder->name;
    reply->architecture = (char *)(uintptr_t)encoder->architecture;
    reply->vocabulary_size = encoder->vocabulary;
    reply->embedding_size = encoder->embedding;
}

/* On the loop, as the model may leave. */
static void get_model(struct call *call)
{
    Consilium__V1__GetModelReply reply = CONSILIUM__V1__GET_MODEL_REPLY__INIT;
    char *names[INFERENCE_ADAPTERS_MAX];
    struct inference_served *served;
    struct error err;

    if ((served = inference_hold(call->service, &err)) == NULL)
        return call_fail(call, &err);
    if (served->engine != NULL)
        fill_engine(&reply, served, names);
    else
        fill_encoder(&reply, served);
    reply.digest = (char *)(uintptr_t)inference_served_digest(served);
    reply.context_length = inference_served_context(served);
    reply.parameters = inference_served_parameters(served);
    call_reply(call, &reply);
    inference_let_go(served);
}

const struct server_method inference_methods[] = {
    { .method = &method_inference_generate,
      .place = METHOD_PLACE_LOOP,
      .start = generate,
      .calls_max = GENERATE_CALLS_MAX,
      .arena_bytes_max = 16 * MIB },
    { .method = &method_inference_score,
      .place = METHOD_PLACE_LOOP,
      .start = score,
      .calls_max = GENERATE_CALLS_MAX,
      .arena_bytes_max = 16 * MIB },
    { .method = &method_inference_embed,
      .place = METHOD_PLACE_LOOP,
      .start = inference_embed_start,
      .calls_max = GENERATE_CALLS_MAX,
      .arena_bytes_max = 16 * MIB },
    { .method = &method_inference_get_model, .place = METHOD_PLACE_LOOP, .start = get_model },
    { .method = NULL },
};
