/* An rpc thread.
 *
 * A turn: take the events that are ready (at most TURN_EVENTS_MAX) and run their ops → run what was
 * deferred, for at most TURN_DEFERRED_NS → timers that are due → wait for the next event or timer.
 *
 * Handlers are deferred, and that is why admission works for those that run on this thread: all
 * calls that have arrived are seen, and the ones too many refused, before time is spent on them.
 * Run as they come they would wait in gRPC core's queue, which has no bound. But each look at an
 * empty queue is a system call, so RUNS_PER_LOOK handlers run at once (thread_may_run) before one
 * has to wait for a look. */
#include "rpc/thread.h"

#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log.h"
#include "rpc/absl_mutex.h"
#include "run/clock.h"

/* Enough to see a whole burst, not so many that a flood of refusals starves what was admitted. */
#define TURN_EVENTS_MAX 256

/* A few milliseconds at worst. */
#define RUNS_PER_LOOK 8

/* Handlers on this thread are short; a few of them fit between two looks at the queue. */
#define TURN_DEFERRED_NS CLOCK_NS_PER_MS

#if defined(__SANITIZE_THREAD__)
/* gRPC core is not instrumented, and what orders our accesses (its queue) is invisible to
 * ThreadSanitizer: say it. */
#include <sanitizer/tsan_interface.h>
#define HAND_OVER(op) __tsan_release(op)
#define TAKE_OVER(op) __tsan_acquire(op)

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    /* Each of these must match one library and no more. */
    return "race:absl::\ncalled_from_lib:libgrpc.so\ncalled_from_lib:libgpr.so\ncalled_from_lib:libupb.so\n"
           "called_from_lib:libabsl_graphcycles_internal.so\ncalled_from_lib:libabsl_strings.so\n"
           "called_from_lib:libabsl_status.so\ncalled_from_lib:libabsl_synchronization.so\n"
           "called_from_lib:libabsl_time.so\ncalled_from_lib:libabsl_time_zone.so\n"
           "called_from_lib:libcrypto.so\ncalled_from_lib:libssl.so\n";
}
#else
#define HAND_OVER(op) ((void)(op))
#define TAKE_OVER(op) ((void)(op))
#endif

struct thread {
    grpc_completion_queue *queue;
    struct loop *loop;
    uv_thread_t id;
    /* A call on a channel that goes nowhere: an empty batch on it puts a tag into the queue. */
    grpc_channel *nowhere;
    grpc_call *poster;
    /* of the polling thread */
    struct list timers; /* soonest first */
    struct letter *deferred_first, **deferred_last;
    unsigned runs; /* at once, since the queue was last seen empty */
};

static void log_of_grpc(gpr_log_func_args *args)
{
    struct error err;

    error_set(&err, STATUS_UNKNOWN, "%s", args->message);
    log_write(args->severity == GPR_LOG_SEVERITY_ERROR ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "grpc",
              (const struct log_field[]){ LOG_ERROR(&err), { 0 } });
}

static void open_letter(struct letter *letter)
{
    struct op *op = LIST_ITEM(letter, struct op, letter);

    op->done(op, op->is_ok);
}

static void take_event(struct thread *thread, const grpc_event *event)
{
    struct op *op = event->tag;

    TAKE_OVER(op);
    if (!op->on_loop) {
        op->done(op, event->success != 0);
        return;
    }
    op->is_ok = event->success != 0;
    op->letter.open = open_letter;
    mailbox_post(&thread->loop->mailbox, &op->letter);
}

static void run_deferred(struct thread *thread)
{
    uint64_t end_ns = clock_now() + TURN_DEFERRED_NS;

    while (thread->deferred_first != NULL) {
        struct op *op = LIST_ITEM(thread->deferred_first, struct op, letter);

        thread->deferred_first = op->letter.next;
        if (thread->deferred_first == NULL)
            thread->deferred_last = &thread->deferred_first;
        op->done(op, true);
        if (thread->deferred_first != NULL && clock_now() >= end_ns)
            return;
    }
}

static void run_timers(struct thread *thread)
{
    uint64_t now_ns = list_is_empty(&thread->timers) ? 0 : clock_now();

    while (!list_is_empty(&thread->timers)) {
        struct thread_timer *timer = LIST_ITEM(thread->timers.next, struct thread_timer, in_thread);

        if (timer->at_ns > now_ns)
            return;
        list_remove(&timer->in_thread);
        timer->on_time(timer);
    }
}

/* Until when the queue may be waited for. */
static gpr_timespec turn_wait(const struct thread *thread)
{
    const struct thread_timer *timer;
    uint64_t now_ns;

    if (thread->deferred_first != NULL)
        return gpr_time_0(GPR_CLOCK_MONOTONIC);
    if (list_is_empty(&thread->timers))
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    timer = LIST_ITEM(thread->timers.next, struct thread_timer, in_thread);
    now_ns = clock_now();
    return gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC),
        gpr_time_from_nanos(timer->at_ns > now_ns ? (int64_t)(timer->at_ns - now_ns) : 0,
                            GPR_TIMESPAN));
}

/* False when the queue is shut down and empty. */
static bool turn(struct thread *thread)
{
    grpc_event event;
    unsigned i;

    for (i = 0; i < TURN_EVENTS_MAX; i++) {
        event = grpc_completion_queue_next(thread->queue, turn_wait(thread), NULL);
        if (event.type != GRPC_OP_COMPLETE)
            break;
        take_event(thread, &event);
        if (!list_is_empty(&thread->timers))
            run_timers(thread);
    }
    if (event.type == GRPC_QUEUE_TIMEOUT)
        thread->runs = 0;
    run_deferred(thread);
    run_timers(thread);
    return event.type != GRPC_QUEUE_SHUTDOWN || thread->deferred_first != NULL;
}

static void poll_queue(void *arg)
{
    struct thread *thread = arg;

    while (turn(thread))
        continue;
}

static void create_poster(struct thread *thread)
{
    thread->nowhere =
        grpc_lame_client_channel_create("nowhere", GRPC_STATUS_UNAVAILABLE, "nowhere");
    thread->poster = grpc_channel_create_call(thread->nowhere, NULL, GRPC_PROPAGATE_DEFAULTS,
                                              thread->queue, grpc_slice_from_static_string("/post"),
                                              NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

static void destroy_poster(struct thread *thread)
{
    grpc_call_unref(thread->poster);
    grpc_channel_destroy(thread->nowhere);
}

struct thread *thread_create(struct loop *loop, struct error *err)
{
    struct thread *thread = fault_is_due() ? NULL : calloc(1, sizeof(*thread));
    int rc;

    if (thread == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for an rpc thread");
        return NULL;
    }
    gpr_set_log_function(log_of_grpc);
    absl_mutex_set_quick();
    grpc_init();
    thread->loop = loop;
    thread->queue = grpc_completion_queue_create_for_next(NULL);
    list_init(&thread->timers);
    thread->deferred_last = &thread->deferred_first;
    create_poster(thread);
    rc = uv_thread_create(&thread->id, poll_queue, thread);
    if (rc == 0)
        return thread;
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "cannot start an rpc thread: %s", uv_strerror(rc));
    destroy_poster(thread);
    grpc_completion_queue_shutdown(thread->queue);
    while (turn(thread))
        continue;
    grpc_completion_queue_destroy(thread->queue);
    grpc_shutdown();
    free(thread);
    return NULL;
}

void thread_destroy(struct thread *thread)
{
    CHECK(!thread_is_here(thread));
    destroy_poster(thread);
    grpc_completion_queue_shutdown(thread->queue);
    uv_thread_join(&thread->id);
    CHECK(list_is_empty(&thread->timers));
    grpc_completion_queue_destroy(thread->queue);
    grpc_shutdown();
    free(thread);
}

grpc_completion_queue *thread_queue(const struct thread *thread)
{
    return thread->queue;
}

bool thread_is_here(const struct thread *thread)
{
    uv_thread_t self = uv_thread_self();

    return uv_thread_equal(&self, &thread->id) != 0;
}

void op_start(struct op *op, grpc_call *call, const grpc_op *operations, size_t count)
{
    HAND_OVER(op);
    CHECK(grpc_call_start_batch(call, operations, count, op, NULL) == GRPC_CALL_OK);
}

void op_hand_over(struct op *op)
{
    HAND_OVER(op);
}

void thread_post(struct thread *thread, struct op *op)
{
    op_start(op, thread->poster, NULL, 0);
}

void thread_defer(struct thread *thread, struct op *op)
{
    op->letter.next = NULL;
    *thread->deferred_last = &op->letter;
    thread->deferred_last = &op->letter.next;
}

bool thread_may_run(struct thread *thread)
{
    if (thread->deferred_first != NULL || thread->runs == RUNS_PER_LOOK)
        return false;
    thread->runs++;
    return true;
}

void thread_timer_init(struct thread_timer *timer, void (*on_time)(struct thread_timer *timer))
{
    *timer = (struct thread_timer){ .on_time = on_time };
    list_init(&timer->in_thread);
}

/* Most timers of a thread are as long as each other, so the place is near the end. */
void thread_timer_start(struct thread *thread, struct thread_timer *timer, uint64_t at_ns)
{
    struct list *at = thread->timers.prev;

    list_remove(&timer->in_thread);
    timer->at_ns = at_ns;
    while (at != &thread->timers && LIST_ITEM(at, struct thread_timer, in_thread)->at_ns > at_ns)
        at = at->prev;
    list_insert_after(at, &timer->in_thread);
}

void thread_timer_stop(struct thread_timer *timer)
{
    list_remove(&timer->in_thread);
}
