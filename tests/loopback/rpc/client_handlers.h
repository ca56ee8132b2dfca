/* The servers that the tests of the calling side call: their handlers do what the text of the
 * request says. */
#ifndef CLIENT_HANDLERS_H
#define CLIENT_HANDLERS_H

#include "client_fixture.h"

/* Calls that a handler keeps. */
static struct call *kept[8];
static unsigned kept_count, kept_cancelled;

static inline void on_kept_cancel(struct call *call)
{
    struct error err = { 0 };

    kept_cancelled++;
    error_set(&err, STATUS_CANCELLED, "the caller has gone");
    call_fail(call, &err);
}

static inline void keep(struct call *call)
{
    kept[kept_count++] = call;
    call_on_cancel(call, on_kept_cancel);
}

static inline void reply_ids(struct call *call, unsigned first, unsigned count)
{
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    uint32_t ids[16];
    unsigned i;

    for (i = 0; i < count; i++)
        ids[i] = first + i;
    reply.ids = ids;
    reply.n_ids = count;
    call_reply(call, &reply);
}

static inline void reply_trace(struct call *call)
{
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    uint32_t ids[4];

    memcpy(ids, call->trace.trace_id, sizeof(ids));
    reply.ids = ids;
    reply.n_ids = 4;
    call_reply(call, &reply);
}

static inline void refuse(struct call *call, enum status status)
{
    struct error err = { 0 };

    error_set(&err, status, "on purpose");
    call_fail(call, &err);
}

static inline void start_encode(struct call *call)
{
    const Consilium__V1__EncodeRequest *request = call->request;
    struct fixture *fixture = call->service;
    unsigned seen = ++fixture->calls;

    if (strcmp(request->text, "three") == 0)
        reply_ids(call, 7, 3);
    else if (strcmp(request->text, "fail") == 0)
        refuse(call, STATUS_NOT_FOUND);
    else if (strcmp(request->text, "unavailable") == 0)
        refuse(call, STATUS_UNAVAILABLE);
    else if (strcmp(request->text, "third time") == 0 && seen < 3)
        refuse(call, STATUS_UNAVAILABLE);
    else if (strcmp(request->text, "dropped once") == 0 && seen < 2)
        refuse(call, STATUS_CANCELLED);
    else if (strcmp(request->text, "second time") == 0 && seen < 2)
        keep(call);
    else if (strcmp(request->text, "keep") == 0)
        keep(call);
    else if (strcmp(request->text, "trace") == 0)
        reply_trace(call);
    else
        reply_ids(call, seen, 1);
}

static inline void start_second(struct call *call)
{
    struct fixture *fixture = call->service;

    fixture->second_calls++;
    reply_ids(call, 100, 1);
}

/* Streams as many messages as the request has ids, or for ever when it has none. */
static inline void start_generate(struct call *call)
{
    const Consilium__V1__GenerateRequest *request = call->request;
    Consilium__V1__GenerateReply reply = CONSILIUM__V1__GENERATE_REPLY__INIT;
    struct fixture *fixture = call->service;
    size_t i;

    fixture->calls++;
    if (request->n_ids == 0) {
        keep(call);
        call_send(call, &reply);
        return;
    }
    for (i = 0; i < request->n_ids; i++) {
        reply.ids = &request->ids[i];
        reply.n_ids = 1;
        call_send(call, &reply);
    }
    if (request->tokens_max == 13)
        refuse(call, STATUS_ABORTED);
    else
        call_finish(call);
}

static size_t uploaded_bytes;

static inline void on_chunk(struct call *call, const void *message)
{
    const Consilium__V1__PutRecordRequest *request = message;
    Consilium__V1__PutRecordReply reply = CONSILIUM__V1__PUT_RECORD_REPLY__INIT;
    struct fixture *fixture = call->service;
    const char *patient = request == NULL ? "" : request->patient;

    if (request != NULL && request->chunk.len == 1) {
        refuse(call, STATUS_INVALID_ARGUMENT);
        return;
    }
    if (strcmp(patient, "unavailable") == 0
        || (strcmp(patient, "second time") == 0 && fixture->calls < 2)) {
        refuse(call, STATUS_UNAVAILABLE);
        return;
    }
    if (request != NULL) {
        uploaded_bytes += request->chunk.len;
        call_read(call, on_chunk);
        return;
    }
    reply.resources = (uint32_t)uploaded_bytes;
    call_reply(call, &reply);
}

static inline void start_put_record(struct call *call)
{
    struct fixture *fixture = call->service;

    fixture->calls++;
    uploaded_bytes = 0;
    call_read(call, on_chunk);
}

/* Encode that may not be repeated. */
static struct method encode_once;

static const struct server_method methods[] = {
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_encode },
    { .method = &method_inference_generate, .place = METHOD_PLACE_LOOP, .start = start_generate },
    { .method = &method_gateway_put_record, .place = METHOD_PLACE_LOOP, .start = start_put_record },
    { 0 },
};

/* The second server can ask the first on behalf of its own call. */
static struct outcome child;

static inline void on_child_reply(void *arg, const void *reply, const struct error *err)
{
    struct call *call = arg;
    Consilium__V1__CountReply answer = CONSILIUM__V1__COUNT_REPLY__INIT;

    child.is_done = true;
    child.err = *err;
    if (reply == NULL)
        call_fail(call, err);
    else
        call_reply(call, &answer);
}

static inline void start_count(struct call *call)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct rpc_options options = fixture_options(60000);
    struct fixture *fixture = call->service;
    const Consilium__V1__CountRequest *asked = call->request;

    options.parent = call;
    request.text = asked->texts[0];
    child = (struct outcome){ .fixture = fixture };
    assert_int_equal(rpc_call(fixture->state, &method_tokenizer_encode, &request, &options,
                              on_child_reply, call, NULL, NULL),
                     STATUS_OK);
}

static const struct server_method second_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_LOOP, .start = start_count },
    { .method = &method_tokenizer_encode, .place = METHOD_PLACE_LOOP, .start = start_second },
    { 0 },
};

static struct fixture fixture;

static inline int open_fixture(void **state)
{
    (void)state;
    kept_count = kept_cancelled = 0;
    encode_once = method_tokenizer_encode;
    encode_once.is_repeatable = false;
    fixture_open(&fixture, methods);
    return 0;
}

static inline int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

static inline struct outcome encode(const char *text)
{
    struct rpc_options options = fixture_options(10000);

    return outcome_of(&fixture, &method_tokenizer_encode, text, &options);
}

static inline void wait_for_kept(unsigned count)
{
    while (kept_count < count)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
}

static inline void wait_for_cancelled(unsigned count)
{
    while (kept_cancelled < count)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

#endif
