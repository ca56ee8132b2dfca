/* What the store counts. The store's own; others see redis.h. */
#ifndef STORE_REDIS_METRICS_H
#define STORE_REDIS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "run/metrics.h"

struct redis_metrics {
    struct metric *commands[STATUS_COUNT]; /* redis_commands_total{status} */
    struct metric *seconds;                /* redis_seconds */
    struct metric *ready;                  /* redis_ready: connections that are */
    struct metric *reconnects;             /* redis_reconnects_total */
};

void redis_metrics_init(struct redis_metrics *metrics);

void redis_metrics_command(struct redis_metrics *metrics, enum status status);
void redis_metrics_seconds(struct redis_metrics *metrics, uint64_t microseconds);
void redis_metrics_ready(struct redis_metrics *metrics, bool is_ready);
void redis_metrics_reconnected(struct redis_metrics *metrics);

#endif
