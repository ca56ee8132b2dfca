/* unpack → open the map → redact, inspect or restore → seal → reply.
 *
 * A question or a sentence takes a fraction of a millisecond and is done on the rpc thread that it
 * arrived on; anything larger hops to a worker. */
#include "deid_rpc.h"

#include "base/limits.h"

#include "deid_fhir.h"
#include "deid_fhir_restore.h"
#include "deid_restore.h"
#include "deid_rpc_common.h"
#include "deid_rpc_stream.h"

#define INLINE_TEXT_BYTES_MAX (2 * KIB)
#define INLINE_MAP_BYTES_MAX (128 * KIB)

/* A tree of JSON, its redaction and the map take several times the bytes of the request. */
#define CALL_ARENA_BYTES ((size_t)2048 * MIB)
#define CALLS_MAX 16
#define QUEUE_MAX 64

/* A stream lives as long as its document comes in: 100 MB of prose take ten seconds of work. Who
 * stops sending gives the place back after a quarter of an hour. */
#define STREAMS_MAX 8
#define STREAMS_QUEUE_MAX 16
#define STREAM_DEADLINE_MS 900000

static Consilium__V1__Span *span_pack(struct arena *arena, const struct deid_found *found)
{
    Consilium__V1__Span *span = arena_alloc(arena, sizeof(*span));

    if (span == NULL)
        return NULL;
    consilium__v1__span__init(span);
    span->start = found->span.start;
    span->end = found->span.end;
    span->class_ = (Consilium__V1__IdentifierClass)found->span.class;
    span->score = found->span.score;
    span->surrogate =
        found->surrogate.size == 0 ? (char *)"" : arena_string(arena, found->surrogate);
    span->path = found->path == NULL ? (char *)"" : (char *)found->path;
    return span->surrogate == NULL ? NULL : span;
}

/* What was found, oldest first. False: no room. */
static bool spans_pack(struct arena *arena, const struct deid_found *newest,
                       Consilium__V1__Span ***spans, size_t *count)
{
    const struct deid_found *found;
    size_t at;

    *count = 0;
    for (found = newest; found != NULL; found = found->next)
        (*count)++;
    *spans = ARENA_ARRAY(arena, Consilium__V1__Span *, *count);
    if (*spans == NULL)
        return false;
    for (found = newest, at = *count; found != NULL; found = found->next) {
        (*spans)[--at] = span_pack(arena, found);
        if ((*spans)[at] == NULL)
            return false;
    }
    return true;
}

static enum status redact_input(struct deid_redactor *redactor,
                                const Consilium__V1__RedactRequest *request, struct slice *output,
                                struct slice *patient, struct error *err)
{
    switch (request->input_case) {
    case CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT:
        redactor->is_alone = request->sealed_map.len == 0;
        return deid_redact_text(redactor, deid_rpc_bytes(request->text), false, output, err);
    case CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR:
        return deid_fhir_redact(redactor, deid_rpc_bytes(request->fhir), output, patient, err);
    default:
        return error_set(err, STATUS_INVALID_ARGUMENT, "neither text nor fhir");
    }
}

static enum status redact_reply(struct call *call, struct deid_redactor *redactor,
                                const Consilium__V1__RedactRequest *request,
                                Consilium__V1__RedactReply *reply, struct error *err)
{
    const struct deid *deid = call->service;
    struct slice output, sealed = deid_rpc_bytes(request->sealed_map), patient = { NULL, 0 };
    enum status status = redact_input(redactor, request, &output, &patient, err);

    if (status == STATUS_OK && (redactor->map->is_changed || sealed.size == 0))
        status = deid_seal(redactor->map, &deid->key, slice_from(request->scope), &call->arena,
                           &sealed, err);
    if (status != STATUS_OK)
        return status;
    reply->map_generation =
        redactor->map->generation + (redactor->map->is_changed || request->sealed_map.len == 0);
    reply->output = deid_rpc_data(output);
    reply->sealed_map = deid_rpc_data(sealed);
    reply->patient = patient.size == 0 ? (char *)"" : arena_string(&call->arena, patient);
    if (reply->patient == NULL
        || !spans_pack(&call->arena, redactor->found, &reply->spans, &reply->n_spans)
        || !deid_rpc_counts_pack(&call->arena, redactor->counts, &reply->counts, &reply->n_counts))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the reply");
    return STATUS_OK;
}

static void redact_run(struct call *call)
{
    const Consilium__V1__RedactRequest *request = call->request;
    const struct deid *deid = call->service;
    Consilium__V1__RedactReply reply = CONSILIUM__V1__REDACT_REPLY__INIT;
    struct deid_redactor redactor;
    struct deid_map map;
    struct error err = { 0 };
    enum status status;

    status = deid_rpc_map_open(
        call,
        &(struct deid_rpc_opening){ "Redact", deid_rpc_bytes(request->sealed_map), request->scope,
                                    (int)request->profile, request->generation_min },
        &map, &err);
    if (status != STATUS_OK) {
        deid_rpc_fail(call, &err);
        return;
    }
    status = deid_redactor_init(&redactor, &deid->rules, &map, &call->arena, &err);
    redactor.keep_spans = request->with_spans;
    redactor.policy = &deid->policy;
    if (status == STATUS_OK)
        status = deid_rpc_style_set(deid, (int)request->style, &map, &err);
    if (status == STATUS_OK)
        status = redact_reply(call, &redactor, request, &reply, &err);
    if (status == STATUS_OK)
        call_reply(call, &reply);
    else
        deid_rpc_fail(call, &err);
    deid_redactor_close(&redactor);
}

/* Where the work is done: here when it is little. */
static void run_here_or_worker(struct call *call, size_t text_bytes, size_t map_bytes,
                               void (*run)(struct call *call))
{
    if (text_bytes <= INLINE_TEXT_BYTES_MAX && map_bytes <= INLINE_MAP_BYTES_MAX)
        run(call);
    else
        call_run_on_worker(call, run);
}

static void redact_start(struct call *call)
{
    const Consilium__V1__RedactRequest *request = call->request;
    bool is_text = request->input_case == CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;

    run_here_or_worker(call, is_text ? request->text.len : SIZE_MAX, request->sealed_map.len,
                       redact_run);
}

static enum status inspect_reply(struct deid_redactor *redactor, struct slice text,
                                 Consilium__V1__InspectReply *reply, struct error *err)
{
    struct deid_spans spans;
    enum status status = deid_inspect_text(redactor, text, &spans, err);
    unsigned i;

    if (status != STATUS_OK)
        return status;
    reply->spans = ARENA_ARRAY(redactor->arena, Consilium__V1__Span *, spans.count);
    for (i = 0; reply->spans != NULL && i < spans.count; i++) {
        struct deid_found found = { .span = spans.items[i] };

        reply->spans[i] = span_pack(redactor->arena, &found);
        if (reply->spans[i] == NULL)
            break;
        reply->n_spans++;
    }
    if (reply->n_spans < spans.count)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans.count);
    return STATUS_OK;
}

static void inspect_run(struct call *call)
{
    const Consilium__V1__InspectRequest *request = call->request;
    const struct deid *deid = call->service;
    Consilium__V1__InspectReply reply = CONSILIUM__V1__INSPECT_REPLY__INIT;
    struct deid_redactor redactor;
    struct deid_map map;
    struct error err = { 0 };
    enum status status = deid_rpc_map_open(
        call,
        &(struct deid_rpc_opening){ "Inspect", deid_rpc_bytes(request->sealed_map), request->scope,
                                    0, 0 },
        &map, &err);

    if (status != STATUS_OK) {
        deid_rpc_fail(call, &err);
        return;
    }
    status = deid_redactor_init(&redactor, &deid->rules, &map, &call->arena, &err);
    redactor.policy = &deid->policy;
    if (status == STATUS_OK)
        status = inspect_reply(&redactor, deid_rpc_bytes(request->text), &reply, &err);
    if (status == STATUS_OK)
        call_reply(call, &reply);
    else
        deid_rpc_fail(call, &err);
    deid_redactor_close(&redactor);
}

static void inspect_start(struct call *call)
{
    const Consilium__V1__InspectRequest *request = call->request;

    run_here_or_worker(call, request->text.len, request->sealed_map.len, inspect_run);
}

/* A text that is a FHIR resource is put back element by element, any other as it stands. */
static enum status restore_one(struct deid_map *map, struct slice text, struct arena *arena,
                               struct slice *output, struct error *err)
{
    static const char marker[] = "\"resourceType\"";
    size_t head = text.size < 4096 ? text.size : 4096;

    if (text.size > 0 && text.data[0] == '{'
        && memmem(text.data, head, marker, sizeof(marker) - 1) != NULL
        && deid_fhir_restore(map, text, arena, output, NULL) == STATUS_OK)
        return STATUS_OK;
    return deid_restore_text(map, text, arena, output, err);
}

static void restore_run(struct call *call)
{
    const Consilium__V1__RestoreRequest *request = call->request;
    Consilium__V1__RestoreReply reply = CONSILIUM__V1__RESTORE_REPLY__INIT;
    struct deid_map map;
    struct error err = { 0 };
    enum status status;
    size_t i;

    if (request->sealed_map.len == 0)
        status = error_set(&err, STATUS_INVALID_ARGUMENT, "no sealed map");
    else
        status = deid_rpc_map_open(
            call,
            &(struct deid_rpc_opening){ "Restore", deid_rpc_bytes(request->sealed_map),
                                        request->scope, 0, request->generation_min },
            &map, &err);
    reply.texts = ARENA_ARRAY(&call->arena, ProtobufCBinaryData, request->n_texts);
    if (status == STATUS_OK && reply.texts == NULL)
        status =
            error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu texts", request->n_texts);
    for (i = 0; status == STATUS_OK && i < request->n_texts; i++) {
        struct slice output;

        status = restore_one(&map, deid_rpc_bytes(request->texts[i]), &call->arena, &output, &err);
        reply.texts[i] = deid_rpc_data(output);
        reply.n_texts++;
    }
    if (status == STATUS_OK)
        call_reply(call, &reply);
    else
        deid_rpc_fail(call, &err);
}

static void restore_start(struct call *call)
{
    const Consilium__V1__RestoreRequest *request = call->request;
    size_t bytes = 0, i;

    for (i = 0; i < request->n_texts; i++)
        bytes += request->texts[i].len;
    run_here_or_worker(call, bytes, request->sealed_map.len, restore_run);
}

const struct server_method deid_methods[] = {
    { &method_deid_redact, METHOD_PLACE_INLINE, redact_start, CALLS_MAX, QUEUE_MAX,
      CALL_ARENA_BYTES, 0 },
    { &method_deid_inspect, METHOD_PLACE_INLINE, inspect_start, CALLS_MAX, QUEUE_MAX,
      CALL_ARENA_BYTES, 0 },
    { &method_deid_restore, METHOD_PLACE_INLINE, restore_start, 0, 0, CALL_ARENA_BYTES, 0 },
    { &method_deid_redact_stream, METHOD_PLACE_INLINE, deid_rpc_stream_start, STREAMS_MAX,
      STREAMS_QUEUE_MAX, CALL_ARENA_BYTES, STREAM_DEADLINE_MS },
    { 0 },
};
