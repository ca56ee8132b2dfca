/* What the calling side counts for a method of a service:
 * rpc_client_calls_total{service,method,status} and rpc_client_seconds{service,method}. */
#ifndef RPC_METRICS_H
#define RPC_METRICS_H

#include <stdint.h>

#include "base/error.h"
#include "contract/methods.h"

struct rpc_metrics;

/* The counters of @method at @service. Kept for ever, as metrics are. NULL when there is no memory.
 * Any thread; takes a lock. */
struct rpc_metrics *rpc_metrics_find(const char *service, const struct method *method);

/* One rpc has ended. NULL counts nowhere. Any thread. */
void rpc_metrics_count(struct rpc_metrics *metrics, enum status status, uint64_t microseconds);

#endif
