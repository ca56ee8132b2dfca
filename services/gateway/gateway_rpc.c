/* Loop thread. Ask and ListModels are answered here; the methods with a sequence of their own have
 * a file each (gateway_calls.h). */
#include "gateway_rpc.h"

#include "base/limits.h"
#include "gateway_access.h"
#include "gateway_ask.h"
#include "gateway_calls.h"

/* Ask: the ask's events become the stream's messages. */

static bool on_ask_event(void *arg, const Consilium__V1__AskEvent *event)
{
    return call_send(arg, event);
}

static void on_ask_end(void *arg, const struct error *err)
{
    struct call *call = arg;

    call->state = NULL;
    if (err->status == STATUS_OK)
        call_finish(call);
    else
        call_fail(call, err);
}

static void on_ask_writable(struct call *call)
{
    if (call->state != NULL)
        ask_proceed(call->state);
}

static void on_ask_cancel(struct call *call)
{
    if (call->state != NULL)
        ask_cancel(call->state);
}

static void start_ask(struct call *call)
{
    const Consilium__V1__AskRequest *message = call->request;
    struct ask_request request = {
        .tenant = message->tenant,
        .patient = message->patient,
        .question = message->question,
        .adapter = message->adapter,
        .tokens_max = message->tokens_max,
        .budget_tokens = message->budget_tokens,
        .sampling = message->sampling,
        .keep_surrogates = message->keep_surrogates,
        .is_plain = message->is_plain,
        .turns = message->turns,
        .turns_count = message->n_turns,
        .stop_texts = message->stop_texts,
        .stop_texts_count = message->n_stop_texts,
        .constraint = message->constraint,
        .has_logprobs = message->logprobs,
        .top_logprobs = message->top_logprobs,
        .parent = call,
    };
    struct ask_sink sink = { on_ask_event, on_ask_end, call };
    struct error err = { 0 };
    struct ask *ask;

    if (ask_start(call->service, &request, &sink, &call->arena, &ask, &err) != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    call->state = ask;
    call_on_writable(call, on_ask_writable);
    call_on_cancel(call, on_ask_cancel);
}

static void start_list_models(struct call *call)
{
    struct gateway *gateway = call->service;
    Consilium__V1__ListModelsReply reply = CONSILIUM__V1__LIST_MODELS_REPLY__INIT;
    Consilium__V1__GetModelReply model, *list[] = { &model };
    struct error err = { 0 };

    if (models_get(&gateway->models, &model, &err) != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    reply.n_models = 1;
    reply.models = list;
    call_reply(call, &reply);
}

/* Who calls is asked before any method begins. */
static void door_put(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_PUT, put_start);
}

static void door_ask(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_ASK, start_ask);
}

static void door_ask_many(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_ASK, many_start);
}

static void door_timeline(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_ASK, timeline_start);
}

static void door_resources(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_ASK, resources_start);
}

static void door_forget(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_PUT, forget_start);
}

static void door_list_models(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPES_ALL, start_list_models);
}

static void door_embed(struct call *call)
{
    gateway_admit(call, ACCESS_SCOPE_ASK, embed_start);
}

/* A record is in memory once as chunks and once whole, and once more while it is packed for deid.
 */
#define PUT_ARENA_BYTES (3 * RECORD_BYTES_MAX)
#define ASK_ARENA_BYTES (32 * MIB)
/* 2,048 vectors of 1,024 values are 8 MiB, and are there as they came and as they leave. */
#define EMBED_ARENA_BYTES (64 * MIB)

const struct server_method gateway_methods[] = {
    { &method_gateway_put_record, METHOD_PLACE_LOOP, door_put, 8, 32, PUT_ARENA_BYTES, 300000 },
    { &method_gateway_ask, METHOD_PLACE_LOOP, door_ask, 256, 256, ASK_ARENA_BYTES, 300000 },
    { &method_gateway_ask_many, METHOD_PLACE_LOOP, door_ask_many, 16, 16, 4 * ASK_ARENA_BYTES,
      600000 },
    { &method_gateway_get_timeline, METHOD_PLACE_LOOP, door_timeline, 64, 64, ASK_ARENA_BYTES,
      60000 },
    { &method_gateway_get_resources, METHOD_PLACE_LOOP, door_resources, 16, 64, PUT_ARENA_BYTES,
      60000 },
    { &method_gateway_forget, METHOD_PLACE_LOOP, door_forget, 64, 64, 0, 60000 },
    { &method_gateway_embed, METHOD_PLACE_LOOP, door_embed, 16, 64, EMBED_ARENA_BYTES, 300000 },
    { &method_gateway_list_models, METHOD_PLACE_LOOP, door_list_models, 64, 64, 0, 60000 },
    { 0 },
};
