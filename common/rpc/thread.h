/* An rpc thread: owns one gRPC completion queue and polls it. Only for files of common/rpc.
 *
 * Every tag is a struct op. Its done runs on the polling thread, or, where on_loop is set, on the
 * loop: those cross by mailbox, in batches. An op must stay until its done has been called; gRPC
 * never takes a tag back. */
#ifndef RPC_THREAD_H
#define RPC_THREAD_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "run/loop.h"

struct thread;

struct op {
    void (*done)(struct op *op, bool is_ok);
    bool on_loop;
    bool is_ok;           /* thread.c's */
    struct letter letter; /* thread.c's */
};

/* @loop may be NULL when no op is on_loop. The first thread of the process calls grpc_init, the
 * last grpc_shutdown. */
struct thread *thread_create(struct loop *loop, struct error *err);

grpc_completion_queue *thread_queue(const struct thread *thread);

/* Whether the caller is the polling thread. */
bool thread_is_here(const struct thread *thread);

/* Start @count operations on @call with @op as their tag. CHECKs that gRPC takes them: a refusal is
 * a bug of ours. */
void op_start(struct op *op, grpc_call *call, const grpc_op *operations, size_t count);

/* Say that @op goes to gRPC as a tag by another way than op_start: before, on the same thread. */
void op_hand_over(struct op *op);

/* Run @op on the thread soon. Any thread; takes no lock of ours. Never after thread_destroy has
 * begun. */
void thread_post(struct thread *thread, struct op *op);

/* Run @op once the events that are ready now have been taken off the queue. Polling thread only. */
void thread_defer(struct thread *thread, struct op *op);

/* Whether something short may be done at once that would otherwise be deferred; true only so many
 * times before the queue is seen empty again. Polling thread only. */
bool thread_may_run(struct thread *thread);

/* A timer that lives in its owner and runs on the polling thread; everything here is called there,
 * or before the thread has anything to poll for. */
struct thread_timer {
    struct list in_thread;
    uint64_t at_ns; /* of clock_now */
    void (*on_time)(struct thread_timer *timer);
};

void thread_timer_init(struct thread_timer *timer, void (*on_time)(struct thread_timer *timer));
void thread_timer_start(struct thread *thread, struct thread_timer *timer, uint64_t at_ns);
void thread_timer_stop(struct thread_timer *timer);

/* Shut the queue down (nothing may be started on it any more), poll until it is empty, join,
 * destroy. Not from the thread itself. */
void thread_destroy(struct thread *thread);

/* One status for another: gRPC's numbers are ours. */
static inline enum status thread_status(grpc_status_code code)
{
    return (unsigned)code < STATUS_COUNT ? (enum status)code : STATUS_UNKNOWN;
}

#endif
