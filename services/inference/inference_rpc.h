/* The methods of consilium.v1.Inference. call->service is a struct inference. Generate lives on the
 * loop, where the engine's letters arrive; GetModel is answered inline. */
#ifndef INFERENCE_RPC_H
#define INFERENCE_RPC_H

#include "rpc/server.h"

extern const struct server_method inference_methods[];

#endif
