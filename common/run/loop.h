/* The loop: one per process, the thread that owns timers, Redis, HTTP and the machines that wait.
 *
 * start: loop_init on the thread that will run it → everything is created on it → loop_run.
 * stop: SIGTERM or SIGINT calls on_stop once; the owner drains and closes what it opened, then
 * loop_stop. A second signal ends the process at once. */
#ifndef RUN_LOOP_H
#define RUN_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "run/mailbox.h"

struct loop {
    uv_loop_t uv;
    struct mailbox mailbox;
    uv_signal_t on_term, on_int;
    void (*on_stop)(struct loop *loop); /* loop thread, at the first signal */
    void *owner;
    uv_thread_t thread;
    bool is_stopping;
};

/* Initialise on the calling thread. @on_stop may be NULL: SIGTERM and SIGINT are then left alone.
 * SIGPIPE is ignored from here on, for a peer that goes away is an error of its connection.
 * RESOURCE_EXHAUSTED when descriptors run out. */
enum status loop_init(struct loop *loop, void *owner, void (*on_stop)(struct loop *),
                      struct error *err);

/* Run until loop_stop and until every handle is closed. */
void loop_run(struct loop *loop);

/* Close the loop's own handles; loop_run returns when the others are closed too. Letters still
 * inside the mailbox are opened first; nobody may post any more. A second call does nothing. Loop
 * thread. */
void loop_stop(struct loop *loop);

/* Close the uv loop. CHECKs that no handle is left open, and names one that is. */
void loop_close(struct loop *loop);

/* Whether the caller is on the loop's thread. */
bool loop_is_here(const struct loop *loop);

/* A timer that lives in its owner. Not running at first. Loop thread. */
struct timer {
    uv_timer_t uv;
    void (*on_time)(struct timer *timer);
    void (*closed)(struct timer *timer); /* timer_close's */
};

void timer_init(struct timer *timer, struct loop *loop, void (*on_time)(struct timer *timer));
/* @delay_ms counts from the call itself, however long the loop has been busy; @repeat_ms of 0:
 * once. A timer that runs already begins anew. */
void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms);
void timer_stop(struct timer *timer);
/* @closed may be NULL; the timer's memory stays until then (or until loop_run has returned). */
void timer_close(struct timer *timer, void (*closed)(struct timer *timer));

#endif
