/* Any thread adds to the ring under its lock. Loop: a timer takes a batch off the ring → a request
 * → one export at a time → its end. */
#include "rpc/spans.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "otlp/trace.pb-c.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "run/clock.h"
#include "run/config.h"
#include "run/metrics.h"

#define RING_SPANS 4096
#define BATCH_SPANS 512
#define EXPORT_MS 1000
#define EXPORT_DEADLINE_MS 5000
#define STOP_DEADLINE_MS 2000
#define LOG_NS (60 * CLOCK_NS_PER_S)

static const struct method method_export = {
    .path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    .name = "TraceService.Export",
    .kind = METHOD_KIND_UNARY,
    .request = &otlp__export_trace_service_request__descriptor,
    .reply = &otlp__export_trace_service_response__descriptor,
};

struct span {
    struct trace trace;
    const char *name; /* the program's own */
    bool is_step;     /* of a call, not a call */
    enum status status;
    uint64_t start_ns, end_ns; /* of clock_now */
};

static struct {
    pthread_mutex_t lock; /* of the ring and is_on */
    struct span ring[RING_SPANS];
    unsigned first, count;
    uint64_t dropped_below; /* a trace is kept whose first eight bytes are below this */
    /* the loop's */
    struct loop *loop;
    struct client *client;
    struct channel *channel;
    struct timer timer;
    char service[32];
    struct rpc *rpc; /* the export that runs */
    uint64_t told_ns;
    void (*stopped)(void *owner);
    void *owner;
    struct metric *sent, *dropped;
} spans = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_bool is_on;

/* Adding. */

static bool is_kept(const struct trace *trace)
{
    uint64_t front;

    memcpy(&front, trace->trace_id + 8, sizeof(front));
    return trace->is_sampled && front <= spans.dropped_below;
}

static void add(const struct span *span)
{
    bool is_full;

    if (!is_kept(&span->trace))
        return;
    pthread_mutex_lock(&spans.lock);
    is_full = spans.count == RING_SPANS;
    if (!is_full)
        spans.ring[(spans.first + spans.count++) % RING_SPANS] = *span;
    pthread_mutex_unlock(&spans.lock);
    if (is_full)
        metric_add(spans.dropped, 1);
}

/* Probes and reflection would be most of what a quiet service tells. */
static bool is_ours(const struct call *call)
{
    return strncmp(call->method->method->path, "/grpc.", 6) != 0;
}

void spans_add_call(const struct call *call, enum status status)
{
    struct span span;

    if (!atomic_load_explicit(&is_on, memory_order_acquire) || !is_ours(call))
        return;
    span = (struct span){
        .trace = call->trace,
        .name = call->method->method->name,
        .status = status,
        .start_ns = call->arrived_ns,
        .end_ns = clock_now(),
    };
    add(&span);
}

void call_span(const struct call *call, const char *name, uint64_t start_ns, uint64_t end_ns)
{
    struct span span = { .name = name, .is_step = true, .start_ns = start_ns, .end_ns = end_ns };

    if (!atomic_load_explicit(&is_on, memory_order_acquire) || !is_ours(call))
        return;
    trace_child(&span.trace, &call->trace);
    add(&span);
}

/* Sending. */

static unsigned take(struct span batch[BATCH_SPANS])
{
    unsigned count = 0;

    pthread_mutex_lock(&spans.lock);
    while (spans.count > 0 && count < BATCH_SPANS) {
        batch[count++] = spans.ring[spans.first];
        spans.first = (spans.first + 1) % RING_SPANS;
        spans.count--;
    }
    pthread_mutex_unlock(&spans.lock);
    return count;
}

static Otlp__KeyValue *make_text(struct arena *arena, const char *key, const char *text)
{
    Otlp__KeyValue *pair = ARENA_NEW(arena, Otlp__KeyValue);
    Otlp__AnyValue *value = ARENA_NEW(arena, Otlp__AnyValue);

    CHECK(pair != NULL && value != NULL);
    otlp__key_value__init(pair);
    otlp__any_value__init(value);
    value->value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
    value->string_value = (char *)(uintptr_t)text;
    pair->key = (char *)(uintptr_t)key;
    pair->value = value;
    return pair;
}

static Otlp__KeyValue *make_number(struct arena *arena, const char *key, int64_t number)
{
    Otlp__KeyValue *pair = make_text(arena, key, "");

    pair->value->value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
    pair->value->int_value = number;
    return pair;
}

static ProtobufCBinaryData id_of(const uint8_t *bytes, size_t size)
{
    return (ProtobufCBinaryData){ size, (uint8_t *)(uintptr_t)bytes };
}

static bool is_zero(const uint8_t id[8])
{
    static const uint8_t zeros[8];

    return memcmp(id, zeros, sizeof(zeros)) == 0;
}

static void describe_call(const struct span *span, struct arena *arena, Otlp__Span *to)
{
    Otlp__Status *status = ARENA_NEW(arena, Otlp__Status);

    CHECK(status != NULL);
    otlp__status__init(status);
    status->code =
        span->status == STATUS_OK ? OTLP__STATUS__CODE__CODE_UNSET : OTLP__STATUS__CODE__CODE_ERROR;
    to->status = status;
    to->attributes = ARENA_ARRAY(arena, Otlp__KeyValue *, 2);
    CHECK(to->attributes != NULL);
    to->attributes[to->n_attributes++] = make_text(arena, "rpc.system", "grpc");
    to->attributes[to->n_attributes++] = make_number(arena, "rpc.grpc.status_code", span->status);
}

static Otlp__Span *make_span(const struct span *span, uint64_t wall_ns, uint64_t now_ns,
                             struct arena *arena)
{
    Otlp__Span *to = ARENA_NEW(arena, Otlp__Span);

    CHECK(to != NULL);
    otlp__span__init(to);
    to->trace_id = id_of(span->trace.trace_id, sizeof(span->trace.trace_id));
    to->span_id = id_of(span->trace.span_id, sizeof(span->trace.span_id));
    if (!is_zero(span->trace.parent_id))
        to->parent_span_id = id_of(span->trace.parent_id, sizeof(span->trace.parent_id));
    to->name = (char *)(uintptr_t)span->name;
    to->kind = span->is_step ? OTLP__SPAN__KIND__KIND_INTERNAL : OTLP__SPAN__KIND__KIND_SERVER;
    to->start_time_unix_nano = wall_ns - (now_ns - span->start_ns);
    to->end_time_unix_nano = wall_ns - (now_ns - span->end_ns);
    if (!span->is_step)
        describe_call(span, arena, to);
    return to;
}

static void on_exported(void *arg, const void *reply, const struct error *err);

static enum status send_batch(const struct span *batch, unsigned count, uint64_t deadline_ms,
                              struct arena *arena, struct error *err)
{
    uint64_t now_ns = clock_now(), wall_ns = (uint64_t)clock_wall_ms() * CLOCK_NS_PER_MS;
    Otlp__ExportTraceServiceRequest request = OTLP__EXPORT_TRACE_SERVICE_REQUEST__INIT;
    Otlp__ResourceSpans resource_spans = OTLP__RESOURCE_SPANS__INIT,
                        *resources[] = { &resource_spans };
    Otlp__Resource resource = OTLP__RESOURCE__INIT;
    Otlp__ScopeSpans scope_spans = OTLP__SCOPE_SPANS__INIT, *scopes[] = { &scope_spans };
    Otlp__InstrumentationScope scope = OTLP__INSTRUMENTATION_SCOPE__INIT;
    Otlp__KeyValue *attributes[] = { make_text(arena, "service.name", spans.service),
                                     make_text(arena, "service.namespace", "consilium"),
                                     make_text(arena, "service.version", CONSILIUM_VERSION) };
    struct rpc_options options = { .deadline_ns = now_ns + deadline_ms * CLOCK_NS_PER_MS };
    unsigned i;

    scope.name = "consilium";
    scope_spans.scope = &scope;
    scope_spans.spans = ARENA_ARRAY(arena, Otlp__Span *, count);
    CHECK(scope_spans.spans != NULL);
    for (i = 0; i < count; i++)
        scope_spans.spans[scope_spans.n_spans++] = make_span(&batch[i], wall_ns, now_ns, arena);
    resource.attributes = attributes;
    resource.n_attributes = sizeof(attributes) / sizeof(attributes[0]);
    resource_spans.resource = &resource;
    resource_spans.scope_spans = scopes;
    resource_spans.n_scope_spans = 1;
    request.resource_spans = resources;
    request.n_resource_spans = 1;
    return rpc_call(spans.channel, &method_export, &request, &options, on_exported,
                    (void *)(uintptr_t)count, &spans.rpc, err);
}

static void tell_failed(const struct error *err)
{
    if (spans.told_ns != 0 && clock_now() - spans.told_ns < LOG_NS)
        return;
    spans.told_ns = clock_now();
    log_warn("spans_not_sent", LOG_ERROR(err));
}

static bool export(uint64_t deadline_ms)
{
    static struct span batch[BATCH_SPANS];
    unsigned count = spans.rpc == NULL ? take(batch) : 0;
    struct error err = { 0 };
    struct arena arena;

    if (count == 0)
        return false;
    arena_init(&arena, 4 * MIB);
    if (send_batch(batch, count, deadline_ms, &arena, &err) != STATUS_OK) {
        metric_add(spans.dropped, count);
        tell_failed(&err);
        spans.rpc = NULL;
    }
    arena_close(&arena);
    return spans.rpc != NULL;
}

static void on_timer(struct timer *timer)
{
    (void)timer;
    if (spans.stopped == NULL)
        export(EXPORT_DEADLINE_MS);
    else if (spans.rpc != NULL)
        rpc_cancel(spans.rpc);
}

/* The end. */

static void close_parts(struct timer *timer)
{
    (void)timer;
    channel_destroy(spans.channel);
    client_destroy(spans.client);
    spans.stopped(spans.owner);
    spans.stopped = NULL;
}

/* Once what was left is out, or cannot be. The timer's closing comes when the last call's callback
 * has returned. */
static void end_when_sent(void)
{
    if (spans.stopped != NULL && spans.rpc == NULL && !export(STOP_DEADLINE_MS))
        timer_close(&spans.timer, close_parts);
}

static void on_exported(void *arg, const void *reply, const struct error *err)
{
    unsigned count = (unsigned)(uintptr_t)arg;

    (void)reply;
    spans.rpc = NULL;
    metric_add(err->status == STATUS_OK ? spans.sent : spans.dropped, count);
    if (err->status != STATUS_OK)
        tell_failed(err);
    if (spans.stopped != NULL && err->status != STATUS_OK)
        timer_close(&spans.timer, close_parts);
    else
        end_when_sent();
}

void spans_stop(void (*stopped)(void *owner), void *owner)
{
    if (!atomic_exchange(&is_on, false)) {
        stopped(owner);
        return;
    }
    spans.stopped = stopped;
    spans.owner = owner;
    timer_start(&spans.timer, STOP_DEADLINE_MS,
                0); /* a collector that does not answer holds nobody up */
    end_when_sent();
}

/* The start. */

enum status spans_start(struct loop *loop, const struct spans_options *options, struct error *err)
{
    const struct channel_options channel = { .service = "collector",
                                             .target = options->target,
                                             .credentials = options->credentials };

    if (atomic_load(&is_on))
        return error_set(err, STATUS_FAILED_PRECONDITION, "spans are exported already");
    spans.dropped_below =
        options->share >= 1 ? UINT64_MAX : (uint64_t)(options->share * 18446744073709551615.0);
    spans.sent = metric_register(METRIC_KIND_COUNTER, "trace_spans_sent_total",
                                 "Spans that the collector has taken.", "");
    spans.dropped = metric_register(METRIC_KIND_COUNTER, "trace_spans_dropped_total",
                                    "Spans that the collector did not take.", "");
    strncpy(spans.service, options->service, sizeof(spans.service) - 1);
    spans.loop = loop;
    spans.client = client_create(loop, CLIENT_PLACE_LOOP, 1, err);
    if (spans.client == NULL)
        return err->status;
    spans.channel = channel_create(spans.client, &channel, err);
    if (spans.channel == NULL) {
        client_destroy(spans.client);
        return err->status;
    }
    timer_init(&spans.timer, loop, on_timer);
    timer_start(&spans.timer, EXPORT_MS, EXPORT_MS);
    atomic_store_explicit(&is_on, true, memory_order_release);
    return STATUS_OK;
}
