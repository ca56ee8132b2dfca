/* The methods of consilium.v1.Gateway over gRPC. */
#ifndef GATEWAY_RPC_H
#define GATEWAY_RPC_H

#include "rpc/server.h"

extern const struct server_method gateway_methods[];

#endif
