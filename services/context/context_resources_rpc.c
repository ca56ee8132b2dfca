/* what memory alone has? → else Redis → (worker) decrypt, unpack, write the page → reply.
 *
 * Memory does not keep resources that Redis has: they are several times the facts, and are asked
 * for a page at a time by few. */
#include "context_resources_rpc.h"

#include "base/limits.h"
#include "context_resources.h"
#include "run/clock.h"
#include "run/workers.h"

#define BASE_URL_BYTES_MAX 512

struct paging {
    struct call *call;
    struct context *context;
    struct cache_entry *unsaved; /* with a reference, while its resources are read; or NULL */
    struct slice sealed;
    uint64_t version;
    struct resources_page page;
    struct job job;
    struct error err;
};

static const Consilium__V1__ResourcesRequest *request_of(const struct paging *paging)
{
    return paging->call->request;
}

static void reply_page(struct paging *paging)
{
    Consilium__V1__ResourcesReply reply = CONSILIUM__V1__RESOURCES_REPLY__INIT;
    struct slice bundle = paging->page.bundle;

    reply.bundle = (ProtobufCBinaryData){ bundle.size, (uint8_t *)bundle.data };
    reply.next_page_token = (char *)paging->page.next_page_token;
    reply.count = paging->page.count;
    reply.total = paging->page.total;
    call_reply(paging->call, &reply);
}

/* The call may be gone afterwards, and @paging with it. */
static void end(struct paging *paging)
{
    struct cache_entry *unsaved = paging->unsaved;

    if (paging->err.status != STATUS_OK)
        call_fail(paging->call, &paging->err);
    else
        reply_page(paging);
    cache_entry_release(unsaved);
}

static void on_made(struct job *job)
{
    end((struct paging *)((char *)job - offsetof(struct paging, job)));
}

static enum status open_resources(struct paging *paging, struct arena *room,
                                  struct resources *resources)
{
    const Consilium__V1__ResourcesRequest *request = request_of(paging);
    struct seal_name name = { slice_from(request->tenant), slice_from(request->patient),
                              "resources", paging->version };
    struct slice plain;

    if (seal_open(&paging->context->key, &name, paging->sealed, room, room, &plain, &paging->err)
            != STATUS_OK
        || resources_decode(plain, room, resources, &paging->err) != STATUS_OK)
        return paging->err.status;
    if (!resources->is_partial)
        return STATUS_OK;
    if (paging->unsaved != NULL)
        return error_set(&paging->err, STATUS_UNAVAILABLE,
                         "Redis, which has the rest of the record, is not reachable");
    return error_set(&paging->err, STATUS_FAILED_PRECONDITION,
                     "not all resources of this record were kept: forget it and put it again");
}

/* On a worker. */
static void make_page(struct job *job)
{
    struct paging *paging = (struct paging *)((char *)job - offsetof(struct paging, job));
    const Consilium__V1__ResourcesRequest *request = request_of(paging);
    const struct resources_query query = {
        .page_size = request->page_size,
        .page_token = slice_from(request->page_token),
        .base = slice_from(request->base_url),
        .is_restored = request->is_restored,
    };
    struct resources resources;
    struct arena room;

    arena_init(&room, CONTEXT_WORK_ARENA_BYTES);
    if (open_resources(paging, &room, &resources) == STATUS_OK)
        resources_page(&resources, &query, &paging->call->arena, &paging->page, &paging->err);
    arena_close(&room);
}

static void post(struct paging *paging)
{
    paging->job = (struct job){ .run = make_page,
                                .done = on_made,
                                .home = &paging->context->host->loop.mailbox };
    if (workers_post(paging->context->host->workers, &paging->job, &paging->err) != STATUS_OK)
        end(paging);
}

static void on_fetched(void *arg, const struct stored *stored, const struct error *err)
{
    struct paging *paging = arg;

    if (err->status != STATUS_OK) {
        paging->err = *err;
        paging->err.status = STATUS_UNAVAILABLE;
    } else if (!stored->found) {
        error_set(&paging->err, STATUS_NOT_FOUND, "no record of this patient");
    } else if (stored->record.size == 0) {
        error_set(&paging->err, STATUS_FAILED_PRECONDITION,
                  "the resources of this record were not kept: put it again");
    } else {
        paging->version = stored->version;
        paging->sealed = arena_copy(&paging->call->arena, stored->record);
        if (paging->sealed.data == NULL)
            error_set(&paging->err, STATUS_RESOURCE_EXHAUSTED,
                      "no room for stored resources of %zu bytes", stored->record.size);
    }
    if (paging->err.status != STATUS_OK)
        end(paging);
    else
        post(paging);
}

/* Where only memory has the record, whole or its newest part. */
static bool find_unsaved(struct paging *paging)
{
    const Consilium__V1__ResourcesRequest *request = request_of(paging);
    struct cache_entry *entry = cache_find(paging->context->cache, slice_from(request->tenant),
                                           slice_from(request->patient), clock_wall_ms());

    if (entry == NULL || entry->is_durable)
        return false;
    entry->references++;
    paging->unsaved = entry;
    paging->sealed = entry->resources;
    paging->version = entry->version;
    return true;
}

static void fetch(struct paging *paging)
{
    const Consilium__V1__ResourcesRequest *request = request_of(paging);

    if (store_fetch_resources(&paging->context->store, slice_from(request->tenant),
                              slice_from(request->patient), &paging->call->arena, on_fetched,
                              paging, &paging->err)
        != STATUS_OK)
        end(paging);
}

void context_resources_start(struct call *call)
{
    const Consilium__V1__ResourcesRequest *request = call->request;
    struct paging *paging = ARENA_NEW(&call->arena, struct paging);
    struct error err = { STATUS_OK, "" };

    if (paging == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for the call");
    else if (context_check_name("tenant", request->tenant, &err) == STATUS_OK)
        context_check_name("patient", request->patient, &err);
    if (err.status == STATUS_OK && strlen(request->base_url) > BASE_URL_BYTES_MAX)
        error_set(&err, STATUS_INVALID_ARGUMENT, "base_url: %zu bytes, over the limit of %d",
                  strlen(request->base_url), BASE_URL_BYTES_MAX);
    if (err.status != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    paging->call = call;
    paging->context = call->service;
    if (find_unsaved(paging))
        post(paging);
    else
        fetch(paging);
}
