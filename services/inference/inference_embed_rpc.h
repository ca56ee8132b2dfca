/* Embed, of the Inference service (inference_rpc.h has the others). */
#ifndef INFERENCE_EMBED_RPC_H
#define INFERENCE_EMBED_RPC_H

struct call;

/* On the loop. */
void inference_embed_start(struct call *call);

#endif
