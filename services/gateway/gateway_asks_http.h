/* What chat completions and responses have in common: a request becomes one Ask for each answer
 * that it wants, their events become one reply or one stream, and a face says in which words.
 *
 *   (an inline bundle is put) → asks → facts, and a tenth of a second or the first text: 200, begin
 *                                 │      → text, citation … → done → end
 *                                 │ failed before (a full queue): the status of the failure, as JSON
 *                                 └ failed after: an event with the error
 *
 * When the client goes, every ask is cancelled, and the engine stops with them. Loop thread. */
#ifndef GATEWAY_ASKS_HTTP_H
#define GATEWAY_ASKS_HTTP_H

#include "gateway_chat_read.h"
#include "gateway_chat_write.h"
#include "gateway_http.h"
#include "gateway_inline_http.h"

struct asks;

/* Of a stream, but for whole. */
struct asks_face {
    void (*begin)(struct asks *asks, unsigned index); /* the facts are known */
    void (*text)(struct asks *asks, unsigned index, struct slice text);
    void (*citation)(struct asks *asks, unsigned index, const Consilium__V1__AskCitation *citation);
    /* Elements with commas. */
    void (*logprobs)(struct asks *asks, unsigned index, struct slice logprobs);
    void (*done)(struct asks *asks, unsigned index, struct slice consilium);
    void (*end)(struct asks *asks, struct buffer *out);
    void (*fail)(struct asks *asks, const struct api_error *api, struct buffer *out);
    void (*whole)(struct asks *asks, struct buffer *out); /* the reply in one piece */
};

struct asks_answer {
    struct asks *asks;
    struct call *call; /* NULL: not begun, or ended */
    Consilium__V1__AskRequest ask;
    Consilium__V1__Sampling sampling;
    struct buffer text, citations, logprobs; /* the latter two as JSON, with commas */
    struct chat_usage usage;
    const char *finish_reason;
    bool has_facts, has_begun; /* the facts are known; and told */
};

struct asks {
    struct http_exchange *exchange;
    struct gateway *gateway;
    const struct asks_face *face;
    struct chat_request request;
    struct trace trace;
    char trace_id[TRACE_ID_TEXT_BYTES];
    const char *model, *adapter, *digest; /* @model with the adapter, where one is named */
    int64_t created_s;
    struct asks_answer answers[CHAT_ANSWERS_MAX];
    struct buffer consilium; /* members of "consilium" that all answers share */
    void *state;             /* the face's */

    /* the rest is gateway_asks_http.c's own */
    Consilium__V1__Turn *turns, **turn_list; /* before the question */
    ProtobufCBinaryData stops[CHAT_STOPS_MAX];
    Consilium__V1__Constraint constraint;
    unsigned running;
    struct error failure;
    struct inline_record *record; /* NULL: no bundle came along */
    struct http_stream stream;
    bool is_waiting; /* the stream could begin, and does so soon or with the first text */
    bool is_streaming, is_over;
};

/* New, in the exchange's arena, with trace and time. NULL: it has been answered. */
struct asks *asks_create(struct http_exchange *exchange, const struct asks_face *face);

/* asks->request has been read: begin, or answer why not. @deployment: the model that the path
 * names, or {NULL, 0}. */
void asks_start(struct asks *asks, struct slice deployment);

/* Answer @api, before asks_start. */
void asks_refuse(struct asks *asks, const struct api_error *api);

/* Send what @event holds, and give its memory back up to @mark. */
void asks_send(struct asks *asks, struct buffer *event, struct arena_mark mark);

/* Of the whole answer: elements with commas; data NULL: not asked for. */
struct slice asks_logprobs(const struct asks *asks, unsigned index);

struct chat_usage asks_usage(const struct asks *asks);

#endif
