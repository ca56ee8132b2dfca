#include "rpc/call_local.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "rpc/call_face.h"
#include "rpc/spans.h"
#include "run/clock.h"

struct local_call {
    struct call call; /* first */
    struct call_local_options options;
    struct letter ending, reading;
    struct error error;
    bool is_ended, is_cancelled, is_reading;
    void (*on_writable)(struct call *call);
    void (*on_cancel)(struct call *call);
    void (*on_message)(struct call *call, const void *message);
};

static struct local_call *local_of(const struct call *call)
{
    return (struct local_call *)call;
}

static void open_ending(struct letter *letter)
{
    struct local_call *local = LIST_ITEM(letter, struct local_call, ending);
    struct call_local_options options = local->options;
    struct error err = local->error;

    arena_close(&local->call.arena);
    free(local);
    options.on_end(options.arg, &err);
}

static void local_end(struct call *call, const void *reply, const struct error *err)
{
    struct local_call *local = local_of(call);

    CHECK(!local->is_ended);
    local->is_ended = true;
    if (reply != NULL && !local->is_cancelled)
        local->options.on_message(local->options.arg, reply);
    if (err != NULL)
        local->error = *err;
    spans_add_call(call, local->error.status);
    local->ending.open = open_ending;
    mailbox_post(&local->options.loop->mailbox, &local->ending);
}

static bool local_send(struct call *call, const void *message)
{
    struct local_call *local = local_of(call);

    CHECK(!local->is_ended);
    return local->is_cancelled || local->options.on_message(local->options.arg, message);
}

static void local_on_writable(struct call *call, void (*on_writable)(struct call *call))
{
    local_of(call)->on_writable = on_writable;
}

static void open_reading(struct letter *letter)
{
    struct local_call *local = LIST_ITEM(letter, struct local_call, reading);

    local->is_reading = false;
    if (local->is_cancelled && local->on_cancel != NULL)
        return; /* it was told */
    local->on_message(&local->call,
                      local->is_cancelled ? NULL : local->options.next(local->options.arg));
}

static void local_read(struct call *call,
                       void (*on_message)(struct call *call, const void *message))
{
    struct local_call *local = local_of(call);

    CHECK(!local->is_reading && !local->is_ended && local->options.next != NULL);
    local->is_reading = true;
    local->on_message = on_message;
    local->reading.open = open_reading;
    mailbox_post(&local->options.loop->mailbox, &local->reading);
}

static bool local_is_cancelled(const struct call *call)
{
    return local_of(call)->is_cancelled;
}

static void local_on_cancel(struct call *call, void (*on_cancel)(struct call *call))
{
    local_of(call)->on_cancel = on_cancel;
}

static const struct call_face face = {
    .end = local_end,
    .send = local_send,
    .on_writable = local_on_writable,
    .read = local_read,
    .is_cancelled = local_is_cancelled,
    .on_cancel = local_on_cancel,
};

struct call *call_local_start(const struct call_local_options *options)
{
    const struct server_method *method = options->method;
    struct local_call *local = calloc(1, sizeof(*local));
    struct call *call = &local->call;

    CHECK(method->place == METHOD_PLACE_LOOP);
    if (local == NULL)
        return NULL;
    local->options = *options;
    arena_init(&call->arena,
               method->arena_bytes_max == 0 ? SERVER_ARENA_BYTES : method->arena_bytes_max);
    call->face = &face;
    call->method = method;
    call->service = options->service;
    call->request = options->request;
    call->peer = options->peer;
    call->arrived_ns = clock_now();
    call->deadline_ns = method->deadline_ms_max == 0
                            ? CLOCK_NEVER
                            : call->arrived_ns + method->deadline_ms_max * CLOCK_NS_PER_MS;
    if (options->trace != NULL)
        call->trace = *options->trace;
    else
        trace_start(&call->trace);
    method->start(call);
    return call;
}

void call_local_proceed(struct call *call)
{
    struct local_call *local = local_of(call);

    if (!local->is_ended && local->on_writable != NULL)
        local->on_writable(call);
}

void call_local_cancel(struct call *call)
{
    struct local_call *local = local_of(call);

    if (local->is_ended || local->is_cancelled)
        return;
    local->is_cancelled = true;
    if (local->on_cancel != NULL)
        local->on_cancel(call);
}
