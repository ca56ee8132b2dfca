/* Calls arrive: gRPC fills an accept, the call is taken out of it, the accept is asked for again at
 * once, and so calls never pile up in gRPC core, which would hold any number of them. Then
 * admission decides. */
#include <grpc/support/alloc.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/peer.h"
#include "rpc/peers.h"
#include "rpc/server_call.h"
#include "run/clock.h"

#define RETRY_MS_MAX 60000

struct accept {
    struct op op;
    struct accept *next; /* of the server */
    struct served *served;
    struct server_thread *home;
    grpc_call *call;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_call_details details; /* for calls of unknown methods */
    gpr_timespec deadline;
};

/* Ask gRPC for the next call. After the server's shutdown it answers at once that there will be
 * none. */
static void ask(struct accept *accept)
{
    grpc_completion_queue *queue = thread_queue(accept->home->thread);
    struct served *served = accept->served;
    bool has_payload = served->row.method->kind == METHOD_KIND_UNARY
                       || served->row.method->kind == METHOD_KIND_SERVER_STREAM;

    accept->call = NULL;
    accept->payload = NULL;
    grpc_metadata_array_init(&accept->metadata);
    op_hand_over(&accept->op);
    if (served->registration == NULL) {
        grpc_call_details_init(&accept->details);
        grpc_server_request_call(served->grpc, &accept->call, &accept->details, &accept->metadata,
                                 queue, queue, &accept->op);
        return;
    }
    grpc_server_request_registered_call(
        served->grpc, served->registration, &accept->call, &accept->deadline, &accept->metadata,
        has_payload ? &accept->payload : NULL, queue, queue, &accept->op);
}

static void clear(struct accept *accept)
{
    grpc_metadata_array_destroy(&accept->metadata);
    if (accept->served->registration == NULL)
        grpc_call_details_destroy(&accept->details);
}

static uint64_t deadline_ns(gpr_timespec deadline)
{
    gpr_timespec left;
    int64_t ns;

    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return CLOCK_NEVER;
    left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    if (left.tv_sec < 0)
        return 0;
    if (left.tv_sec > INT32_MAX)
        return CLOCK_NEVER;
    ns = left.tv_sec * (int64_t)CLOCK_NS_PER_S + left.tv_nsec;
    return clock_now() + (uint64_t)ns;
}

static void read_trace(const grpc_metadata_array *metadata, struct trace *trace)
{
    size_t i;

    for (i = 0; i < metadata->count; i++) {
        const grpc_metadata *entry = &metadata->metadata[i];
        struct slice value =
            slice_of(GRPC_SLICE_START_PTR(entry->value), GRPC_SLICE_LENGTH(entry->value));

        if (grpc_slice_str_cmp(entry->key, "traceparent") == 0 && trace_continue(trace, value))
            return;
    }
    trace_start(trace);
}

/* A copy that lasts as long as the call. What was shown must not look as though it was not. */
static enum status copy_shown(struct slice value, struct arena *arena, struct slice *shown,
                              struct error *err)
{
    *shown = arena_copy(arena, value);
    return shown->data == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call")
                               : STATUS_OK;
}

/* What a caller shows of itself is the service's to judge. */
static enum status read_shown(const grpc_metadata_array *metadata, struct arena *arena,
                              struct peer *peer, struct error *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < metadata->count && status == STATUS_OK; i++) {
        const grpc_metadata *entry = &metadata->metadata[i];
        struct slice value =
            slice_of(GRPC_SLICE_START_PTR(entry->value), GRPC_SLICE_LENGTH(entry->value));

        if (grpc_slice_str_cmp(entry->key, "authorization") == 0)
            status = copy_shown(value, arena, &peer->authorization, err);
        else if (grpc_slice_str_cmp(entry->key, "api-key") == 0
                 || grpc_slice_str_cmp(entry->key, "x-api-key") == 0)
            status = copy_shown(value, arena, &peer->api_key, err);
    }
    return status;
}

/* Health and reflection are not in the table. */
static enum status check_peer(const struct accept *accept, const struct peer *peer,
                              struct error *err)
{
    const struct peers *peers = accept->served->server->options.peers;
    const struct method *method = accept->served->row.method;
    const char *name = peer->spiffe_id != NULL ? peer->spiffe_id : peer->name;

    if (peers == NULL || method == NULL
        || !slice_starts_with(slice_from(method->path), SLICE("/consilium."))
        || peers_take(peers, peer))
        return STATUS_OK;
    log_warn("peer_refused", LOG_ID("peer", name == NULL ? "" : name),
             LOG_NAME("method", method->name));
    if (accept->served->server->options.refusals != NULL)
        refusals_note(accept->served->server->options.refusals, name == NULL ? "" : name,
                      method->name);
    return error_set(err, STATUS_PERMISSION_DENIED, "this certificate's owner may not call %s",
                     method->name);
}

static enum status fill_call(struct accept *accept, struct server_call *sc, struct error *err)
{
    sc->request_payload = accept->payload;
    sc->call.deadline_ns = deadline_ns(accept->deadline);
    read_trace(&accept->metadata, &sc->call.trace);
    if (read_shown(&accept->metadata, &sc->call.arena, &sc->call.peer, err) != STATUS_OK)
        return err->status;
    if (accept->served->server->options.credentials == NULL)
        return STATUS_OK;
    if (peer_identify(sc->grpc, &sc->call.arena, &sc->call.peer, err) != STATUS_OK)
        return err->status;
    return check_peer(accept, &sc->call.peer, err);
}

/* The call out of @accept; NULL when there was no memory, and then its caller has been told. */
static struct server_call *take_call(struct accept *accept, enum status *status, struct error *err)
{
    struct server_call *sc = call_create(accept->served, accept->home, accept->call);

    if (sc != NULL) {
        *status = fill_call(accept, sc, err);
        return sc;
    }
    grpc_call_cancel_with_status(accept->call, GRPC_STATUS_RESOURCE_EXHAUSTED,
                                 "no memory for a call", NULL);
    grpc_byte_buffer_destroy(accept->payload);
    grpc_call_unref(accept->call);
    return NULL;
}

/* Our own clients count it and send less; others may wait for so long before they try again. */
static void refuse_busy(struct server_call *sc, const struct error *err)
{
    uint64_t wait_ms = gate_wait_ns(&sc->served->gate) / CLOCK_NS_PER_MS;

    sc->call.retry_ms = wait_ms == 0             ? 1
                        : wait_ms > RETRY_MS_MAX ? RETRY_MS_MAX
                                                 : (uint32_t)wait_ms;
    sc->is_refused = true;
    call_refuse(sc, err);
}

static void refuse_full(struct server_call *sc)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED,
              "%s has %u calls in work and %u waiting; try again later",
              sc->served->row.method->name, sc->served->row.calls_max, sc->served->row.queue_max);
    refuse_busy(sc, &err);
}

static void refuse_late(struct server_call *sc)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED,
              "%s has %u calls in work, which will take longer than this one has time; try again "
              "later",
              sc->served->row.method->name, gate_inside(&sc->served->gate));
    refuse_busy(sc, &err);
}

/* How long a call must have at the gate: standing calls and those that send for as long as they
 * like have all the time. */
static uint64_t deadline_at_gate(const struct server_call *sc)
{
    enum method_kind kind = sc->served->row.method->kind;

    if (sc->served->is_standing || (kind != METHOD_KIND_UNARY && kind != METHOD_KIND_SERVER_STREAM))
        return CLOCK_NEVER;
    return sc->call.deadline_ns;
}

static void admit(struct server_call *sc)
{
    switch (
        gate_enter(&sc->served->gate, &sc->in_gate, sc->call.arrived_ns, deadline_at_gate(sc))) {
    case GATE_ANSWER_ENTER:
        sc->is_admitted = true;
        if (sc->served->row.place == METHOD_PLACE_INLINE && !thread_may_run(sc->home->thread))
            thread_defer(sc->home->thread, &sc->begin);
        else
            call_start(sc);
        break;
    case GATE_ANSWER_WAIT:
        pthread_mutex_lock(&sc->lock);
        call_watch_close(sc);
        pthread_mutex_unlock(&sc->lock);
        break;
    case GATE_ANSWER_FULL:
        refuse_full(sc);
        break;
    case GATE_ANSWER_LATE:
        refuse_late(sc);
        break;
    }
}

static void on_accept(struct op *op, bool is_ok)
{
    struct accept *accept = LIST_ITEM(op, struct accept, op);
    struct served *served = accept->served;
    enum status status = STATUS_OK;
    struct server_call *sc;
    struct error err;

    if (!is_ok) {
        clear(accept);
        server_let_go(served->server);
        return;
    }
    if (served->registration == NULL)
        accept->deadline = accept->details.deadline;
    sc = take_call(accept, &status, &err);
    clear(accept);
    ask(accept);
    if (sc == NULL)
        return;
    if (served->registration == NULL)
        status = error_set(&err, STATUS_UNIMPLEMENTED, "this server has no such method");
    if (status != STATUS_OK)
        call_refuse(sc, &err);
    else
        admit(sc);
}

static bool add_accept(struct server *server, struct server_thread *home, struct served *served)
{
    struct accept *accept = calloc(1, sizeof(*accept));

    if (accept == NULL)
        return false;
    accept->op.done = on_accept;
    accept->served = served;
    accept->home = home;
    accept->next = server->accepts;
    server->accepts = accept;
    return true;
}

static bool add_accepts(struct server *server, struct served *served)
{
    unsigned i, j;

    for (i = 0; i < server->thread_count; i++)
        for (j = 0; j < (served->is_standing ? 1 : ACCEPTS_PER_METHOD); j++)
            if (!add_accept(server, &server->threads[i], served))
                return false;
    return true;
}

enum status accept_create(struct server *server, struct error *err)
{
    unsigned i, j;

    for (i = 0; i < server->front_count; i++)
        for (j = 0; j < server->fronts[i].served_count; j++)
            if (!add_accepts(server, &server->fronts[i].served[j]))
                return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                 "no memory for the server's accepts");
    return STATUS_OK;
}

void accept_start(struct server *server)
{
    struct accept *accept;

    for (accept = server->accepts; accept != NULL; accept = accept->next) {
        server_hold(server);
        ask(accept);
    }
}

void accept_destroy(struct server *server)
{
    while (server->accepts != NULL) {
        struct accept *accept = server->accepts;

        server->accepts = accept->next;
        free(accept);
    }
}
