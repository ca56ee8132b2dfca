/* POST …/chat/completions: in the words of OpenAI's chat API. Loop thread. */
#include "gateway_asks_http.h"

static struct chat_head head_of(const struct asks *asks)
{
    return (struct chat_head){
        .id = arena_format(&asks->exchange->arena, "chatcmpl-%s", asks->trace_id),
        .model = asks->model,
        .digest = asks->digest,
        .created_s = asks->created_s,
    };
}

#define NO_LOGPROBS ((struct slice){ NULL, 0 })

static void send_chunk(struct asks *asks, unsigned index, struct slice delta, struct slice logprobs,
                       const char *finish_reason, struct slice consilium)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct chat_head head = head_of(asks);
    struct buffer event;

    buffer_init(&event, &asks->exchange->arena);
    chat_put_chunk(&event, &head, index, delta, logprobs, finish_reason, consilium);
    asks_send(asks, &event, mark);
}

static void begin(struct asks *asks, unsigned index)
{
    send_chunk(asks, index, SLICE("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"),
               NO_LOGPROBS, NULL, index == 0 ? buffer_slice(&asks->consilium) : SLICE(""));
}

static void send_text(struct asks *asks, unsigned index, struct slice text)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer delta;

    buffer_init(&delta, &asks->exchange->arena);
    buffer_put_string(&delta, "{\"content\":");
    buffer_put_json(&delta, text);
    buffer_put_byte(&delta, '}');
    send_chunk(asks, index, delta.is_full ? SLICE("{}") : buffer_slice(&delta), NO_LOGPROBS, NULL,
               SLICE(""));
    arena_rewind(&asks->exchange->arena, mark);
}

static void send_citation(struct asks *asks, unsigned index,
                          const Consilium__V1__AskCitation *citation)
{
    struct arena_mark mark = arena_mark(&asks->exchange->arena);
    struct buffer members;

    buffer_init(&members, &asks->exchange->arena);
    buffer_put_string(&members, "\"citations\":[");
    chat_put_citation(&members, citation);
    buffer_put_byte(&members, ']');
    send_chunk(asks, index, SLICE("{}"), NO_LOGPROBS, NULL, buffer_slice(&members));
    arena_rewind(&asks->exchange->arena, mark);
}

/* Behind or before the text that they belong to: text waits for whole words. */
static void send_logprobs(struct asks *asks, unsigned index, struct slice logprobs)
{
    send_chunk(asks, index, SLICE("{}"), logprobs, NULL, SLICE(""));
}

static void done(struct asks *asks, unsigned index, struct slice consilium)
{
    send_chunk(asks, index, SLICE("{}"), NO_LOGPROBS, asks->answers[index].finish_reason,
               consilium);
}

static void end(struct asks *asks, struct buffer *out)
{
    struct chat_usage usage = asks_usage(asks);
    struct chat_head head = head_of(asks);

    if (asks->request.has_usage)
        chat_put_usage_chunk(out, &head, &usage);
    buffer_put_string(out, "data: [DONE]\n\n");
}

static void fail(struct asks *asks, const struct api_error *api, struct buffer *out)
{
    (void)asks;
    buffer_put_string(out, "data: ");
    api_error_format(api, out);
    buffer_put_string(out, "\n\n");
}

static void whole(struct asks *asks, struct buffer *out)
{
    struct chat_answer answers[CHAT_ANSWERS_MAX];
    struct chat_usage usage = asks_usage(asks);
    struct chat_head head = head_of(asks);
    unsigned i;

    for (i = 0; i < asks->request.answers; i++)
        answers[i] = (struct chat_answer){
            .index = i,
            .text = buffer_slice(&asks->answers[i].text),
            .citations = buffer_slice(&asks->answers[i].citations),
            .logprobs = asks_logprobs(asks, i),
            .finish_reason = asks->answers[i].finish_reason,
        };
    chat_put_completion(out, &head, answers, asks->request.answers, &usage,
                        buffer_slice(&asks->consilium));
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

void chat_http_start(struct http_exchange *exchange, struct slice deployment)
{
    struct asks *asks = asks_create(exchange, &face);
    struct api_error api;

    if (asks == NULL)
        return;
    if (chat_read(exchange->body, &exchange->arena, &asks->request, &api))
        asks_start(asks, deployment);
    else
        asks_refuse(asks, &api);
}
