/* POST …/responses: in the words of OpenAI's responses API. Nothing of a response is kept. Loop
 * thread. */
#include "gateway_asks_http.h"
#include "gateway_responses_read.h"

struct responses {
    unsigned sequence; /* of the next event */
};

/* An event up to its own members, which the caller puts and end_event closes. */
static void begin_event(struct asks *asks, struct buffer *out, const char *type)
{
    struct responses *responses = asks->state;

    buffer_format(out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%u", type, type,
                  responses->sequence++);
}

static void end_event(struct buffer *out)
{
    buffer_put_string(out, "}\n\n");
}

static void put_part(struct buffer *out, struct slice text, struct slice logprobs)
{
    buffer_put_string(out, "{\"type\":\"output_text\",\"text\":");
    buffer_put_json(out, text);
    buffer_put_string(out, ",\"annotations\":[],\"logprobs\":[");
    buffer_put(out, logprobs);
    buffer_put_string(out, "]}");
}

static void put_item(const struct asks *asks, struct buffer *out, const char *status,
                     struct slice text)
{
    buffer_format(out,
                  "{\"id\":\"msg_%s\",\"type\":\"message\",\"status\":\"%s\","
                  "\"role\":\"assistant\",\"content\":[",
                  asks->trace_id, status);
    if (text.data != NULL)
        put_part(out, text, asks_logprobs(asks, 0));
    buffer_put_string(out, "]}");
}

static void put_usage(struct buffer *out, const struct chat_usage *usage)
{
    buffer_format(out,
                  "{\"input_tokens\":%u,\"input_tokens_details\":{\"cached_tokens\":%u},"
                  "\"output_tokens\":%u,\"output_tokens_details\":{\"reasoning_tokens\":0},"
                  "\"total_tokens\":%u}",
                  usage->prompt, usage->cached, usage->completion,
                  usage->prompt + usage->completion);
}

static bool is_cut(const struct asks *asks)
{
    const char *reason = asks->answers[0].finish_reason;

    return reason != NULL && slice_is(slice_from(reason), "length");
}

/* The response as it is: in progress, or complete with its text. */
static void put_response(const struct asks *asks, struct buffer *out, bool is_over)
{
    const struct asks_answer *answer = &asks->answers[0];
    struct slice text = answer->text.data == NULL ? SLICE("") : buffer_slice(&answer->text);
    const char *status = !is_over ? "in_progress" : is_cut(asks) ? "incomplete" : "completed";
    struct chat_usage usage = asks_usage(asks);

    buffer_format(out,
                  "{\"id\":\"resp_%s\",\"object\":\"response\",\"created_at\":%lld,"
                  "\"status\":\"%s\",\"error\":null,\"incomplete_details\":%s,\"model\":",
                  asks->trace_id, (long long)asks->created_s, status,
                  is_over && is_cut(asks) ? "{\"reason\":\"max_output_tokens\"}" : "null");
    buffer_put_json(out, slice_from(asks->model));
    buffer_put_string(out, ",\"output\":[");
    if (is_over)
        put_item(asks, out, status, text);
    buffer_format(out,
                  "],\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":false,"
                  "\"previous_response_id\":null,\"store\":false,\"temperature\":%g,"
                  "\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":%g,"
                  "\"truncation\":\"disabled\",\"usage\":",
                  (double)asks->request.temperature,
                  asks->request.top_p > 0 ? (double)asks->request.top_p : 1.0);
    if (is_over)
        put_usage(out, &usage);
    else
        buffer_put_string(out, "null");
    buffer_put_string(out, ",\"consilium\":{");
    buffer_put(out, buffer_slice(&asks->consilium));
    if (is_over) {
        buffer_put_string(out, ",\"citations\":[");
        buffer_put(out, buffer_slice(&answer->citations));
        buffer_put_byte(out, ']');
    }
    buffer_put_string(out, "}}");
}

static void put_response_event(struct asks *asks, struct buffer *out, const char *type,
                               bool is_over)
{
    begin_event(asks, out, type);
    buffer_put_string(out, ",\"response\":");
    put_response(asks, out, is_over);
    end_event(out);
}

/* Where in the response an event's text belongs. */
static void put_place(const struct asks *asks, struct buffer *out, bool has_part)
{
    buffer_put_string(out, ",\"output_index\":0");
    if (has_part)
        buffer_format(out, ",\"item_id\":\"msg_%s\",\"content_index\":0", asks->trace_id);
}

static void put_item_event(struct asks *asks, struct buffer *out, const char *type,
                           const char *status, struct slice text)
{
    begin_event(asks, out, type);
    put_place(asks, out, false);
    buffer_put_string(out, ",\"item\":");
    put_item(asks, out, status, text);
    end_event(out);
}

static void put_part_event(struct asks *asks, struct buffer *out, const char *type,
                           struct slice text)
{
    begin_event(asks, out, type);
    put_place(asks, out, true);
    buffer_put_string(out, ",\"part\":");
    put_part(out, text, asks_logprobs(asks, 0));
    end_event(out);
}

static void put_text_event(struct asks *asks, struct buffer *out, const char *type,
                           const char *member, struct slice text, struct slice logprobs)
{
    begin_event(asks, out, type);
    put_place(asks, out, true);
    buffer_put_string(out, ",\"logprobs\":[");
    buffer_put(out, logprobs);
    buffer_format(out, "],\"%s\":", member);
    buffer_put_json(out, text);
    end_event(out);
}

static void begin(struct asks *asks, unsigned index)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer out;

    (void)index;
    buffer_init(&out, &asks->exchange->arena);
    put_response_event(asks, &out, "response.created", false);
    put_response_event(asks, &out, "response.in_progress", false);
    put_item_event(asks, &out, "response.output_item.added", "in_progress",
                   (struct slice){ NULL, 0 });
    put_part_event(asks, &out, "response.content_part.added", SLICE(""));
    asks_send(asks, &out, mark);
}

static void send_text(struct asks *asks, unsigned index, struct slice text)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer out;

    (void)index;
    buffer_init(&out, &asks->exchange->arena);
    put_text_event(asks, &out, "response.output_text.delta", "delta", text, SLICE(""));
    asks_send(asks, &out, mark);
}

static void send_logprobs(struct asks *asks, unsigned index, struct slice logprobs)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer out;

    (void)index;
    buffer_init(&out, &asks->exchange->arena);
    put_text_event(asks, &out, "response.output_text.delta", "delta", SLICE(""), logprobs);
    asks_send(asks, &out, mark);
}

/* With a delta of no text: SDKs fall over events that they do not know, and pass members on. */
static void send_citation(struct asks *asks, unsigned index,
                          const Consilium__V1__AskCitation *citation)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer out;

    (void)index;
    buffer_init(&out, &asks->exchange->arena);
    begin_event(asks, &out, "response.output_text.delta");
    put_place(asks, &out, true);
    buffer_put_string(&out, ",\"logprobs\":[],\"delta\":\"\",\"consilium\":{\"citations\":[");
    chat_put_citation(&out, citation);
    buffer_put_string(&out, "]}");
    end_event(&out);
    asks_send(asks, &out, mark);
}

static void done(struct asks *asks, unsigned index, struct slice consilium)
{
    (void)asks;
    (void)index;
    (void)consilium; /* told with response.completed */
}

static void end(struct asks *asks, struct buffer *out)
{
    struct slice text = buffer_slice(&asks->answers[0].text);
    const char *status = is_cut(asks) ? "incomplete" : "completed";

    if (text.data == NULL)
        text = SLICE("");
    put_text_event(asks, out, "response.output_text.done", "text", text, asks_logprobs(asks, 0));
    put_part_event(asks, out, "response.content_part.done", text);
    put_item_event(asks, out, "response.output_item.done", status, text);
    put_response_event(asks, out, is_cut(asks) ? "response.incomplete" : "response.completed",
                       true);
}

static void fail(struct asks *asks, const struct api_error *api, struct buffer *out)
{
    begin_event(asks, out, "error");
    buffer_put_string(out, ",\"code\":");
    buffer_put_json(out, slice_from(api->code));
    buffer_put_string(out, ",\"message\":");
    buffer_put_json(out, slice_from(api->text));
    buffer_put_string(out, ",\"param\":null");
    end_event(out);
}

static void whole(struct asks *asks, struct buffer *out)
{
    put_response(asks, out, true);
}

static const struct asks_face face = {
    .begin = begin,
    .text = send_text,
    .citation = send_citation,
    .logprobs = send_logprobs,
    .done = done,
    .end = end,
    .fail = fail,
    .whole = whole,
};

void responses_http_start(struct http_exchange *exchange, struct slice rest)
{
    struct asks *asks = asks_create(exchange, &face);
    struct api_error api;

    (void)rest;
    if (asks == NULL)
        return;
    asks->state = ARENA_NEW(&exchange->arena, struct responses);
    if (asks->state == NULL)
        api_error_request(&api, NULL, "the request needs more memory than one may have");
    else if (responses_read(exchange->body, &exchange->arena, &asks->request, &api)) {
        asks_start(asks, (struct slice){ NULL, 0 });
        return;
    }
    asks_refuse(asks, &api);
}
