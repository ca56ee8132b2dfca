/* grpc.health.v1 for clients of ours: what `consilium status` and `./mesh` ask. The serving side is
 * part of every server. */
#ifndef RPC_HEALTH_H
#define RPC_HEALTH_H

#include "rpc/client.h"

/* A name that every server knows and that is always SERVING: what answers is alive. For probes that
 * restart a process; a drain, a model that loads and a Redis that is away are no reason for that.
 */
#define HEALTH_LIVENESS "liveness"

extern const struct method method_health_check;
extern const struct method method_health_watch;

#endif
