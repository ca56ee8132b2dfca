#include "store/redis_metrics.h"

#define LABEL(name) [STATUS_##name] = "status=\"" #name "\""

/* What a command can end with. */
static const char *const labels[STATUS_COUNT] = {
    LABEL(OK),
    LABEL(CANCELLED),
    LABEL(INVALID_ARGUMENT),
    LABEL(DEADLINE_EXCEEDED),
    LABEL(RESOURCE_EXHAUSTED),
    LABEL(FAILED_PRECONDITION),
    LABEL(INTERNAL),
    LABEL(UNAVAILABLE),
};

void redis_metrics_init(struct redis_metrics *metrics)
{
    unsigned i;

    for (i = 0; i < STATUS_COUNT; i++)
        metrics->commands[i] =
            labels[i] == NULL ? NULL
                              : metric_register(METRIC_KIND_COUNTER, "redis_commands_total",
                                                "Commands for Redis by how they ended.", labels[i]);
    metrics->seconds = metric_register(METRIC_KIND_HISTOGRAM, "redis_seconds",
                                       "Time from a command to its answer.", "");
    metrics->ready = metric_register(METRIC_KIND_GAUGE, "redis_ready",
                                     "Connections to Redis that are ready.", "");
    metrics->reconnects =
        metric_register(METRIC_KIND_COUNTER, "redis_reconnects_total",
                        "Times that a lost connection to Redis became ready again.", "");
}

void redis_metrics_command(struct redis_metrics *metrics, enum status status)
{
    if (metrics->commands[status] != NULL)
        metric_add(metrics->commands[status], 1);
}

void redis_metrics_seconds(struct redis_metrics *metrics, uint64_t microseconds)
{
    metric_observe(metrics->seconds, microseconds);
}

void redis_metrics_ready(struct redis_metrics *metrics, bool is_ready)
{
    metric_add(metrics->ready, is_ready ? 1 : -1);
}

void redis_metrics_reconnected(struct redis_metrics *metrics)
{
    metric_add(metrics->reconnects, 1);
}
