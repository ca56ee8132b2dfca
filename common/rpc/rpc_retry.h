/* Trying a call again: how often, and after how long. Only for files of common/rpc. */
#ifndef RPC_RPC_RETRY_H
#define RPC_RPC_RETRY_H

#include "rpc/rpc.h"

/* Two reasons: a server said UNAVAILABLE or broke off, and then a repeatable method is tried again
 * after a while; or no server has seen the attempt, because the connection that it was to go by was
 * being closed, and then any method is, nearly at once. (gRPC's own retries, which would do the
 * latter, are out: channel.c.) */
struct retries {
    unsigned left, unseen_left;
    uint64_t backoff_ns, unseen_backoff_ns; /* before the next */
};

/* As many as @options say, and none where twice is not once. */
void retries_init(struct retries *retries, const struct method *method,
                  const struct rpc_options *options);

/* An attempt of @rpc has ended with @status: what its channel learns from that. */
void retries_note(const struct rpc *rpc, enum status status);

/* Whether @rpc, whose attempt has ended with UNAVAILABLE, may be tried again: not if its time would
 * pass meanwhile, its caller has gone, or, where a server has seen it, the channel's tokens are
 * low. */
bool retries_allow(const struct retries *retries, const struct rpc *rpc);

/* @op is done when it is time for the next attempt, which is counted now. Takes a reference of
 * @rpc, for @op's done to give back. */
void retries_wait(struct retries *retries, struct rpc *rpc, struct op *op,
                  void (*done)(struct op *op, bool is_ok));

#endif
