/* GetResources: the record's resources as they were put, in pages, de-identified. Loop thread.
 *
 *   PAGE (context) ─► reply
 *   RECALL (the map) ─► PAGE ─► RESTORE (deid, the page as one Bundle) ─► reply     for who asks for originals and may see them
 */
#include <string.h>

#include "gateway_access.h"
#include "gateway_audit.h"
#include "gateway_calls.h"

struct paging {
    struct call *call;
    struct gateway *gateway;
    const Consilium__V1__GetResourcesRequest *request;
    struct patient_name patient;
    struct slice sealed_map;
    char *next_page_token;
    uint32_t count, total;
};

static struct audit_record record_of(struct paging *paging)
{
    struct audit_record record = gateway_record(paging->call, AUDIT_ACTION_READ, &paging->patient);

    record.method = "GetResources";
    return record;
}

static void fail(struct paging *paging, const struct error *err)
{
    gateway_settle_failed(paging->call, record_of(paging), err);
}

static void fail_memory(struct paging *paging)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED,
              "no memory for this page: ask for a smaller page_size");
    fail(paging, &err);
}

static void leaf_call(struct paging *paging, struct channel *channel, const struct method *method,
                      const void *request, rpc_reply_cb on_reply)
{
    struct rpc_options options = {
        .deadline_ns = gateway_leaf_deadline(paging->gateway, paging->call->deadline_ns),
        .parent = paging->call,
    };
    struct error err = { 0 };

    if (rpc_call(channel, method, request, &options, on_reply, paging, NULL, &err) != STATUS_OK)
        fail(paging, &err);
}

static void reply(struct paging *paging, ProtobufCBinaryData bundle)
{
    Consilium__V1__GetResourcesReply message = CONSILIUM__V1__GET_RESOURCES_REPLY__INIT;
    struct audit_record record = record_of(paging);

    message.bundle = bundle;
    message.next_page_token = paging->next_page_token;
    message.total = paging->total;
    record.count = paging->count;
    record.is_restored = paging->request->restore;
    gateway_settle(paging->call, &record, &message);
}

static void on_restored(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RestoreReply *restored = message;
    struct paging *paging = arg;
    struct error why;

    if (restored == NULL) {
        fail(paging, err);
    } else if (restored->n_texts != 1) {
        error_set(&why, STATUS_INTERNAL, "deid gave %zu texts for one", restored->n_texts);
        fail(paging, &why);
    } else {
        reply(paging, restored->texts[0]);
    }
}

static void restore(struct paging *paging, ProtobufCBinaryData bundle)
{
    Consilium__V1__RestoreRequest request = CONSILIUM__V1__RESTORE_REQUEST__INIT;

    request.scope = (char *)paging->patient.scope;
    request.sealed_map =
        (ProtobufCBinaryData){ paging->sealed_map.size, (uint8_t *)paging->sealed_map.data };
    request.n_texts = 1;
    request.texts = &bundle;
    leaf_call(paging, paging->gateway->deid, &method_deid_restore, &request, on_restored);
}

static void on_page(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__ResourcesReply *page = message;
    struct paging *paging = arg;

    if (page == NULL) {
        fail(paging, err);
        return;
    }
    paging->next_page_token = arena_string(&paging->call->arena, slice_from(page->next_page_token));
    paging->count = page->count;
    paging->total = page->total;
    if (paging->next_page_token == NULL)
        fail_memory(paging);
    else if (paging->request->restore)
        restore(paging, page->bundle);
    else
        reply(paging, page->bundle);
}

static void ask_page(struct paging *paging)
{
    Consilium__V1__ResourcesRequest request = CONSILIUM__V1__RESOURCES_REQUEST__INIT;

    request.tenant = (char *)paging->patient.tenant;
    request.patient = (char *)paging->patient.pseudonym;
    request.page_size = paging->request->page_size;
    request.page_token = paging->request->page_token;
    request.base_url = paging->request->base_url;
    request.is_restored = paging->request->restore;
    leaf_call(paging, paging->gateway->context, &method_context_resources, &request, on_page);
}

static void on_recalled(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RecallReply *recalled = message;
    struct paging *paging = arg;

    if (recalled == NULL) {
        fail(paging, err);
        return;
    }
    paging->sealed_map = arena_copy(&paging->call->arena,
                                    slice_of(recalled->sealed_map.data, recalled->sealed_map.len));
    if (paging->sealed_map.data == NULL)
        fail_memory(paging);
    else
        ask_page(paging);
}

static void recall(struct paging *paging)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;

    request.tenant = (char *)paging->patient.tenant;
    request.patient = (char *)paging->patient.pseudonym;
    leaf_call(paging, paging->gateway->context, &method_context_recall, &request, on_recalled);
}

void resources_start(struct call *call)
{
    struct paging *paging = ARENA_NEW(&call->arena, struct paging);
    struct error err = { 0 };

    if (paging == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
        call_fail(call, &err);
        return;
    }
    paging->call = call;
    paging->gateway = call->service;
    paging->request = call->request;
    if (gateway_name_patient(call, paging->request->tenant, paging->request->patient, &call->arena,
                             &paging->patient, &err)
            == STATUS_OK
        && paging->request->restore && !gateway_may_restore(call))
        error_set(&err, STATUS_PERMISSION_DENIED,
                  "originals are for callers with the scope restore");
    if (err.status != STATUS_OK)
        fail(paging, &err);
    else if (paging->request->restore)
        recall(paging);
    else
        ask_page(paging);
}
