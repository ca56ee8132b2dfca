/* The methods of consilium.v1.Tokenizer. call->service is a struct tokenizer. All are short and run
 * on the rpc threads. */
#ifndef TOKENIZER_RPC_H
#define TOKENIZER_RPC_H

#include "rpc/server.h"

extern const struct server_method tokenizer_methods[];

#endif
