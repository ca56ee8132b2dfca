/* A call's life: created → started at its place → ended by its handler (or cut by this layer) →
 * released. See server_call.h for who holds it and what the lock guards. */
#include "rpc/call.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "rpc/call_face.h"
#include "rpc/payload.h"
#include "rpc/server_call.h"
#include "rpc/spans.h"
#include "run/clock.h"

static void on_close(struct op *op, bool is_ok);
static void on_deadline(struct thread_timer *timer);

static void begin(struct op *op, bool is_ok)
{
    (void)is_ok;
    call_start(LIST_ITEM(op, struct server_call, begin));
}

/* Zeroed, but for the first block of the arena. */
static struct server_call *take_memory(struct server_thread *home)
{
    struct list *node = list_take_front(&home->spare);
    struct server_call *sc;
    struct arena arena;

    if (node == NULL)
        return fault_is_due() ? NULL : calloc(1, sizeof(*sc));
    home->spare_count--;
    sc = LIST_ITEM(node, struct server_call, in_thread);
    arena = sc->call.arena;
    memset(sc, 0, sizeof(*sc));
    sc->call.arena = arena;
    return sc;
}

static void give_memory(struct server_thread *home, struct server_call *sc)
{
    if (!ARENA_REUSES || home->spare_count == SPARE_CALLS_MAX) {
        arena_close(&sc->call.arena);
        free(sc);
        return;
    }
    arena_reuse(&sc->call.arena, sc->call.arena.limit_bytes);
    list_push_front(&home->spare, &sc->in_thread);
    home->spare_count++;
}

void call_free_spare(struct server_thread *home)
{
    while (!list_is_empty(&home->spare)) {
        struct server_call *sc =
            LIST_ITEM(list_take_front(&home->spare), struct server_call, in_thread);

        arena_close(&sc->call.arena);
        free(sc);
    }
}

struct server_call *call_create(struct served *served, struct server_thread *home, grpc_call *grpc)
{
    struct server_call *sc = take_memory(home);

    if (sc == NULL)
        return NULL;
    arena_reuse(&sc->call.arena, served->row.arena_bytes_max);
    sc->call.method = &served->row;
    sc->call.service = served->service;
    sc->call.arrived_ns = clock_now();
    sc->call.deadline_ns = CLOCK_NEVER;
    sc->served = served;
    sc->home = home;
    sc->grpc = grpc;
    sc->holds = 1;
    sc->begin.done = begin;
    sc->close.done = on_close;
    pthread_mutex_init(&sc->lock, NULL);
    list_init(&sc->in_gate);
    list_push_back(&home->calls, &sc->in_thread);
    thread_timer_init(&sc->timer, on_deadline);
    call_stream_init(sc);
    call_notice_init(sc);
    metric_add(served->in_flight, 1);
    server_hold(served->server);
    return sc;
}

/* Whether it was answered at all, be it with an error of its own. */
static bool is_done(const struct server_call *sc)
{
    switch (sc->end.status) {
    case STATUS_CANCELLED:
    case STATUS_DEADLINE_EXCEEDED:
    case STATUS_RESOURCE_EXHAUSTED:
    case STATUS_UNAVAILABLE:
        return false;
    default:
        return true;
    }
}

/* The place goes to the one that has waited longest, on the thread where that one lives. */
static void leave_gate(struct server_call *sc)
{
    struct list *node = gate_leave(&sc->served->gate, clock_now(), is_done(sc));
    struct server_call *next;

    if (node == NULL)
        return;
    next = LIST_ITEM(node, struct server_call, in_gate);
    next->is_admitted = true;
    if (next->home == sc->home)
        thread_defer(next->home->thread, &next->begin);
    else
        thread_post(next->home->thread, &next->begin);
}

/* Home thread; nothing holds it any more. */
static void release(struct server_call *sc)
{
    struct served *served = sc->served;

    thread_timer_stop(&sc->timer);
    list_remove(&sc->in_thread);
    if (sc->is_admitted)
        leave_gate(sc);
    grpc_byte_buffer_destroy(sc->request_payload);
    grpc_byte_buffer_destroy(sc->message_payload);
    if (sc->address != NULL)
        gpr_free(sc->address);
    grpc_call_unref(sc->grpc);
    arena_close(&sc->message_arena);
    pthread_mutex_destroy(&sc->lock);
    give_memory(sc->home, sc);
    metric_add(served->in_flight, -1);
    server_let_go(served->server);
}

static void release_at_home(struct op *op, bool is_ok)
{
    (void)is_ok;
    release(LIST_ITEM(op, struct server_call, begin));
}

void call_let_go_and_unlock(struct server_call *sc)
{
    bool is_last;

    CHECK(sc->holds > 0);
    is_last = --sc->holds == 0;
    pthread_mutex_unlock(&sc->lock);
    if (!is_last)
        return;
    if (thread_is_here(sc->home->thread)) {
        release(sc);
        return;
    }
    sc->begin.done = release_at_home;
    thread_post(sc->home->thread, &sc->begin);
}

void call_answered(struct server_call *sc, enum status status)
{
    if (sc->is_answered)
        return;
    sc->is_answered = true;
    sc->end.status = status;
    served_count(sc->served, &sc->call, &sc->end, sc->is_refused);
    spans_add_call(&sc->call, status);
}

void call_watch_close(struct server_call *sc)
{
    const grpc_op operation = {
        .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
        .data.recv_close_on_server.cancelled = &sc->close_cancelled,
    };

    if (sc->has_close)
        return;
    sc->has_close = true;
    sc->holds++;
    op_start(&sc->close, sc->grpc, &operation, 1);
}

/* Why the caller has gone, as far as one can know. */
static enum status close_status(const struct server_call *sc, const char **text)
{
    if (clock_now() >= sc->call.deadline_ns) {
        *text = "the deadline has passed";
        return STATUS_DEADLINE_EXCEEDED;
    }
    if (atomic_load(&sc->served->server->is_draining)) {
        *text = "the server is shutting down";
        return STATUS_UNAVAILABLE;
    }
    *text = "the caller has gone";
    return STATUS_CANCELLED;
}

/* The call is over. Where it was not we who ended it, the caller has gone or the deadline has
 * passed. Home thread. */
static void on_close(struct op *op, bool is_ok)
{
    struct server_call *sc = LIST_ITEM(op, struct server_call, close);
    enum status status;
    const char *text;
    bool is_waiting;

    (void)is_ok;
    pthread_mutex_lock(&sc->lock);
    if (sc->close_cancelled != 0 && !sc->is_answered) {
        status = close_status(sc, &text); /* first: it sets the text */
        error_set(&sc->end, status, "%s", text);
        call_answered(sc, sc->end.status);
        call_drop_queue(sc);
        call_set_cancelled(sc);
    }
    is_waiting = !sc->is_begun && !sc->is_ended;
    call_tell_and_unlock(sc);
    is_waiting = is_waiting && gate_forget(&sc->served->gate, &sc->in_gate);
    pthread_mutex_lock(&sc->lock);
    if (is_waiting)
        sc->holds--; /* one that waited for admission has no handler that would end it */
    call_let_go_and_unlock(sc);
}

void call_cut(struct server_call *sc, const struct error *err)
{
    pthread_mutex_lock(&sc->lock);
    if (sc->is_answered) {
        pthread_mutex_unlock(&sc->lock);
        return;
    }
    sc->end = *err;
    sc->is_cut = true;
    call_drop_queue(sc);
    if (sc->is_sending) {
        /* It may wait for a reader that never reads; the status cannot pass it, but a reset can. */
        grpc_call_cancel_with_status(sc->grpc, (grpc_status_code)err->status, err->text, NULL);
        call_answered(sc, err->status);
    } else {
        call_pump(sc);
    }
    call_set_cancelled(sc);
    call_tell_and_unlock(sc);
}

void call_ask_to_end(struct server_call *sc)
{
    pthread_mutex_lock(&sc->lock);
    call_set_cancelled(sc);
    call_tell_and_unlock(sc);
}

static void on_deadline(struct thread_timer *timer)
{
    struct error err;

    error_set(&err, STATUS_DEADLINE_EXCEEDED, "the method's time limit has passed");
    call_cut(LIST_ITEM(timer, struct server_call, timer), &err);
}

/* Every end goes through here: the handler's hold is let go. */
static void end(struct server_call *sc, const struct error *err)
{
    pthread_mutex_lock(&sc->lock);
    CHECK(!sc->is_ended);
    sc->is_ended = true;
    if (!sc->is_answered) {
        if (err != NULL)
            sc->end = *err;
        call_pump(sc);
    }
    call_let_go_and_unlock(sc);
}

void call_refuse(struct server_call *sc, const struct error *err)
{
    end(sc, err);
}

void call_reply(struct call *call, const void *message)
{
    struct server_call *sc = server_call_of(call);
    struct error err;
    bool is_queued;

    if (call->face != NULL) {
        call->face->end(call, message, NULL);
        return;
    }
    pthread_mutex_lock(&sc->lock);
    is_queued = sc->is_answered || call_queue(sc, message);
    pthread_mutex_unlock(&sc->lock);
    if (!is_queued)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
    end(sc, is_queued ? NULL : &err);
}

void call_fail(struct call *call, const struct error *err)
{
    CHECK(err->status != STATUS_OK);
    if (call->face != NULL)
        call->face->end(call, NULL, err);
    else
        end(server_call_of(call), err);
}

void call_finish(struct call *call)
{
    if (call->face != NULL)
        call->face->end(call, NULL, NULL);
    else
        end(server_call_of(call), NULL);
}

bool call_is_cancelled(const struct call *call)
{
    if (call->face != NULL)
        return call->face->is_cancelled(call);
    return atomic_load_explicit(&server_call_of(call)->is_cancelled, memory_order_acquire);
}

const char *call_address(struct call *call)
{
    struct server_call *sc = server_call_of(call);

    if (call->face != NULL)
        return "local";
    if (sc->address == NULL)
        sc->address = grpc_call_get_peer(sc->grpc);
    return sc->address;
}

grpc_call *call_grpc(const struct call *call)
{
    return call->face != NULL ? NULL : server_call_of(call)->grpc;
}

/* Hops. */

static void open_hop(struct letter *letter)
{
    struct server_call *sc = LIST_ITEM(letter, struct server_call, hop);

    sc->hop_run(&sc->call);
}

void call_run_on_loop(struct call *call, void (*run)(struct call *call))
{
    struct server_call *sc = server_call_of(call);

    CHECK(call->face == NULL);
    sc->hop_run = run;
    sc->hop.open = open_hop;
    mailbox_post(&sc->served->server->options.loop->mailbox, &sc->hop);
}

static void run_job(struct job *job)
{
    struct server_call *sc = LIST_ITEM(job, struct server_call, job);

    sc->hop_run(&sc->call);
    pthread_mutex_lock(&sc->lock);
    sc->away--;
    call_tell_soon_and_unlock(sc);
    pthread_mutex_lock(&sc->lock);
    call_let_go_and_unlock(sc);
}

enum status call_try_on_worker(struct call *call, void (*run)(struct call *call), struct error *err)
{
    struct server_call *sc = server_call_of(call);

    CHECK(call->face == NULL && sc->served->server->options.workers != NULL);
    pthread_mutex_lock(&sc->lock);
    sc->away++;
    sc->holds++;
    pthread_mutex_unlock(&sc->lock);
    sc->hop_run = run;
    sc->job = (struct job){ .run = run_job };
    if (workers_post(sc->served->server->options.workers, &sc->job, err) == STATUS_OK)
        return STATUS_OK;
    pthread_mutex_lock(&sc->lock);
    sc->away--;
    sc->holds--;
    pthread_mutex_unlock(&sc->lock);
    return err->status;
}

void call_run_on_worker(struct call *call, void (*run)(struct call *call))
{
    struct error err;

    if (call_try_on_worker(call, run, &err) != STATUS_OK)
        call_fail(call, &err);
}

/* The start. */

/* gRPC core ends a call at the caller's deadline by itself; a nearer one of ours needs a timer. */
static void start_timer(struct server_call *sc)
{
    uint32_t limit_ms = sc->served->row.deadline_ms_max;
    uint64_t limit_ns = sc->call.arrived_ns + limit_ms * CLOCK_NS_PER_MS;

    if (limit_ms == 0 || sc->call.deadline_ns <= limit_ns)
        return;
    sc->call.deadline_ns = limit_ns;
    thread_timer_start(sc->home->thread, &sc->timer, limit_ns);
}

static enum status unpack_request(struct server_call *sc, struct error *err)
{
    const struct method *method = sc->served->row.method;

    if (method->kind != METHOD_KIND_UNARY && method->kind != METHOD_KIND_SERVER_STREAM)
        return STATUS_OK;
    sc->call.request = payload_unpack(method->request, sc->request_payload, &sc->call.arena, err);
    if (sc->call.request == NULL)
        return err->status;
    grpc_byte_buffer_destroy(sc->request_payload);
    sc->request_payload = NULL;
    return STATUS_OK;
}

/* A handler that ends the call before it returns spares the event that watches for cancellation: it
 * travels with the reply. */
static void start_inline(struct server_call *sc)
{
    pthread_mutex_lock(&sc->lock);
    sc->is_begun = true;
    sc->holds++;
    pthread_mutex_unlock(&sc->lock);
    sc->served->row.start(&sc->call);
    pthread_mutex_lock(&sc->lock);
    call_watch_close(sc);
    call_let_go_and_unlock(sc);
}

static void start_elsewhere(struct server_call *sc)
{
    pthread_mutex_lock(&sc->lock);
    sc->is_begun = true;
    call_watch_close(sc);
    pthread_mutex_unlock(&sc->lock);
    if (sc->served->row.place == METHOD_PLACE_LOOP)
        call_run_on_loop(&sc->call, sc->served->row.start);
    else
        call_run_on_worker(&sc->call, sc->served->row.start);
}

void call_start(struct server_call *sc)
{
    struct error err;

    if (clock_now() >= sc->call.deadline_ns) {
        error_set(&err, STATUS_DEADLINE_EXCEEDED,
                  "the deadline had passed before the call could start");
        call_refuse(sc, &err);
        return;
    }
    if (call_is_cancelled(&sc->call)) {
        error_set(&err, STATUS_UNAVAILABLE, "the call was cancelled while it waited");
        call_refuse(sc, &err);
        return;
    }
    start_timer(sc);
    if (unpack_request(sc, &err) != STATUS_OK) {
        call_refuse(sc, &err);
        return;
    }
    if (sc->served->row.place == METHOD_PLACE_INLINE)
        start_inline(sc);
    else
        start_elsewhere(sc);
}
