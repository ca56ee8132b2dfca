/* The methods of consilium.v1.Context. */
#ifndef CONTEXT_RPC_H
#define CONTEXT_RPC_H

#include "rpc/server.h"

extern const struct server_method context_methods[];

#endif
