/* The inside of a call, for the files of common/rpc that serve. */
#ifndef RPC_SERVER_CALL_H
#define RPC_SERVER_CALL_H

#include <grpc/grpc.h>

#include "rpc/call.h"

/* What an outgoing call names as its parent (with GRPC_PROPAGATE_DEFAULTS, no other set of bits is safe in 1.51). Valid until the
 * handler ends @call. */
grpc_call *call_grpc(const struct call *call);

#endif
