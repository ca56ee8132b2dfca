/* Thread: the loop's own, throughout. */
#include "run/loop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"

/* How a shell reports a process that signal @number ended. */
#define EXIT_STATUS_OF_SIGNAL(number) (128 + (number))

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *loop = handle->data;

    log_info("signal", LOG_NUMBER("number", number), LOG_NUMBER("again", loop->is_stopping));
    if (loop->is_stopping)
        _exit(EXIT_STATUS_OF_SIGNAL(number));
    loop->is_stopping = true;
    loop->on_stop(loop);
}

static enum status watch_signal(struct loop *loop, uv_signal_t *handle, int number,
                                struct error *err)
{
    int rc = uv_signal_start(handle, on_signal, number);

    handle->data = loop;
    if (rc != 0)
        return error_set_errno(err, -rc, "cannot watch signal %d", number);
    return STATUS_OK;
}

static enum status watch_signals(struct loop *loop, struct error *err)
{
    int rc;

    rc = uv_signal_init(&loop->uv, &loop->on_term);
    if (rc != 0)
        return error_set_errno(err, -rc, "cannot watch signals");
    /* After the first, init cannot fail: it makes the pipe that all of them share. */
    rc = uv_signal_init(&loop->uv, &loop->on_int);
    CHECK(rc == 0);
    if (watch_signal(loop, &loop->on_term, SIGTERM, err) != STATUS_OK)
        return err->status;
    return watch_signal(loop, &loop->on_int, SIGINT, err);
}

/* Undo a loop_init that got no further than the signals. */
static void give_up(struct loop *loop)
{
    loop_stop(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
}

enum status loop_init(struct loop *loop, void *owner, void (*on_stop)(struct loop *),
                      struct error *err)
{
    int rc;

    *loop = (struct loop){ .owner = owner, .on_stop = on_stop, .thread = uv_thread_self() };
    rc = uv_loop_init(&loop->uv);
    if (rc != 0)
        return error_set_errno(err, -rc, "cannot make an event loop");
    signal(SIGPIPE, SIG_IGN);
    mailbox_init(&loop->mailbox, &loop->uv);
    if (on_stop != NULL && watch_signals(loop, err) != STATUS_OK) {
        give_up(loop);
        return err->status;
    }
    return STATUS_OK;
}

void loop_run(struct loop *loop)
{
    CHECK(loop_is_here(loop));
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

/* A handle that was never initialised has no loop. */
static void close_signal(uv_signal_t *handle)
{
    if (handle->loop != NULL)
        uv_close((uv_handle_t *)handle, NULL);
}

void loop_stop(struct loop *loop)
{
    CHECK(loop_is_here(loop));
    if (uv_is_closing((uv_handle_t *)&loop->mailbox.wake))
        return;
    mailbox_close(&loop->mailbox, NULL);
    close_signal(&loop->on_term);
    close_signal(&loop->on_int);
}

static void name_open_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    log_error("handle_left_open", LOG_NAME("type", uv_handle_type_name(handle->type)),
              LOG_NUMBER("is_closing", uv_is_closing(handle)));
}

void loop_close(struct loop *loop)
{
    int rc = uv_loop_close(&loop->uv);

    if (rc != 0)
        uv_walk(&loop->uv, name_open_handle, NULL);
    CHECK(rc == 0);
}

bool loop_is_here(const struct loop *loop)
{
    uv_thread_t here = uv_thread_self();

    return uv_thread_equal(&loop->thread, &here);
}

static void on_timer(uv_timer_t *uv)
{
    struct timer *timer = LIST_ITEM(uv, struct timer, uv);

    timer->on_time(timer);
}

void timer_init(struct timer *timer, struct loop *loop, void (*on_time)(struct timer *timer))
{
    uv_timer_init(&loop->uv, &timer->uv); /* cannot fail */
    timer->on_time = on_time;
    timer->closed = NULL;
}

void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    int rc;

    /* uv counts from the time it read at the start of this turn. */
    uv_update_time(timer->uv.loop);
    rc = uv_timer_start(&timer->uv, on_timer, delay_ms, repeat_ms);
    CHECK(rc == 0); /* else it is being closed */
}

void timer_stop(struct timer *timer)
{
    uv_timer_stop(&timer->uv);
}

static void on_timer_closed(uv_handle_t *uv)
{
    struct timer *timer = LIST_ITEM((uv_timer_t *)uv, struct timer, uv);

    if (timer->closed != NULL)
        timer->closed(timer);
}

void timer_close(struct timer *timer, void (*closed)(struct timer *timer))
{
    timer->closed = closed;
    uv_close((uv_handle_t *)&timer->uv, on_timer_closed);
}
