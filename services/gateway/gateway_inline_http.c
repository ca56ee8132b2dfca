#include "gateway_inline_http.h"

#include "base/limits.h"
#include "base/log.h"

struct inline_record {
    struct http_exchange *exchange;
    struct slice left; /* of the bundle, not yet handed on */
    const char *patient;
    struct call *call; /* PutRecord or Forget; NULL: none runs */
    Consilium__V1__PutRecordRequest chunk;
    Consilium__V1__ForgetRequest forget;
    bool is_put;
    void (*on_put)(void *arg, const char *patient, const struct error *err);
    void (*on_forgotten)(void *arg);
    void *arg;
};

static const void *next_chunk(void *arg)
{
    struct inline_record *record = arg;
    struct slice piece = slice_cut(record->left, 0, RECORD_CHUNK_BYTES);

    if (piece.size == 0)
        return NULL;
    record->left = slice_cut(record->left, piece.size, record->left.size);
    record->chunk.chunk = (ProtobufCBinaryData){ piece.size, (uint8_t *)piece.data };
    return &record->chunk;
}

static bool on_reply(void *arg, const void *message)
{
    (void)arg;
    (void)message;
    return true;
}

static void on_put_end(void *arg, const struct error *err)
{
    struct inline_record *record = arg;

    gateway_http_put_ended(gateway_of(record->exchange));
    record->call = NULL;
    record->is_put = err->status == STATUS_OK;
    record->on_put(record->arg, record->patient, err);
}

static bool name(struct inline_record *record)
{
    struct trace trace;
    char id[TRACE_ID_TEXT_BYTES];

    /* Nobody else's: as hard to guess as a trace id. */
    trace_start(&trace);
    trace_format_id(&trace, id);
    record->patient = arena_format(&record->exchange->arena, "inline-%s", id);
    return record->patient != NULL;
}

struct inline_record *inline_record_put(struct http_exchange *exchange, struct slice bundle,
                                        void (*on_put)(void *arg, const char *patient,
                                                       const struct error *err),
                                        void *arg, struct api_error *api)
{
    struct inline_record *record = ARENA_NEW(&exchange->arena, struct inline_record);
    struct call_local_options options = {
        .next = next_chunk, .on_message = on_reply, .on_end = on_put_end, .arg = record
    };
    struct error err;

    if (record != NULL)
        record->exchange = exchange;
    if (record == NULL || !name(record)) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
        api_error_from(api, &err);
        return NULL;
    }
    record->left = bundle;
    record->on_put = on_put;
    record->arg = arg;
    consilium__v1__put_record_request__init(&record->chunk);
    record->chunk.tenant = (char *)gateway_http_tenant(exchange);
    record->chunk.patient = (char *)record->patient;
    record->call = gateway_http_call(exchange, &method_gateway_put_record, &options, api);
    return record->call == NULL ? NULL : record;
}

void inline_record_cancel(struct inline_record *record)
{
    if (record->call != NULL && !record->is_put)
        call_local_cancel(record->call);
}

static void on_forget_end(void *arg, const struct error *err)
{
    struct inline_record *record = arg;

    gateway_http_ended(gateway_of(record->exchange));
    record->call = NULL;
    /* Its time to live still ends it. */
    if (err->status != STATUS_OK)
        log_warn("inline_record_kept", LOG_ERROR(err));
    record->on_forgotten(record->arg);
}

void inline_record_forget(struct inline_record *record, void (*on_forgotten)(void *arg), void *arg)
{
    struct call_local_options options = {
        .request = &record->forget, .on_message = on_reply, .on_end = on_forget_end, .arg = record
    };
    struct api_error api;

    record->on_forgotten = on_forgotten;
    record->arg = arg;
    consilium__v1__forget_request__init(&record->forget);
    record->forget.tenant = record->chunk.tenant;
    record->forget.patient = (char *)record->patient;
    if (record->is_put)
        record->call = gateway_http_call(record->exchange, &method_gateway_forget, &options, &api);
    if (record->call == NULL)
        on_forgotten(arg);
}
