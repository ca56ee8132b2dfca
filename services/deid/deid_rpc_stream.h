/* Deid.RedactStream: a document of any size, chunk by chunk (deid_stream.h). */
#ifndef DEID_RPC_STREAM_H
#define DEID_RPC_STREAM_H

#include "rpc/call.h"

void deid_rpc_stream_start(struct call *call);

#endif
