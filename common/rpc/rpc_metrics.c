#include "rpc/rpc_metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/metrics.h"

struct rpc_metrics {
    struct rpc_metrics *next;
    char *service, *method; /* names */
    char *labels;
    struct metric *seconds;
    _Atomic(struct metric *) calls[STATUS_COUNT]; /* registered when first seen */
};

/* Metrics are never unregistered and keep our strings, so these stay too. */
static struct rpc_metrics *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct rpc_metrics *find(const char *service, const char *method)
{
    struct rpc_metrics *metrics;

    for (metrics = all; metrics != NULL; metrics = metrics->next)
        if (strcmp(metrics->method, method) == 0 && strcmp(metrics->service, service) == 0)
            return metrics;
    return NULL;
}

static struct rpc_metrics *add(const char *service, const char *method)
{
    struct rpc_metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics == NULL)
        return NULL;
    metrics->service = strdup(service);
    metrics->method = strdup(method);
    if (metrics->service == NULL || metrics->method == NULL
        || asprintf(&metrics->labels, "service=\"%s\",method=\"%s\"", service, method) < 0) {
        free(metrics->service);
        free(metrics->method);
        free(metrics);
        return NULL;
    }
    metrics->seconds =
        metric_register(METRIC_KIND_HISTOGRAM, "rpc_client_seconds",
                        "Time from the start of an outgoing call to its end.", metrics->labels);
    metrics->next = all;
    all = metrics;
    return metrics;
}

struct rpc_metrics *rpc_metrics_find(const char *service, const struct method *method)
{
    struct rpc_metrics *metrics;

    pthread_mutex_lock(&lock);
    metrics = find(service, method->name);
    if (metrics == NULL)
        metrics = add(service, method->name);
    pthread_mutex_unlock(&lock);
    return metrics;
}

static struct metric *add_status(struct rpc_metrics *metrics, enum status status)
{
    struct metric *metric;
    char *labels;

    pthread_mutex_lock(&lock);
    metric = atomic_load(&metrics->calls[status]);
    if (metric == NULL
        && asprintf(&labels, "%s,status=\"%s\"", metrics->labels, status_name(status)) >= 0) {
        metric = metric_register(METRIC_KIND_COUNTER, "rpc_client_calls_total",
                                 "Outgoing calls that have ended.", labels);
        atomic_store(&metrics->calls[status], metric);
    }
    pthread_mutex_unlock(&lock);
    return metric;
}

void rpc_metrics_count(struct rpc_metrics *metrics, enum status status, uint64_t microseconds)
{
    struct metric *calls;

    if (metrics == NULL)
        return;
    calls = atomic_load_explicit(&metrics->calls[status], memory_order_acquire);
    if (calls == NULL)
        calls = add_status(metrics, status);
    if (calls != NULL)
        metric_add(calls, 1);
    metric_observe(metrics->seconds, microseconds);
}
