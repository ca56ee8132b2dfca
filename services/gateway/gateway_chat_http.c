/* POST …/chat/completions: a request becomes one Ask for each answer that it wants (n), their
 * events become one JSON reply or one stream of chunks.
 *
 *   read → (an inline bundle is put) → asks → first event: 200 and the first chunk → … → [DONE]
 *                                        │ failed before: the status of the failure, as JSON
 *                                        └ failed after: an event with the error, and no [DONE]
 *
 * When the client goes, every ask is cancelled, and the engine stops with them. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "gateway_chat_read.h"
#include "gateway_chat_write.h"
#include "gateway_http.h"
#include "gateway_inline_http.h"
#include "run/clock.h"

struct choice {
    struct chat *chat;
    struct call *call; /* NULL: not begun, or ended */
    Consilium__V1__AskRequest ask;
    Consilium__V1__Sampling sampling;
    struct buffer text, citations;
    struct chat_usage usage;
    const char *finish_reason;
    bool has_begun; /* its first chunk is out */
};

struct chat {
    struct http_exchange *exchange;
    struct gateway *gateway;
    struct chat_request request;
    struct chat_head head;
    struct trace trace;
    char id[16 + TRACE_ID_TEXT_BYTES];
    struct choice choices[CHAT_ANSWERS_MAX];
    Consilium__V1__Turn *turns, **turn_list; /* before the question */
    ProtobufCBinaryData stops[CHAT_STOPS_MAX];
    Consilium__V1__Constraint constraint;
    unsigned running;
    struct buffer consilium; /* members of "consilium" */
    bool has_facts;
    struct error failure;
    struct inline_record *record; /* NULL: no bundle came along */
    bool is_streaming, is_over;
};

static void fail(struct chat *chat, const struct error *err)
{
    struct api_error api;

    chat->is_over = true;
    api_error_from(&api, err);
    if (err->status == STATUS_NOT_FOUND && chat->request.patient[0] != '\0')
        api.code = "patient_not_found", api.param = "patient";
    gateway_http_fail(chat->exchange, &api);
}

/* ---- the stream ---- */

static void send_event(struct chat *chat, struct buffer *event)
{
    if (event->is_full && chat->failure.status == STATUS_OK)
        error_set(&chat->failure, STATUS_RESOURCE_EXHAUSTED, "no memory for the answer");
    else if (!event->is_full)
        http_send(chat->exchange, buffer_slice(event));
}

static void send_chunk(struct choice *choice, struct slice delta, const char *finish_reason,
                       struct slice consilium)
{
    struct chat *chat = choice->chat;
    struct arena *arena = &chat->exchange->arena;
    struct arena_mark mark = arena_mark(arena);
    struct buffer event;

    buffer_init(&event, arena);
    chat_put_chunk(&event, &chat->head, (unsigned)(choice - chat->choices), delta, finish_reason,
                   consilium);
    send_event(chat, &event);
    arena_rewind(arena, mark);
}

static void begin_stream(struct chat *chat)
{
    if (chat->is_streaming)
        return;
    chat->is_streaming = true;
    http_add(chat->exchange, "cache-control", SLICE("no-store"));
    http_add(chat->exchange, "x-accel-buffering", SLICE("no"));
    http_start(chat->exchange, 200, "text/event-stream");
}

static void send_text(struct choice *choice, struct slice text)
{
    struct arena *arena = &choice->chat->exchange->arena;
    struct arena_mark mark = arena_mark(arena);
    struct buffer delta;

    buffer_init(&delta, arena);
    buffer_put_string(&delta, "{\"content\":");
    buffer_put_json(&delta, text);
    buffer_put_byte(&delta, '}');
    if (!delta.is_full)
        send_chunk(choice, buffer_slice(&delta), NULL, SLICE(""));
    arena_rewind(arena, mark);
}

static void send_citation(struct choice *choice, const Consilium__V1__AskCitation *citation)
{
    struct arena *arena = &choice->chat->exchange->arena;
    struct arena_mark mark = arena_mark(arena);
    struct buffer members;

    buffer_init(&members, arena);
    buffer_put_string(&members, "\"citations\":[");
    chat_put_citation(&members, citation);
    buffer_put_byte(&members, ']');
    if (!members.is_full)
        send_chunk(choice, SLICE("{}"), NULL, buffer_slice(&members));
    arena_rewind(arena, mark);
}

/* ---- events of an ask ---- */

static bool is_first(const struct choice *choice)
{
    return choice == choice->chat->choices;
}

/* What the answers have in common is told once, with the first of them. */
static void on_started(struct choice *choice, const Consilium__V1__AskStarted *started)
{
    if (is_first(choice))
        chat_put_started(&choice->chat->consilium, started);
}

static void on_facts(struct choice *choice, const Consilium__V1__AskFacts *facts)
{
    struct chat *chat = choice->chat;

    if (is_first(choice)) {
        buffer_put_byte(&chat->consilium, ',');
        chat_put_facts(&chat->consilium, facts);
        chat->has_facts = true;
    }
    choice->usage.prompt = facts->prompt_tokens;
    if (!chat->request.is_stream)
        return;
    begin_stream(chat);
    send_chunk(choice, SLICE("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"), NULL,
               is_first(choice) ? buffer_slice(&chat->consilium) : SLICE(""));
}

static void on_text(struct choice *choice, const char *text)
{
    if (choice->chat->request.is_stream)
        send_text(choice, slice_from(text));
    else
        buffer_put_string(&choice->text, text);
}

static void on_citation(struct choice *choice, const Consilium__V1__AskCitation *citation)
{
    if (choice->chat->request.is_stream) {
        send_citation(choice, citation);
        return;
    }
    if (choice->citations.size > 0)
        buffer_put_byte(&choice->citations, ',');
    chat_put_citation(&choice->citations, citation);
}

static void on_done(struct choice *choice, const Consilium__V1__AskDone *done)
{
    struct chat *chat = choice->chat;
    struct buffer members;

    choice->finish_reason = chat_finish_reason(done->finish_reason);
    choice->usage.completion = done->usage->generated_tokens;
    choice->usage.prompt = done->usage->prompt_tokens;
    choice->usage.cached = done->usage->reused_tokens;
    buffer_init(&members, &chat->exchange->arena);
    chat_put_done(&members, done);
    if (chat->request.is_stream) {
        send_chunk(choice, SLICE("{}"), choice->finish_reason, buffer_slice(&members));
    } else if (is_first(choice)) {
        buffer_put_byte(&chat->consilium, ',');
        buffer_put(&chat->consilium, buffer_slice(&members));
    }
}

static bool on_event(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;
    struct choice *choice = arg;
    struct chat *chat = choice->chat;

    if (chat->is_over || chat->failure.status != STATUS_OK)
        return true;
    switch (event->event_case) {
    case CONSILIUM__V1__ASK_EVENT__EVENT_STARTED:
        on_started(choice, event->started);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_FACTS:
        on_facts(choice, event->facts);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_TEXT:
        on_text(choice, event->text);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_CITATION:
        on_citation(choice, event->citation);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_DONE:
        on_done(choice, event->done);
        break;
    default:
        break;
    }
    return !chat->is_streaming || http_send(chat->exchange, SLICE(""));
}

/* ---- the end ---- */

static struct chat_usage sum_usage(const struct chat *chat)
{
    struct chat_usage sum = chat->choices[0].usage; /* one prompt for all */
    unsigned i;

    for (i = 1; i < chat->request.answers; i++)
        sum.completion += chat->choices[i].usage.completion;
    return sum;
}

static void reply_whole(struct chat *chat)
{
    struct chat_answer answers[CHAT_ANSWERS_MAX];
    struct chat_usage usage = sum_usage(chat);
    struct buffer body;
    unsigned i;

    buffer_init(&body, &chat->exchange->arena);
    for (i = 0; i < chat->request.answers; i++) {
        struct choice *choice = &chat->choices[i];

        answers[i] = (struct chat_answer){
            .index = i,
            .text = buffer_slice(&choice->text),
            .citations = buffer_slice(&choice->citations),
            .finish_reason = choice->finish_reason,
        };
        body.is_full |= choice->text.is_full || choice->citations.is_full;
    }
    body.is_full |= chat->consilium.is_full;
    chat_put_completion(&body, &chat->head, answers, chat->request.answers, &usage,
                        buffer_slice(&chat->consilium));
    gateway_http_reply(chat->exchange, 200, &body);
}

static void end_stream(struct chat *chat)
{
    struct chat_usage usage = sum_usage(chat);
    struct api_error api;
    struct buffer event;

    buffer_init(&event, &chat->exchange->arena);
    if (chat->failure.status != STATUS_OK) {
        api_error_from(&api, &chat->failure);
        buffer_put_string(&event, "data: ");
        api_error_format(&api, &event);
        buffer_put_string(&event, "\n\n");
    } else {
        if (chat->request.has_usage)
            chat_put_usage_chunk(&event, &chat->head, &usage);
        buffer_put_string(&event, "data: [DONE]\n\n");
    }
    if (event.is_full) {
        http_abort(chat->exchange);
        return;
    }
    http_send(chat->exchange, buffer_slice(&event));
    http_finish(chat->exchange);
}

/* The last ask has ended, and nothing of a bundle is left. */
static void end(struct chat *chat)
{
    chat->is_over = true;
    if (chat->is_streaming)
        end_stream(chat);
    else if (chat->failure.status != STATUS_OK)
        fail(chat, &chat->failure);
    else
        reply_whole(chat);
}

static void on_forgotten(void *arg)
{
    end(arg);
}

static void settle(struct chat *chat)
{
    if (chat->record == NULL)
        end(chat);
    else
        inline_record_forget(chat->record, on_forgotten, chat);
}

static void cancel(struct chat *chat)
{
    unsigned i;

    for (i = 0; i < chat->request.answers; i++)
        if (chat->choices[i].call != NULL)
            call_local_cancel(chat->choices[i].call);
}

static void on_end(void *arg, const struct error *err)
{
    struct choice *choice = arg;
    struct chat *chat = choice->chat;

    gateway_http_ended(chat->gateway);
    choice->call = NULL;
    chat->running--;
    if (err->status != STATUS_OK && chat->failure.status == STATUS_OK) {
        chat->failure = *err;
        cancel(chat);
    }
    if (chat->running == 0)
        settle(chat);
}

static void on_gone(struct http_exchange *exchange)
{
    struct chat *chat = exchange->state;

    if (chat->failure.status == STATUS_OK)
        error_set(&chat->failure, STATUS_CANCELLED, "the client has gone");
    cancel(chat);
    if (chat->record != NULL)
        inline_record_cancel(chat->record);
}

static void on_writable(struct http_exchange *exchange)
{
    struct chat *chat = exchange->state;
    unsigned i;

    for (i = 0; i < chat->request.answers; i++)
        if (chat->choices[i].call != NULL)
            call_local_proceed(chat->choices[i].call);
}

/* ---- the beginning ---- */

static bool fill_sampling(struct chat *chat, struct choice *choice)
{
    const struct chat_request *request = &chat->request;
    struct arena *arena = &chat->exchange->arena;
    Consilium__V1__Sampling *sampling = &choice->sampling;
    Consilium__V1__LogitBias *biases =
        ARENA_ARRAY(arena, Consilium__V1__LogitBias, request->biases_count + 1);
    unsigned i;

    consilium__v1__sampling__init(sampling);
    sampling->logit_bias =
        ARENA_ARRAY(arena, Consilium__V1__LogitBias *, request->biases_count + 1);
    if (biases == NULL || sampling->logit_bias == NULL)
        return false;
    for (i = 0; i < request->biases_count; i++) {
        consilium__v1__logit_bias__init(&biases[i]);
        biases[i].id = request->biases[i].id;
        biases[i].bias = request->biases[i].bias;
        sampling->logit_bias[i] = &biases[i];
    }
    sampling->n_logit_bias = request->biases_count;
    sampling->temperature = request->temperature;
    sampling->top_p = request->top_p < 1 ? request->top_p : 0;
    sampling->presence_penalty = request->presence_penalty;
    sampling->frequency_penalty = request->frequency_penalty;
    sampling->seed = request->seed + (uint64_t)(choice - chat->choices);
    return true;
}

static bool start_choice(struct chat *chat, struct choice *choice, const char *patient,
                         struct api_error *api)
{
    const struct chat_request *request = &chat->request;
    struct call_local_options options = {
        .request = &choice->ask,
        .trace = &chat->trace,
        .on_message = on_event,
        .on_end = on_end,
        .arg = choice,
    };
    struct error err;

    choice->chat = chat;
    buffer_init(&choice->text, &chat->exchange->arena);
    buffer_init(&choice->citations, &chat->exchange->arena);
    consilium__v1__ask_request__init(&choice->ask);
    choice->ask.tenant = (char *)gateway_http_tenant(chat->exchange);
    choice->ask.patient = (char *)patient;
    choice->ask.question = (char *)request->turns[request->turns_count - 1].text;
    choice->ask.tokens_max = request->tokens_max;
    choice->ask.budget_tokens = request->facts_tokens;
    choice->ask.keep_surrogates = request->keep_surrogates;
    choice->ask.sampling = &choice->sampling;
    choice->ask.is_plain = patient[0] == '\0';
    choice->ask.n_turns = request->turns_count - 1;
    choice->ask.turns = chat->turn_list;
    choice->ask.n_stop_texts = request->stops_count;
    choice->ask.stop_texts = chat->stops;
    if (request->form != CHAT_FORM_TEXT)
        choice->ask.constraint = &chat->constraint;
    if (!fill_sampling(chat, choice)) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
        api_error_from(api, &err);
        return false;
    }
    choice->call = gateway_http_call(chat->exchange, &method_gateway_ask, &options, api);
    if (choice->call != NULL)
        chat->running++;
    return choice->call != NULL;
}

/* The first that cannot be begun ends all of them. */
static void start_choices(struct chat *chat, const char *patient)
{
    struct api_error api;
    unsigned i;

    for (i = 0; i < chat->request.answers; i++) {
        if (start_choice(chat, &chat->choices[i], patient, &api))
            continue;
        error_set(&chat->failure, STATUS_RESOURCE_EXHAUSTED, "%s", api.text);
        cancel(chat);
        if (chat->running == 0)
            settle(chat);
        return;
    }
}

static void on_put(void *arg, const char *patient, const struct error *err)
{
    struct chat *chat = arg;

    if (chat->failure.status == STATUS_OK && err->status != STATUS_OK)
        chat->failure = *err;
    if (chat->failure.status != STATUS_OK)
        settle(chat);
    else
        start_choices(chat, patient);
}

/* Any object: of JSON Schema the least. */
#define ANY_OBJECT "{\"type\":\"object\"}"

/* What all asks of the request share. */
static bool fill_shared(struct chat *chat, struct api_error *api)
{
    const struct chat_request *request = &chat->request;
    struct arena *arena = &chat->exchange->arena;
    bool has_patient = request->patient[0] != '\0' || request->bundle.data != NULL;
    unsigned i;

    chat->turns = ARENA_ARRAY(arena, Consilium__V1__Turn, request->turns_count);
    chat->turn_list = ARENA_ARRAY(arena, Consilium__V1__Turn *, request->turns_count);
    if (chat->turns == NULL || chat->turn_list == NULL)
        return api_error_request(api, NULL, "the request needs more memory than one may have");
    for (i = 0; i + 1 < request->turns_count; i++) {
        consilium__v1__turn__init(&chat->turns[i]);
        chat->turns[i].role = (char *)request->turns[i].role;
        chat->turns[i].content = (char *)request->turns[i].text;
        chat->turn_list[i] = &chat->turns[i];
    }
    for (i = 0; i < request->stops_count; i++)
        chat->stops[i] =
            (ProtobufCBinaryData){ request->stops[i].size, (uint8_t *)request->stops[i].data };
    if (request->form != CHAT_FORM_TEXT && has_patient)
        return api_error_request(api, "response_format",
                                 "an answer about a patient is text with citations");
    if (request->form != CHAT_FORM_TEXT && !chat->gateway->models.takes_constraints)
        return api_error_request(api, "response_format",
                                 "this model's answers cannot be held to a form");
    consilium__v1__constraint__init(&chat->constraint);
    chat->constraint.form_case = CONSILIUM__V1__CONSTRAINT__FORM_JSON_SCHEMA;
    chat->constraint.json_schema =
        (char *)(request->form == CHAT_FORM_SCHEMA ? request->schema : ANY_OBJECT);
    return true;
}

static bool check_model(const struct chat *chat, struct slice deployment, struct api_error *api)
{
    const char *name = deployment.data != NULL ? deployment.data : chat->request.model;

    /* Azure AI inference has one model behind an address, and need not name it. */
    if (name[0] == '\0' && slice_starts_with(chat->exchange->path, SLICE("/models/")))
        return true;
    if (name[0] == '\0')
        return api_error_request(api, "model", "the request names no model: see /v1/models");
    if (gateway_http_has_model(chat->gateway, name))
        return true;
    api_error_request(api, "model", "there is no model of this name here: see /v1/models");
    api->http = 404;
    api->code = deployment.data != NULL ? "DeploymentNotFound" : "model_not_found";
    return false;
}

static bool get_ready(struct chat *chat, struct slice deployment, struct api_error *api)
{
    struct http_exchange *exchange = chat->exchange;
    struct slice patient = http_find(exchange, "x-consilium-patient");
    Consilium__V1__GetModelReply model;
    char trace[TRACE_ID_TEXT_BYTES];
    struct error err;

    if (!chat_read(exchange->body, &exchange->arena, &chat->request, api))
        return false;
    if (chat->request.patient[0] == '\0' && chat->request.bundle.data == NULL && patient.size > 0)
        chat->request.patient = arena_string(&exchange->arena, patient);
    if (models_get(&chat->gateway->models, &model, &err) != STATUS_OK) {
        err.status = STATUS_UNAVAILABLE;
        api_error_from(api, &err);
        return false;
    }
    if (!check_model(chat, deployment, api) || !fill_shared(chat, api))
        return false;
    if (!trace_continue(&chat->trace, http_find(exchange, "traceparent")))
        trace_start(&chat->trace);
    trace_format_id(&chat->trace, trace);
    snprintf(chat->id, sizeof(chat->id), "chatcmpl-%s", trace);
    chat->head = (struct chat_head){
        .id = chat->id,
        .model = model.name,
        .digest = arena_string(&exchange->arena, slice_from(model.digest)),
        .created_s = clock_wall_ms() / 1000,
    };
    buffer_init(&chat->consilium, &exchange->arena);
    return true;
}

void chat_http_start(struct http_exchange *exchange, struct slice deployment)
{
    struct chat *chat = ARENA_NEW(&exchange->arena, struct chat);
    struct api_error api;
    struct error err;

    if (chat == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
        api_error_from(&api, &err);
        gateway_http_fail(exchange, &api);
        return;
    }
    chat->exchange = exchange;
    chat->gateway = gateway_of(exchange);
    exchange->state = chat;
    if (!get_ready(chat, deployment, &api)) {
        gateway_http_fail(exchange, &api);
        return;
    }
    http_on_gone(exchange, on_gone);
    http_on_writable(exchange, on_writable);
    if (chat->request.bundle.data == NULL) {
        start_choices(chat, chat->request.patient);
        return;
    }
    chat->record = inline_record_put(exchange, chat->request.bundle, on_put, chat, &api);
    if (chat->record == NULL)
        gateway_http_fail(exchange, &api);
}
