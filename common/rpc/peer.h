/* Who calls, from gRPC's view of the connection. Only for files of common/rpc. */
#ifndef RPC_PEER_H
#define RPC_PEER_H

#include <grpc/grpc.h>

#include "rpc/call.h"

/* Fill @peer's spiffe_id and name from the certificate of @call's connection, into @arena.
 * RESOURCE_EXHAUSTED when there is no room. */
enum status peer_identify(grpc_call *call, struct arena *arena, struct peer *peer,
                          struct error *err);

#endif
