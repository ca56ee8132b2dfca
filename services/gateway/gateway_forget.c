/* Forget: context forgets the record and the map, and so does the gateway. Loop thread. */
#include "gateway_audit.h"
#include "gateway_calls.h"

static void on_forgotten(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__ForgetContextReply *forgotten = message;
    Consilium__V1__ForgetReply reply = CONSILIUM__V1__FORGET_REPLY__INIT;
    struct call *call = arg;
    struct audit_record record = gateway_record(call, AUDIT_ACTION_FORGET, call->state);

    if (forgotten == NULL) {
        gateway_settle_failed(call, record, err);
        return;
    }
    reply.existed = forgotten->existed;
    record.detail = forgotten->existed ? NULL : "there was no record";
    gateway_settle(call, &record, &reply);
}

void forget_start(struct call *call)
{
    const Consilium__V1__ForgetRequest *message = call->request;
    Consilium__V1__ForgetContextRequest request = CONSILIUM__V1__FORGET_CONTEXT_REQUEST__INIT;
    struct rpc_options options = { .parent = call };
    struct gateway *gateway = call->service;
    struct patient_name *name = ARENA_NEW(&call->arena, struct patient_name);
    struct error err = { 0 };

    options.deadline_ns = gateway_leaf_deadline(gateway, call->deadline_ns);
    if (name == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
        call_fail(call, &err);
        return;
    }
    if (gateway_name_patient(call, message->tenant, message->patient, &call->arena, name, &err)
        != STATUS_OK) {
        gateway_settle_failed(call, gateway_record(call, AUDIT_ACTION_FORGET, name), &err);
        return;
    }
    call->state = name;
    maps_drop(gateway->maps, slice_from(name->scope));
    request.tenant = (char *)name->tenant;
    request.patient = (char *)name->pseudonym;
    if (rpc_call(gateway->context, &method_context_forget, &request, &options, on_forgotten, call,
                 NULL, &err)
        != STATUS_OK)
        gateway_settle_failed(call, gateway_record(call, AUDIT_ACTION_FORGET, name), &err);
}
