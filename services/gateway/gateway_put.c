/* PutRecord: one bundle in chunks, and what becomes of it. Loop thread.
 *
 *   READING ─ the caller's chunks, nothing read ahead, or the hospital's FHIR server's pages (gateway_pull.c) ─► RECALLING (the patient's map so far; none is fine)
 *           ─► REDACTING (deid, the whole bundle) ─► STORING (context) ─► reply
 *                                                       │
 *   RECALLING ◄─── another bundle of this patient came in between (ABORTED), a few times ─┘
 *
 * A caller that goes away before it has said that the bundle is whole leaves nothing behind. The
 * first bundle of a patient holds the Patient resource: without it nobody knows whom to look for in
 * the notes. */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "gateway_audit.h"
#include "gateway_calls.h"
#include "gateway_pull.h"
#include "run/clock.h"

#define TRIES_MAX 4

enum put_state {
    PUT_STATE_READING,
    PUT_STATE_RECALLING,
    PUT_STATE_REDACTING,
    PUT_STATE_STORING,
    PUT_STATE_ENDED,
};

static const struct machine_state states[] = {
    [PUT_STATE_READING] = { "reading",
                            MACHINE_TO(PUT_STATE_RECALLING) | MACHINE_TO(PUT_STATE_ENDED), false },
    [PUT_STATE_RECALLING] = { "recalling",
                              MACHINE_TO(PUT_STATE_REDACTING) | MACHINE_TO(PUT_STATE_ENDED),
                              false },
    [PUT_STATE_REDACTING] = { "redacting",
                              MACHINE_TO(PUT_STATE_STORING) | MACHINE_TO(PUT_STATE_ENDED), false },
    [PUT_STATE_STORING] = { "storing",
                            MACHINE_TO(PUT_STATE_RECALLING) | MACHINE_TO(PUT_STATE_ENDED), false },
    [PUT_STATE_ENDED] = { "ended", 0, true },
};

struct chunk {
    struct chunk *next;
    struct slice bytes;
};

struct put {
    struct call *call;
    struct gateway *gateway;
    struct machine machine;
    struct patient_name patient;
    Consilium__V1__Profile profile;
    struct chunk *first, **last;
    size_t size;
    struct slice bundle;
    unsigned tries;
    uint64_t version;     /* of the record that the bundle adds to; 0: none is known */
    struct error unknown; /* why nobody can say whether there is one; OK: context has said */
    Consilium__V1__ClassCount *counts, **count_list;
    size_t counts_count;
    Consilium__V1__Timing timings[5], *timing_list[5];
    unsigned timings_count;
    uint64_t step_began_ns;
};

static void recall(struct put *put);

static void fail(struct put *put, const struct error *err)
{
    machine_move(&put->machine, PUT_STATE_ENDED);
    gateway_settle_failed(put->call, gateway_record(put->call, AUDIT_ACTION_PUT, &put->patient),
                          err);
}

static void fail_memory(struct put *put)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record of %zu bytes", put->size);
    fail(put, &err);
}

/* Note how long the step took that ends now; a step done again adds to its row. */
static void note_timing(struct put *put, const char *step, const char *service)
{
    uint64_t now_ns = clock_now();
    Consilium__V1__Timing *timing;
    unsigned i;

    for (i = 0; i < put->timings_count && strcmp(put->timings[i].step, step) != 0; i++)
        continue;
    timing = &put->timings[i];
    if (i == put->timings_count) {
        consilium__v1__timing__init(timing);
        timing->step = (char *)step;
        timing->service = (char *)service;
        timing->start_us =
            (uint32_t)((put->step_began_ns - put->call->arrived_ns) / CLOCK_NS_PER_US);
        put->timing_list[put->timings_count++] = timing;
    }
    timing->duration_us += (uint32_t)((now_ns - put->step_began_ns) / CLOCK_NS_PER_US);
    put->step_began_ns = now_ns;
}

static void leaf_call(struct put *put, struct channel *channel, const struct method *method,
                      const void *request, rpc_reply_cb on_reply)
{
    /* A record may be large: the caller's own deadline bounds each step. */
    struct rpc_options options = { .deadline_ns = put->call->deadline_ns, .parent = put->call };
    struct error err = { 0 };

    if (rpc_call(channel, method, request, &options, on_reply, put, NULL, &err) != STATUS_OK)
        fail(put, &err);
}

static void reply_stored(struct put *put, const Consilium__V1__PutReply *stored)
{
    Consilium__V1__PutRecordReply reply = CONSILIUM__V1__PUT_RECORD_REPLY__INIT;
    struct audit_record record = gateway_record(put->call, AUDIT_ACTION_PUT, &put->patient);

    reply.resources = stored->resources;
    reply.resources_as_facts = stored->resources_as_facts;
    reply.n_not_facts = stored->n_not_facts;
    reply.not_facts = stored->not_facts;
    reply.facts = stored->facts;
    reply.durable = stored->durable;
    reply.n_redacted = put->counts_count;
    reply.redacted = put->count_list;
    reply.profile = put->profile;
    reply.n_timings = put->timings_count;
    reply.timings = put->timing_list;
    log_info("record_put", LOG_ID("patient", put->patient.pseudonym),
             LOG_NUMBER("resources", stored->resources), LOG_NUMBER("facts", stored->facts),
             LOG_NUMBER("durable", stored->durable));
    machine_move(&put->machine, PUT_STATE_ENDED);
    record.version = stored->version;
    record.count = stored->resources;
    gateway_settle(put->call, &record, &reply);
}

static void on_stored(void *arg, const void *message, const struct error *err)
{
    struct put *put = arg;

    note_timing(put, "store", "context");
    /* The patient's map has changed, or may have. */
    maps_drop(put->gateway->maps, slice_from(put->patient.scope));
    if (message != NULL) {
        reply_stored(put, message);
    } else if (err->status == STATUS_ABORTED && ++put->tries < TRIES_MAX) {
        machine_move(&put->machine, PUT_STATE_RECALLING);
        recall(put);
    } else {
        fail(put, err);
    }
}

static bool keep_counts(struct put *put, const Consilium__V1__RedactReply *redacted)
{
    struct arena *arena = &put->call->arena;
    size_t i;

    put->counts = ARENA_ARRAY(arena, Consilium__V1__ClassCount, redacted->n_counts + 1);
    put->count_list = ARENA_ARRAY(arena, Consilium__V1__ClassCount *, redacted->n_counts + 1);
    if (put->counts == NULL || put->count_list == NULL)
        return false;
    for (i = 0; i < redacted->n_counts; i++) {
        put->counts[i] = *redacted->counts[i];
        put->count_list[i] = &put->counts[i];
    }
    put->counts_count = redacted->n_counts;
    return true;
}

static void fail_nobody(struct put *put)
{
    struct error err;

    if (put->unknown.status != STATUS_OK) {
        fail(put, &put->unknown);
        return;
    }
    error_set(
        &err, STATUS_INVALID_ARGUMENT,
        "no Patient resource, and no record of this patient is here: a bundle with the Patient comes first");
    fail(put, &err);
}

static void on_redacted(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *redacted = message;
    Consilium__V1__PutRequest request = CONSILIUM__V1__PUT_REQUEST__INIT;
    struct put *put = arg;

    note_timing(put, "redact", "deid");
    if (redacted == NULL) {
        fail(put, err);
        return;
    }
    if (put->version == 0 && redacted->patient[0] == '\0') {
        fail_nobody(put);
        return;
    }
    if (!keep_counts(put, redacted)) {
        fail_memory(put);
        return;
    }
    request.tenant = (char *)put->patient.tenant;
    request.patient = (char *)put->patient.pseudonym;
    request.bundle = redacted->output;
    request.sealed_map = redacted->sealed_map;
    request.base_version = put->version;
    machine_move(&put->machine, PUT_STATE_STORING);
    leaf_call(put, put->gateway->context, &method_context_put, &request, on_stored);
}

static void on_recalled(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RecallReply *recalled = message;
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct put *put = arg;

    note_timing(put, "recall", "context");
    if (recalled == NULL && err->status != STATUS_NOT_FOUND && err->status != STATUS_UNAVAILABLE) {
        fail(put, err);
        return;
    }
    /* Redis is away and memory does not know the patient: context takes the bundle as one of a new
     * patient, in memory, and when Redis turns out to have a record, that one stays. */
    put->unknown = (struct error){ 0 };
    if (recalled == NULL && err->status == STATUS_UNAVAILABLE)
        put->unknown = *err;
    put->version = recalled == NULL ? 0 : recalled->version;
    request.scope = (char *)put->patient.scope;
    request.profile = put->profile;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR;
    request.fhir = (ProtobufCBinaryData){ put->bundle.size, (uint8_t *)put->bundle.data };
    if (recalled != NULL)
        request.sealed_map = recalled->sealed_map;
    machine_move(&put->machine, PUT_STATE_REDACTING);
    leaf_call(put, put->gateway->deid, &method_deid_redact, &request, on_redacted);
}

static void recall(struct put *put)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;

    request.tenant = (char *)put->patient.tenant;
    request.patient = (char *)put->patient.pseudonym;
    leaf_call(put, put->gateway->context, &method_context_recall, &request, on_recalled);
}

/* The chunks as one piece. */
static bool join_chunks(struct put *put)
{
    char *at = arena_alloc(&put->call->arena, put->size);
    const struct chunk *chunk;

    if (at == NULL)
        return false;
    put->bundle = slice_of(at, put->size);
    for (chunk = put->first; chunk != NULL; chunk = chunk->next) {
        if (chunk->bytes.size > 0)
            memcpy(at, chunk->bytes.data, chunk->bytes.size);
        at += chunk->bytes.size;
    }
    return true;
}

static void on_whole(struct put *put)
{
    struct error err;

    if (call_is_cancelled(put->call))
        error_set(&err, STATUS_CANCELLED, "the caller went away before the record was whole");
    else if (put->patient.scope == NULL)
        error_set(&err, STATUS_INVALID_ARGUMENT, "no message came: the first names the patient");
    else if (put->size == 0)
        error_set(&err, STATUS_INVALID_ARGUMENT, "the record is empty");
    else if (!join_chunks(put))
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record of %zu bytes",
                  put->size);
    else {
        note_timing(put, "receive", "gateway");
        machine_move(&put->machine, PUT_STATE_RECALLING);
        recall(put);
        return;
    }
    fail(put, &err);
}

static void on_pulled(void *arg, struct slice bundle, const struct error *err)
{
    struct put *put = arg;

    if (err->status != STATUS_OK) {
        fail(put, err);
        return;
    }
    put->bundle = bundle;
    put->size = bundle.size;
    note_timing(put, "pull", "gateway");
    machine_move(&put->machine, PUT_STATE_RECALLING);
    recall(put);
}

static void pull(struct put *put, const Consilium__V1__PutRecordRequest *message)
{
    const char *id = arena_string(&put->call->arena, slice_from(message->pull));
    struct error err = { 0 };

    if (id == NULL)
        fail_memory(put);
    else if (message->chunk.len > 0) {
        error_set(&err, STATUS_INVALID_ARGUMENT, "a record comes in chunks or is pulled, not both");
        fail(put, &err);
    } else if (pull_start(put->call, put->patient.tenant, id, on_pulled, put, &err) != STATUS_OK)
        fail(put, &err);
}

static enum status take_chunk(struct put *put, const Consilium__V1__PutRecordRequest *message,
                              struct error *err)
{
    struct chunk *chunk;

    if (message->chunk.len > RECORD_BYTES_MAX - put->size)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the record has more than %zu bytes",
                         RECORD_BYTES_MAX);
    chunk = ARENA_NEW(&put->call->arena, struct chunk);
    if (chunk != NULL)
        chunk->bytes =
            arena_copy(&put->call->arena, slice_of(message->chunk.data, message->chunk.len));
    if (chunk == NULL || chunk->bytes.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a record of %zu bytes",
                         put->size + message->chunk.len);
    *put->last = chunk;
    put->last = &chunk->next;
    put->size += chunk->bytes.size;
    return STATUS_OK;
}

static void on_message(struct call *call, const void *raw)
{
    const Consilium__V1__PutRecordRequest *message = raw;
    struct put *put = call->state;
    struct error err = { 0 };

    if (message == NULL) {
        on_whole(put);
        return;
    }
    if (put->patient.scope == NULL) {
        if (message->profile != CONSILIUM__V1__PROFILE__PROFILE_UNSPECIFIED)
            put->profile = message->profile;
        gateway_name_patient(call, message->tenant, message->patient, &call->arena, &put->patient,
                             &err);
        if (err.status == STATUS_OK && message->pull[0] != '\0') {
            pull(put, message);
            return;
        }
    }
    if (err.status == STATUS_OK && take_chunk(put, message, &err) == STATUS_OK)
        call_read(call, on_message);
    else
        fail(put, &err);
}

void put_start(struct call *call)
{
    struct put *put = ARENA_NEW(&call->arena, struct put);
    struct error err;

    if (put == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
        call_fail(call, &err);
        return;
    }
    put->call = call;
    put->gateway = call->service;
    put->profile = put->gateway->profile;
    put->last = &put->first;
    put->step_began_ns = call->arrived_ns;
    machine_init(&put->machine, states);
    call->state = put;
    call_read(call, on_message);
}
