/* The adapter that comes with hiredis drops events that carry an error, so a refused connection is
 * never reported. Here an error counts as every event: hiredis then reads or writes, finds out, and
 * says so. */
#include "store/redis_adapter.h"

#include <stdlib.h>

#include "base/fault.h"

struct adapter {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL once hiredis has let go */
    int events;
    void (*closed)(void *arg);
    void *arg;
};

/* hiredis may free the context in either call. */
static void on_event(uv_poll_t *poll, int status, int events)
{
    struct adapter *adapter = poll->data;

    if (status != 0)
        events = UV_READABLE | UV_WRITABLE;
    if (adapter->context != NULL && (events & UV_READABLE))
        redisAsyncHandleRead(adapter->context);
    if (adapter->context != NULL && (events & UV_WRITABLE))
        redisAsyncHandleWrite(adapter->context);
}

static void watch(struct adapter *adapter, int events)
{
    if (adapter->events == events)
        return;
    adapter->events = events;
    if (events == 0)
        uv_poll_stop(&adapter->poll);
    else
        uv_poll_start(&adapter->poll, events, on_event);
}

static void add_read(void *data)
{
    struct adapter *adapter = data;

    watch(adapter, adapter->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct adapter *adapter = data;

    watch(adapter, adapter->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct adapter *adapter = data;

    watch(adapter, adapter->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct adapter *adapter = data;

    watch(adapter, adapter->events & ~UV_WRITABLE);
}

static void on_poll_closed(uv_handle_t *poll)
{
    struct adapter *adapter = poll->data;

    adapter->closed(adapter->arg);
    free(adapter);
}

/* hiredis closes the socket right after this. */
static void clean_up(void *data)
{
    struct adapter *adapter = data;

    adapter->context = NULL;
    uv_close((uv_handle_t *)&adapter->poll, on_poll_closed);
}

int redis_adapter_attach(redisAsyncContext *context, uv_loop_t *uv, void (*closed)(void *arg),
                         void *arg)
{
    struct adapter *adapter = fault_is_due() ? NULL : calloc(1, sizeof(*adapter));
    int rc;

    if (adapter == NULL)
        return UV_ENOMEM;
    rc = uv_poll_init(uv, &adapter->poll, context->c.fd);
    if (rc != 0) {
        free(adapter);
        return rc;
    }
    adapter->poll.data = adapter;
    adapter->context = context;
    adapter->closed = closed;
    adapter->arg = arg;
    context->ev.data = adapter;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = clean_up;
    return 0;
}
