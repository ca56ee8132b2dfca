/* An rpc thread: owns one gRPC completion queue and polls it. Only for files of common/rpc.
 *
 * Every tag is a struct op. Its done runs on the polling thread, or, where on_loop is set, on the loop: those cross by
 * mailbox, in batches. An op must stay until its done has been called; gRPC never takes a tag back. */
#ifndef RPC_THREAD_H
#define RPC_THREAD_H

#include <grpc/grpc.h>
#include <stdbool.h>

#include "base/error.h"
#include "run/loop.h"

struct thread;

struct op {
    void (*done)(struct op *op, bool is_ok);
    bool on_loop;
    bool is_ok;           /* thread.c's */
    struct letter letter; /* thread.c's */
};

/* @loop may be NULL when no op is on_loop. The first thread of the process calls grpc_init, the last grpc_shutdown. */
struct thread *thread_create(struct loop *loop, struct error *err);

grpc_completion_queue *thread_queue(const struct thread *thread);

/* Shut the queue down (nothing may be started on it any more), poll until it is empty, join, destroy. Not from the thread itself. */
void thread_destroy(struct thread *thread);

/* One status for another: gRPC's numbers are ours. */
static inline enum status thread_status(grpc_status_code code)
{
    return (unsigned)code < STATUS_COUNT ? (enum status)code : STATUS_UNKNOWN;
}

#endif
