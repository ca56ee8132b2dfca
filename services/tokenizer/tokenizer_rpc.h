/* The methods of consilium.v1.Tokenizer. call->service is a struct tokenizer. Short texts run
 * on the rpc threads, long ones on a worker. */
#ifndef TOKENIZER_RPC_H
#define TOKENIZER_RPC_H

#include "rpc/server.h"

extern const struct server_method tokenizer_methods[];

#endif
