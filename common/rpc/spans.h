/* Spans: what a trace is made of, sent to a collector over OTLP/gRPC. One exporter a process.
 *
 * Every call that a server has answered is a span, and a handler may add spans of what it did
 * (call_span). They are put into a bounded ring and sent in batches from the loop; where the
 * collector is slow or away they are dropped and counted (trace_spans_dropped_total), and no call
 * waits. A span holds names, times and a status: never a text. */
#ifndef RPC_SPANS_H
#define RPC_SPANS_H

#include "base/error.h"
#include "rpc/call.h"
#include "rpc/credentials.h"
#include "run/loop.h"

struct spans_options {
    const char *service;             /* "gateway" */
    const char *target;              /* of the collector */
    struct credentials *credentials; /* NULL: plaintext */
    double
        share; /* of traces, 0 to 1: chosen by their ids, so that every service chooses the same */
};

/* FAILED_PRECONDITION: there is an exporter already. Strings are copied. Loop thread. */
enum status spans_start(struct loop *loop, const struct spans_options *options, struct error *err);

/* Send what is left, for at most two seconds, and close; @stopped then, on the loop. At once where
 * nothing was started. Loop thread. */
void spans_stop(void (*stopped)(void *owner), void *owner);

/* @call has ended with @status. Any thread; nothing where there is no exporter. */
void spans_add_call(const struct call *call, enum status status);

#endif
