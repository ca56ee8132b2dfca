/* What is counted and logged of calls. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "rpc/server_state.h"
#include "run/clock.h"

/* Under overload a line for each refusal would cost more than the call: one a second for each
 * method, with their number. */
#define REFUSED_LOG_NS CLOCK_NS_PER_S

/* Metrics keep their labels for ever, so labels are made once and shared by all servers of the
 * process. */
struct labels {
    struct labels *next;
    char text[];
};

static struct labels *all_labels;
static pthread_mutex_t labels_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *find_or_make_labels(const char *text)
{
    size_t size = strlen(text) + 1;
    struct labels *labels;

    pthread_mutex_lock(&labels_lock);
    for (labels = all_labels; labels != NULL && strcmp(labels->text, text) != 0;
         labels = labels->next)
        continue;
    if (labels == NULL) {
        labels = malloc(sizeof(*labels) + size);
        CHECK(labels != NULL);
        memcpy(labels->text, text, size);
        labels->next = all_labels;
        all_labels = labels;
    }
    pthread_mutex_unlock(&labels_lock);
    return labels->text;
}

static struct metric *register_method(enum metric_kind kind, const char *name, const char *help,
                                      const struct served *served)
{
    char text[160];

    snprintf(text, sizeof(text), "method=\"%s\"", served->row.method->name);
    return metric_register(kind, name, help, find_or_make_labels(text));
}

void served_init_metrics(struct served *served)
{
    served->seconds = register_method(METRIC_KIND_HISTOGRAM, "rpc_server_seconds",
                                      "Time from the arrival of a call to its status.", served);
    served->in_flight = register_method(METRIC_KIND_GAUGE, "rpc_server_in_flight",
                                        "Calls that have arrived and are not over.", served);
}

/* Registered when first seen: most methods know few statuses. */
static struct metric *calls_total(struct served *served, enum status status)
{
    struct metric *metric =
        atomic_load_explicit(&served->calls_total[status], memory_order_acquire);
    char text[200];

    if (metric != NULL)
        return metric;
    snprintf(text, sizeof(text), "method=\"%s\",status=\"%s\"", served->row.method->name,
             status_name(status));
    metric = metric_register(METRIC_KIND_COUNTER, "rpc_server_calls_total",
                             "Calls that have ended.", find_or_make_labels(text));
    atomic_store_explicit(&served->calls_total[status], metric, memory_order_release);
    return metric;
}

static void log_failed(const struct served *served, const struct call *call,
                       const struct error *end, uint64_t duration_us)
{
    char trace[TRACE_ID_TEXT_BYTES];

    trace_format_id(&call->trace, trace);
    log_warn("call_failed", LOG_NAME("method", served->row.method->name), LOG_ID("trace", trace),
             LOG_NUMBER("us", duration_us), LOG_ERROR(end));
}

static void log_refused(struct served *served, uint64_t now_ns)
{
    uint64_t last_ns = atomic_load(&served->refused_ns);
    uint64_t count;

    atomic_fetch_add(&served->refused, 1);
    if (now_ns - last_ns < REFUSED_LOG_NS
        || !atomic_compare_exchange_strong(&served->refused_ns, &last_ns, now_ns))
        return;
    count = atomic_exchange(&served->refused, 0);
    log_warn("calls_refused", LOG_NAME("method", served->row.method->name),
             LOG_NUMBER("count", count), LOG_NUMBER("calls_max", served->row.calls_max),
             LOG_NUMBER("queue_max", served->row.queue_max));
}

void served_count(struct served *served, const struct call *call, const struct error *end,
                  bool is_refused)
{
    uint64_t now_ns = clock_now();
    uint64_t duration_us = (now_ns - call->arrived_ns) / CLOCK_NS_PER_US;

    metric_add(calls_total(served, end->status), 1);
    metric_observe_of(served->seconds, duration_us, &call->trace);
    if (is_refused)
        log_refused(served, now_ns);
    else if (end->status != STATUS_OK)
        log_failed(served, call, end, duration_us);
}
