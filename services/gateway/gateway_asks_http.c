#include "gateway_asks_http.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "run/clock.h"

static void fail(struct asks *asks, const struct error *err)
{
    struct api_error api;

    asks->is_over = true;
    api_error_from(&api, err);
    if (err->status == STATUS_NOT_FOUND && asks->request.patient[0] != '\0')
        api.code = "patient_not_found", api.param = "patient";
    gateway_http_fail(asks->exchange, &api);
}

/* ---- the stream ---- */

void asks_send(struct asks *asks, struct buffer *event, struct arena_mark mark)
{
    if (event->is_full && asks->failure.status == STATUS_OK)
        error_set(&asks->failure, STATUS_RESOURCE_EXHAUSTED, "no memory for the answer");
    else if (!event->is_full)
        http_send(asks->exchange, buffer_slice(event));
    asks->stream.has_sent = true;
    arena_rewind(&asks->exchange->arena, mark);
}

static void stop_waiting(struct asks *asks)
{
    if (asks->is_waiting)
        gateway_http_stream_close(&asks->stream);
    asks->is_waiting = false;
}

static void begin_stream(struct asks *asks)
{
    if (asks->is_streaming)
        return;
    stop_waiting(asks);
    asks->is_streaming = true;
    http_add(asks->exchange, "cache-control", SLICE("no-store"));
    http_add(asks->exchange, "x-accel-buffering", SLICE("no"));
    http_start(asks->exchange, 200, "text/event-stream");
    gateway_http_stream_open(&asks->stream, asks->exchange);
}

/* Begin, and tell the facts of those answers that have theirs. */
static void open_stream(struct asks *asks)
{
    begin_stream(asks);
    for (unsigned i = 0; i < asks->request.answers; i++) {
        struct asks_answer *answer = &asks->answers[i];

        if (!answer->has_facts || answer->has_begun)
            continue;
        answer->has_begun = true;
        asks->face->begin(asks, i);
    }
}

static void on_due(struct http_stream *stream)
{
    struct asks *asks = LIST_ITEM(stream, struct asks, stream);

    asks->is_waiting = false;
    if (asks->failure.status == STATUS_OK)
        open_stream(asks);
}

/* ---- events of an ask ---- */

static unsigned index_of(const struct asks_answer *answer)
{
    return (unsigned)(answer - answer->asks->answers);
}

static bool is_first(const struct asks_answer *answer)
{
    return index_of(answer) == 0;
}

/* What the answers have in common is told once, with the first of them. */
static void on_started(struct asks_answer *answer, const Consilium__V1__AskStarted *started)
{
    if (is_first(answer))
        chat_put_started(&answer->asks->consilium, started);
}

static void on_facts(struct asks_answer *answer, const Consilium__V1__AskFacts *facts)
{
    struct asks *asks = answer->asks;

    if (is_first(answer)) {
        buffer_put_byte(&asks->consilium, ',');
        chat_put_facts(&asks->consilium, facts);
    }
    answer->usage.prompt = facts->prompt_tokens;
    if (!asks->request.is_stream)
        return;
    answer->has_facts = true;
    if (asks->is_streaming)
        open_stream(asks);
    else if (!asks->is_waiting)
        gateway_http_stream_wait(&asks->stream, asks->exchange, on_due);
    asks->is_waiting = !asks->is_streaming;
}

static void on_text(struct asks_answer *answer, const char *text)
{
    struct asks *asks = answer->asks;

    buffer_put_string(&answer->text, text);
    if (asks->request.is_stream)
        asks->face->text(asks, index_of(answer), slice_from(text));
}

static void on_citation(struct asks_answer *answer, const Consilium__V1__AskCitation *citation)
{
    struct asks *asks = answer->asks;

    if (answer->citations.size > 0)
        buffer_put_byte(&answer->citations, ',');
    chat_put_citation(&answer->citations, citation);
    if (asks->request.is_stream)
        asks->face->citation(asks, index_of(answer), citation);
}

static void on_logprobs(struct asks_answer *answer, const Consilium__V1__AskLogprobs *logprobs)
{
    struct asks *asks = answer->asks;
    struct buffer *all = &answer->logprobs;
    size_t at;

    if (all->size > 0)
        buffer_put_byte(all, ',');
    at = all->size;
    chat_put_logprobs(all, logprobs);
    if (asks->request.is_stream && !all->is_full)
        asks->face->logprobs(asks, index_of(answer), slice_cut(buffer_slice(all), at, all->size));
}

static void on_done(struct asks_answer *answer, const Consilium__V1__AskDone *done)
{
    struct asks *asks = answer->asks;
    struct buffer members;

    answer->finish_reason = chat_finish_reason(done->finish_reason);
    answer->usage = (struct chat_usage){ done->usage->prompt_tokens, done->usage->reused_tokens,
                                         done->usage->generated_tokens };
    buffer_init(&members, &asks->exchange->arena);
    chat_put_done(&members, done);
    if (asks->request.is_stream)
        asks->face->done(asks, index_of(answer), buffer_slice(&members));
    if (!is_first(answer))
        return;
    buffer_put_byte(&asks->consilium, ',');
    buffer_put(&asks->consilium, buffer_slice(&members));
}

static bool on_event(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;
    struct asks_answer *answer = arg;
    struct asks *asks = answer->asks;

    if (asks->is_over || asks->failure.status != STATUS_OK)
        return true;
    if (asks->is_waiting && event->event_case != CONSILIUM__V1__ASK_EVENT__EVENT_STARTED
        && event->event_case != CONSILIUM__V1__ASK_EVENT__EVENT_FACTS)
        open_stream(asks);
    switch (event->event_case) {
    case CONSILIUM__V1__ASK_EVENT__EVENT_STARTED:
        on_started(answer, event->started);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_FACTS:
        on_facts(answer, event->facts);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_TEXT:
        on_text(answer, event->text);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_CITATION:
        on_citation(answer, event->citation);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_LOGPROBS:
        on_logprobs(answer, event->logprobs);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_DONE:
        on_done(answer, event->done);
        break;
    default:
        break;
    }
    return !asks->is_streaming || http_send(asks->exchange, SLICE(""));
}

/* ---- the end ---- */

struct slice asks_logprobs(const struct asks *asks, unsigned index)
{
    const struct buffer *logprobs = &asks->answers[index].logprobs;

    if (!asks->request.has_logprobs)
        return (struct slice){ NULL, 0 };
    return logprobs->size == 0 ? SLICE("") : buffer_slice(logprobs);
}

struct chat_usage asks_usage(const struct asks *asks)
{
    struct chat_usage sum = asks->answers[0].usage; /* one prompt for all */
    unsigned i;

    for (i = 1; i < asks->request.answers; i++)
        sum.completion += asks->answers[i].usage.completion;
    return sum;
}

static void reply_whole(struct asks *asks)
{
    struct buffer body;
    unsigned i;

    buffer_init(&body, &asks->exchange->arena);
    asks->face->whole(asks, &body);
    body.is_full |= asks->consilium.is_full;
    for (i = 0; i < asks->request.answers; i++)
        body.is_full |= asks->answers[i].text.is_full || asks->answers[i].citations.is_full
                        || asks->answers[i].logprobs.is_full;
    gateway_http_reply(asks->exchange, 200, &body);
}

static void end_stream(struct asks *asks)
{
    struct api_error api;
    struct buffer event;

    gateway_http_stream_close(&asks->stream);
    buffer_init(&event, &asks->exchange->arena);
    if (asks->failure.status != STATUS_OK) {
        api_error_from(&api, &asks->failure);
        asks->face->fail(asks, &api, &event);
    } else {
        asks->face->end(asks, &event);
    }
    if (event.is_full) {
        http_abort(asks->exchange);
        return;
    }
    http_send(asks->exchange, buffer_slice(&event));
    http_finish(asks->exchange);
}

/* The last ask has ended, and nothing of a bundle is left. */
static void end(struct asks *asks)
{
    asks->is_over = true;
    stop_waiting(asks);
    if (asks->is_streaming)
        end_stream(asks);
    else if (asks->failure.status != STATUS_OK)
        fail(asks, &asks->failure);
    else
        reply_whole(asks);
}

static void on_forgotten(void *arg)
{
    end(arg);
}

static void settle(struct asks *asks)
{
    if (asks->record == NULL)
        end(asks);
    else
        inline_record_forget(asks->record, on_forgotten, asks);
}

static void cancel(struct asks *asks)
{
    unsigned i;

    for (i = 0; i < asks->request.answers; i++)
        if (asks->answers[i].call != NULL)
            call_local_cancel(asks->answers[i].call);
}

static void on_end(void *arg, const struct error *err)
{
    struct asks_answer *answer = arg;
    struct asks *asks = answer->asks;

    gateway_http_ended(asks->gateway);
    answer->call = NULL;
    asks->running--;
    if (err->status != STATUS_OK && asks->failure.status == STATUS_OK) {
        asks->failure = *err;
        cancel(asks);
    }
    if (asks->running == 0)
        settle(asks);
}

static void on_gone(struct http_exchange *exchange)
{
    struct asks *asks = exchange->state;

    if (asks->failure.status == STATUS_OK)
        error_set(&asks->failure, STATUS_CANCELLED, "the client has gone");
    cancel(asks);
    if (asks->record != NULL)
        inline_record_cancel(asks->record);
}

static void on_writable(struct http_exchange *exchange)
{
    struct asks *asks = exchange->state;
    unsigned i;

    for (i = 0; i < asks->request.answers; i++)
        if (asks->answers[i].call != NULL)
            call_local_proceed(asks->answers[i].call);
}

/* ---- the beginning ---- */

static bool fill_sampling(struct asks *asks, struct asks_answer *answer)
{
    const struct chat_request *request = &asks->request;
    struct arena *arena = &asks->exchange->arena;
    Consilium__V1__Sampling *sampling = &answer->sampling;
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
    sampling->seed = request->seed + (uint64_t)(answer - asks->answers);
    return true;
}

static bool start_answer(struct asks *asks, struct asks_answer *answer, const char *patient,
                         struct api_error *api)
{
    const struct chat_request *request = &asks->request;
    struct call_local_options options = {
        .request = &answer->ask,
        .trace = &asks->trace,
        .on_message = on_event,
        .on_end = on_end,
        .arg = answer,
    };
    struct error err;

    answer->asks = asks;
    buffer_init(&answer->text, &asks->exchange->arena);
    buffer_init(&answer->citations, &asks->exchange->arena);
    buffer_init(&answer->logprobs, &asks->exchange->arena);
    consilium__v1__ask_request__init(&answer->ask);
    answer->ask.tenant = (char *)gateway_http_tenant(asks->exchange);
    answer->ask.patient = (char *)patient;
    answer->ask.question = (char *)request->turns[request->turns_count - 1].text;
    answer->ask.tokens_max = request->tokens_max;
    answer->ask.budget_tokens = request->facts_tokens;
    answer->ask.keep_surrogates = request->keep_surrogates;
    answer->ask.adapter = (char *)asks->adapter;
    answer->ask.sampling = &answer->sampling;
    answer->ask.is_plain = patient[0] == '\0';
    answer->ask.n_turns = request->turns_count - 1;
    answer->ask.turns = asks->turn_list;
    answer->ask.logprobs = request->has_logprobs;
    answer->ask.top_logprobs = request->top_logprobs;
    answer->ask.n_stop_texts = request->stops_count;
    answer->ask.stop_texts = asks->stops;
    if (request->form != CHAT_FORM_TEXT)
        answer->ask.constraint = &asks->constraint;
    if (!fill_sampling(asks, answer)) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
        api_error_from(api, &err);
        return false;
    }
    answer->call = gateway_http_call(asks->exchange, &method_gateway_ask, &options, api);
    if (answer->call != NULL)
        asks->running++;
    return answer->call != NULL;
}

/* The first that cannot be begun ends all of them. */
static void start_answers(struct asks *asks, const char *patient)
{
    struct api_error api;
    unsigned i;

    for (i = 0; i < asks->request.answers; i++) {
        if (start_answer(asks, &asks->answers[i], patient, &api))
            continue;
        error_set(&asks->failure, STATUS_RESOURCE_EXHAUSTED, "%s", api.text);
        cancel(asks);
        if (asks->running == 0)
            settle(asks);
        return;
    }
}

static void on_put(void *arg, const char *patient, const struct error *err)
{
    struct asks *asks = arg;

    if (asks->failure.status == STATUS_OK && err->status != STATUS_OK)
        asks->failure = *err;
    if (asks->failure.status != STATUS_OK)
        settle(asks);
    else
        start_answers(asks, patient);
}

/* Any object: of JSON Schema the least. */
#define ANY_OBJECT "{\"type\":\"object\"}"

/* What all asks of the request share. */
static bool fill_shared(struct asks *asks, struct api_error *api)
{
    const struct chat_request *request = &asks->request;
    struct arena *arena = &asks->exchange->arena;
    bool has_patient = request->patient[0] != '\0' || request->bundle.data != NULL;
    unsigned i;

    asks->turns = ARENA_ARRAY(arena, Consilium__V1__Turn, request->turns_count);
    asks->turn_list = ARENA_ARRAY(arena, Consilium__V1__Turn *, request->turns_count);
    if (asks->turns == NULL || asks->turn_list == NULL)
        return api_error_request(api, NULL, "the request needs more memory than one may have");
    for (i = 0; i + 1 < request->turns_count; i++) {
        consilium__v1__turn__init(&asks->turns[i]);
        asks->turns[i].role = (char *)request->turns[i].role;
        asks->turns[i].content = (char *)request->turns[i].text;
        asks->turn_list[i] = &asks->turns[i];
    }
    for (i = 0; i < request->stops_count; i++)
        asks->stops[i] =
            (ProtobufCBinaryData){ request->stops[i].size, (uint8_t *)request->stops[i].data };
    if (request->form != CHAT_FORM_TEXT && has_patient)
        return api_error_request(api, "response_format",
                                 "an answer about a patient is text with citations");
    if (request->form != CHAT_FORM_TEXT && !asks->gateway->models.takes_constraints)
        return api_error_request(api, "response_format",
                                 "this model's answers cannot be held to a form");
    consilium__v1__constraint__init(&asks->constraint);
    asks->constraint.form_case = CONSILIUM__V1__CONSTRAINT__FORM_JSON_SCHEMA;
    asks->constraint.json_schema =
        (char *)(request->form == CHAT_FORM_SCHEMA ? request->schema : ANY_OBJECT);
    return true;
}

/* And of which adapter. */
static bool check_model(struct asks *asks, struct slice deployment, struct api_error *api)
{
    const char *name = deployment.data != NULL ? deployment.data : asks->request.model;

    asks->adapter = "";
    /* Azure AI inference has one model behind an address, and need not name it. */
    if (name[0] == '\0' && slice_starts_with(asks->exchange->path, SLICE("/models/")))
        return true;
    if (name[0] == '\0')
        return api_error_request(api, "model", "the request names no model: see /v1/models");
    if (gateway_http_has_model(asks->gateway, name, &asks->adapter))
        return true;
    api_error_request(api, "model", "there is no model of this name here: see /v1/models");
    api->http = 404;
    api->code = deployment.data != NULL ? "DeploymentNotFound" : "model_not_found";
    return false;
}

static bool get_ready(struct asks *asks, struct slice deployment, struct api_error *api)
{
    struct http_exchange *exchange = asks->exchange;
    struct slice patient = http_find(exchange, "x-consilium-patient");
    Consilium__V1__GetModelReply model;
    struct error err;

    if (asks->request.patient[0] == '\0' && asks->request.bundle.data == NULL && patient.size > 0)
        asks->request.patient = arena_string(&exchange->arena, patient);
    if (models_get(&asks->gateway->models, &model, &err) != STATUS_OK) {
        err.status = STATUS_UNAVAILABLE;
        api_error_from(api, &err);
        return false;
    }
    if (!check_model(asks, deployment, api))
        return false;
    asks->model = asks->adapter[0] == '\0'
                      ? arena_string(&exchange->arena, slice_from(model.name))
                      : arena_format(&exchange->arena, "%s:%s", model.name, asks->adapter);
    asks->digest = arena_string(&exchange->arena, slice_from(model.digest));
    if (asks->request.patient == NULL || asks->model == NULL || asks->digest == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
        api_error_from(api, &err);
        return false;
    }
    return fill_shared(asks, api);
}

void asks_refuse(struct asks *asks, const struct api_error *api)
{
    asks->is_over = true;
    gateway_http_fail(asks->exchange, api);
}

struct asks *asks_create(struct http_exchange *exchange, const struct asks_face *face)
{
    struct asks *asks = ARENA_NEW(&exchange->arena, struct asks);
    struct api_error api;
    struct error err;

    if (asks == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another question");
        api_error_from(&api, &err);
        gateway_http_fail(exchange, &api);
        return NULL;
    }
    asks->exchange = exchange;
    asks->gateway = gateway_of(exchange);
    asks->face = face;
    asks->created_s = clock_wall_ms() / 1000;
    if (!trace_continue(&asks->trace, http_find(exchange, "traceparent")))
        trace_start(&asks->trace);
    trace_format_id(&asks->trace, asks->trace_id);
    buffer_init(&asks->consilium, &exchange->arena);
    exchange->state = asks;
    return asks;
}

void asks_start(struct asks *asks, struct slice deployment)
{
    struct http_exchange *exchange = asks->exchange;
    struct api_error api;

    if (!get_ready(asks, deployment, &api)) {
        asks_refuse(asks, &api);
        return;
    }
    http_on_gone(exchange, on_gone);
    http_on_writable(exchange, on_writable);
    if (asks->request.bundle.data == NULL) {
        start_answers(asks, asks->request.patient);
        return;
    }
    asks->record = inline_record_put(exchange, asks->request.bundle, on_put, asks, &api);
    if (asks->record == NULL)
        asks_refuse(asks, &api);
}
