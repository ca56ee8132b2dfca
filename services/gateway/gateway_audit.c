#include "gateway_audit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway_access.h"
#include "rpc/credentials.h"
#include "rpc/message.h"

static void on_credentials(void *arg, const struct error *err)
{
    gateway_note_change(arg, err, "new certificates of the mesh",
                        "the mesh's new certificates cannot be used; the old ones are");
}

enum status gateway_audit_open(struct gateway *gateway, struct error *err)
{
    const struct gateway_config *config = gateway->config;
    char host[64] = "", source[80];
    struct audit_options options = {
        .folder = config->audit_folder,
        .key_file = config->audit_key_file,
        .source = source,
        .segment_bytes = config->audit_segment_bytes,
        .home = &gateway->host->loop.mailbox,
    };

    gethostname(host, sizeof(host) - 1);
    snprintf(source, sizeof(source), "gateway@%s", host);
    gateway->audit = audit_open(&options, err);
    if (gateway->audit == NULL)
        return error_wrap(err, "--audit-folder");
    if (gateway->host->credentials != NULL)
        credentials_on_look(gateway->host->credentials, on_credentials, gateway);
    return STATUS_OK;
}

struct audit_record gateway_record(struct call *call, enum audit_action action,
                                   const struct patient_name *patient)
{
    struct audit_record record = {
        .action = action,
        .caller = gateway_caller(call),
        .tenant = patient->tenant,
        .patient = patient->pseudonym,
    };
    char *trace = arena_alloc(&call->arena, TRACE_ID_TEXT_BYTES);

    if (trace != NULL)
        trace_format_id(&call->trace, trace);
    record.trace = trace;
    return record;
}

struct settled {
    struct call *call;
    const void *message;
};

static void on_settled(void *arg, const struct error *err)
{
    const struct settled *settled = arg;

    if (err->status == STATUS_OK)
        call_reply(settled->call, settled->message);
    else
        call_fail(settled->call, err);
}

/* The message as it is when its record is durable: what it points at may be gone by then. */
static const void *keep(struct call *call, const ProtobufCMessage *message, struct error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(&call->arena, size);

    if (packed == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
        return NULL;
    }
    protobuf_c_message_pack(message, packed);
    return message_unpack(message->descriptor, slice_of(packed, size), &call->arena, err);
}

void gateway_settle(struct call *call, const struct audit_record *record, const void *message)
{
    struct gateway *gateway = call->service;
    struct settled *settled = ARENA_NEW(&call->arena, struct settled);
    struct error err = { 0 };

    if (settled == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
        call_fail(call, &err);
        return;
    }
    settled->call = call;
    settled->message = keep(call, message, &err);
    if (settled->message == NULL
        || audit_append(gateway->audit, record, on_settled, settled, &err) != STATUS_OK)
        call_fail(call, &err);
}

void gateway_settle_failed(struct call *call, struct audit_record record, const struct error *err)
{
    record.outcome = err->status;
    gateway_note(call->service, &record);
    call_fail(call, err);
}

void gateway_note(struct gateway *gateway, const struct audit_record *record)
{
    struct error err = { 0 };

    if (audit_append(gateway->audit, record, NULL, NULL, &err) != STATUS_OK)
        log_error("audit_lost", LOG_ERROR(&err));
}

void gateway_note_change(struct gateway *gateway, const struct error *err, const char *changed,
                         const char *kept)
{
    const struct audit_record record = {
        .action = AUDIT_ACTION_CONFIGURE,
        .outcome = err->status,
        .detail = err->status == STATUS_OK ? changed : kept,
    };

    gateway_note(gateway, &record);
}
