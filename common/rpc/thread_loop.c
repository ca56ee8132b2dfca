/* A completion queue that the loop's thread polls itself: what arrives is handled where the loop's
 * machines live, and no second thread has to be woken for it.
 *
 * A turn of the loop: libuv, without waiting → the queue, until an event or the next timer of
 * either. What else may happen meanwhile comes through the queue: a letter (its poster wakes the
 * queue, not libuv), and a ready descriptor (the loop's watch). */
#include "base/check.h"
#include "rpc/thread_state.h"
#include "run/clock.h"

static void open_letters(struct op *op, bool is_ok)
{
    (void)is_ok;
    mailbox_open(&LIST_ITEM(op, struct thread, letters)->loop->mailbox);
}

/* Twice at once where letters are opened between two posts: a tag has no state. */
static void wake_for_letters(const struct mailbox_waker *waker)
{
    struct thread *thread = LIST_ITEM(waker, struct thread, waker);

    thread_post(thread, &thread->letters);
}

static void note_handles(struct op *op, bool is_ok)
{
    (void)is_ok;
    LIST_ITEM(op, struct thread, handles)->has_handles = true;
}

static void wake_for_handles(void *arg)
{
    struct thread *thread = arg;

    thread_post(thread, &thread->handles);
}

static void finish(struct thread *thread)
{
    struct loop *loop = thread->loop;

    mailbox_wake_by(&loop->mailbox, NULL);
    loop_watch_stop(thread->watch);
    thread_shut_down(thread);
    while (thread_turn(thread, CLOCK_NEVER))
        continue;
    loop->driver = NULL;
    thread_free(thread);
}

static void wait_for_queue(struct loop_driver *driver, int timeout_ms)
{
    struct thread *thread = LIST_ITEM(driver, struct thread, driver);
    uint64_t until_ns = timeout_ms < 0    ? CLOCK_NEVER
                        : timeout_ms == 0 ? 0
                                          : clock_now() + (uint64_t)timeout_ms * CLOCK_NS_PER_MS;

    if (thread->has_handles) {
        thread->has_handles = false;
        loop_watch_again(thread->watch);
    }
    if (thread->refs > 0)
        thread_turn(thread, until_ns);
    if (thread->refs == 0)
        finish(thread);
}

struct thread *thread_of_loop(struct loop *loop, struct error *err)
{
    struct thread *thread;

    CHECK(loop_is_here(loop));
    if (loop->driver != NULL) {
        thread = LIST_ITEM(loop->driver, struct thread, driver);
        thread->refs++;
        return thread;
    }
    thread = thread_new(loop, err);
    if (thread == NULL)
        return NULL;
    thread->is_loops = true;
    thread->refs = 1;
    thread->driver.wait = wait_for_queue;
    thread->waker.wake = wake_for_letters;
    thread->letters.done = open_letters;
    thread->handles.done = note_handles;
    thread->watch = loop_watch_start(loop, wake_for_handles, thread, err);
    if (thread->watch == NULL) {
        thread_shut_down(thread);
        while (thread_turn(thread, CLOCK_NEVER))
            continue;
        thread_free(thread);
        return NULL;
    }
    loop->driver = &thread->driver;
    mailbox_wake_by(&loop->mailbox, &thread->waker);
    return thread;
}

/* From within a turn the queue is still in use: the turn finishes it. */
void thread_loop_unref(struct thread *thread)
{
    CHECK(loop_is_here(thread->loop) && thread->refs > 0);
    if (--thread->refs == 0 && !thread->loop->is_turning)
        finish(thread);
}
