/* The methods of consilium.v1.Deid. The service of the server is a struct deid. */
#ifndef DEID_RPC_H
#define DEID_RPC_H

#include "rpc/server.h"

extern const struct server_method deid_methods[];

#endif
