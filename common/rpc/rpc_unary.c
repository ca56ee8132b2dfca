/* Unary calls.
 *
 *     rpc_call → attempt ──answer──────────────────────────→ end: callback
 *                  │ └─UNAVAILABLE→ backoff → attempt …
 *                  └─hedge_after→ a second attempt beside it; the first answer wins, the other is cancelled
 *
 * An answer is any status but UNAVAILABLE. When a call is tried again: rpc_retry.h. */
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "rpc/rpc_retry.h"
#include "run/clock.h"

#include <grpc/byte_buffer.h>

struct unary {
    struct rpc rpc; /* first */
    rpc_reply_cb on_reply;
    grpc_byte_buffer *request;
    struct unary_attempt {
        struct op op;
        struct unary *unary;
        struct attempt attempt;
    } attempts[ATTEMPTS_AT_ONCE];
    unsigned running;       /* attempts that gRPC holds */
    struct retries retries; /* not counting the hedge */
    struct op hedge_op, retry_op, cancel_op;
};

static void start_attempt(struct unary *unary, struct unary_attempt *slot);

static void cancel_attempts(struct unary *unary)
{
    unsigned i;

    for (i = 0; i < ATTEMPTS_AT_ONCE; i++)
        if (unary->attempts[i].attempt.call != NULL)
            grpc_call_cancel(unary->attempts[i].attempt.call, NULL);
}

/* @reply is NULL when @err says why not. */
static void end(struct unary *unary, const void *reply, const struct error *err)
{
    rpc_end(&unary->rpc, err);
    cancel_attempts(unary);
    unary->on_reply(unary->rpc.arg, reply, err);
    grpc_byte_buffer_destroy(unary->request);
    unary->request = NULL;
    rpc_unref(&unary->rpc);
}

static void end_with_reply(struct unary *unary, struct attempt *attempt)
{
    static const struct error ok;
    struct error err = { 0 };
    const void *reply = NULL;

    if (attempt->reply == NULL)
        error_set(&err, STATUS_INTERNAL, "%s: %s ended well without a reply",
                  unary->rpc.channel->service, unary->rpc.method->name);
    else
        reply = rpc_unpack(&unary->rpc, attempt, &err);
    end(unary, reply, reply == NULL ? &err : &ok);
}

static void retry_done(struct op *op, bool is_ok)
{
    struct unary *unary = LIST_ITEM(op, struct unary, retry_op);

    (void)is_ok;
    if (!unary->rpc.is_ended)
        start_attempt(unary, &unary->attempts[0]);
    rpc_unref(&unary->rpc);
}

/* The attempt is over; decide what that means for the rpc. */
static void judge(struct unary *unary, struct attempt *attempt)
{
    struct error err = { 0 };
    enum status status = attempt_error(attempt, &unary->rpc, &err);

    retries_note(&unary->rpc, status);
    if (status == STATUS_OK)
        end_with_reply(unary, attempt);
    else if (status != STATUS_UNAVAILABLE)
        end(unary, NULL, &err);
    else if (unary->running > 0)
        return; /* the other one may still answer */
    else if (retries_allow(&unary->retries, &unary->rpc))
        retries_wait(&unary->retries, &unary->rpc, &unary->retry_op, retry_done);
    else
        end(unary, NULL, &err);
}

static void attempt_done(struct op *op, bool is_ok)
{
    struct unary_attempt *slot = LIST_ITEM(op, struct unary_attempt, op);
    struct unary *unary = slot->unary;
    struct attempt attempt = slot->attempt;

    (void)is_ok; /* the status says more */
    slot->attempt.call = NULL;
    unary->running--;
    if (!unary->rpc.is_ended)
        judge(unary, &attempt);
    attempt_close(&attempt);
    rpc_unref(&unary->rpc);
}

/* gRPC takes the slices out of the buffer that it sends; the copy shares its bytes. */
static void start_attempt(struct unary *unary, struct unary_attempt *slot)
{
    grpc_byte_buffer *request = grpc_byte_buffer_copy(unary->request);
    struct attempt *attempt = &slot->attempt;
    grpc_op ops[6];

    slot->unary = unary;
    slot->op = (struct op){ .done = attempt_done, .on_loop = client_on_loop(unary->rpc.client) };
    attempt_open(attempt, &unary->rpc);
    ops[0] = attempt_send_start(attempt);
    ops[1] = attempt_send(request);
    ops[2] = attempt_send_end();
    ops[3] = attempt_recv_start(attempt);
    ops[4] = attempt_recv(attempt);
    ops[5] = attempt_recv_end(attempt);
    unary->running++;
    unary->rpc.refs++;
    op_start(&slot->op, attempt->call, ops, 6);
    grpc_byte_buffer_destroy(request);
}

static void hedge_done(struct op *op, bool is_ok)
{
    struct unary *unary = LIST_ITEM(op, struct unary, hedge_op);
    struct rpc *rpc = &unary->rpc;

    (void)is_ok;
    if (!rpc->is_ended && !rpc->is_cancelled && unary->running == 1
        && channel_may_retry(rpc->channel))
        start_attempt(unary, &unary->attempts[1]);
    rpc_unref(rpc);
}

static void arm_hedge(struct unary *unary, uint32_t hedge_after_ms)
{
    struct rpc *rpc = &unary->rpc;

    rpc->refs++;
    unary->hedge_op = (struct op){ .done = hedge_done, .on_loop = client_on_loop(rpc->client) };
    client_timer(rpc->client, rpc->thread, &unary->hedge_op,
                 rpc->started_ns + hedge_after_ms * CLOCK_NS_PER_MS);
}

static void cancel_done(struct op *op, bool is_ok)
{
    struct unary *unary = LIST_ITEM(op, struct unary, cancel_op);
    struct error err = { 0 };

    (void)is_ok;
    if (!unary->rpc.is_ended) {
        attempt_error(&unary->attempts[0].attempt, &unary->rpc, &err);
        end(unary, NULL, &err);
    }
    rpc_unref(&unary->rpc);
}

void rpc_unary_cancel(struct rpc *rpc)
{
    struct unary *unary = (struct unary *)rpc;

    if (unary->running > 0) {
        cancel_attempts(unary);
        return;
    }
    /* It waits to be retried: nothing of gRPC's will say that it has ended. */
    rpc->refs++;
    unary->cancel_op = (struct op){ .done = cancel_done, .on_loop = client_on_loop(rpc->client) };
    thread_post(rpc->thread, &unary->cancel_op);
}

enum status rpc_call(struct channel *channel, const struct method *method, const void *request,
                     const struct rpc_options *options, rpc_reply_cb on_reply, void *arg,
                     struct rpc **rpc, struct error *err)
{
    grpc_byte_buffer *packed;
    struct unary *unary;
    bool is_hedged = method->is_repeatable && options->hedge_after_ms > 0;

    CHECK(method->kind == METHOD_KIND_UNARY);
    if (rpc_may_start(channel, method, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    packed = rpc_pack(channel, method, request, err);
    if (packed == NULL)
        return err == NULL ? STATUS_RESOURCE_EXHAUSTED : err->status;
    unary = fault_is_due() ? NULL : calloc(1, sizeof(*unary));
    if (unary == NULL) {
        grpc_byte_buffer_destroy(packed);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a call");
    }
    rpc_init(&unary->rpc, channel, method, options, arg);
    unary->on_reply = on_reply;
    retries_init(&unary->retries, method, options);
    unary->request = packed;
    if (rpc != NULL)
        *rpc = &unary->rpc;
    if (is_hedged)
        arm_hedge(unary, options->hedge_after_ms);
    start_attempt(unary, &unary->attempts[0]);
    return STATUS_OK;
}
