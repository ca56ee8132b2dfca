/* The inside of an rpc thread, for thread.c and thread_loop.c. */
#ifndef RPC_THREAD_STATE_H
#define RPC_THREAD_STATE_H

#include "rpc/thread.h"
#include "run/loop_watch.h"

struct thread {
    grpc_completion_queue *queue;
    struct loop *loop;
    uv_thread_t id; /* where it is not the loop's */
    /* A call on a channel that goes nowhere: an empty batch on it puts a tag into the queue. */
    grpc_channel *nowhere;
    grpc_call *poster;
    /* of the polling thread */
    struct list timers; /* soonest first */
    struct letter *deferred_first, **deferred_last;
    unsigned runs; /* at once, since the queue was last seen empty */
    /* of the one that the loop's thread polls; the loop's own */
    bool is_loops;
    unsigned refs;
    struct loop_driver driver;
    struct mailbox_waker waker;
    struct loop_watch *watch;
    struct op letters, handles; /* the loop has letters; handles with something to do */
    bool has_handles;           /* the watch waits to be told that they had their turn */
};

/* All but the one who polls. */
struct thread *thread_new(struct loop *loop, struct error *err);

/* Take events, at most until @until_ns (of clock_now; CLOCK_NEVER, 0) when there are none, and run
 * their ops and what is due. False when the queue is shut down and empty. Polling thread. */
bool thread_turn(struct thread *thread, uint64_t until_ns);

/* Nothing may be posted any more; turns until one is false; then thread_free. */
void thread_shut_down(struct thread *thread);
void thread_free(struct thread *thread);

/* thread_loop.c */
void thread_loop_unref(struct thread *thread);

#endif
