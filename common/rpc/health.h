/* grpc.health.v1 for clients of ours: what `consilium status` and `./mesh` ask. The serving side is
 * part of every server. */
#ifndef RPC_HEALTH_H
#define RPC_HEALTH_H

#include "rpc/client.h"

extern const struct method method_health_check;
extern const struct method method_health_watch;

#endif
