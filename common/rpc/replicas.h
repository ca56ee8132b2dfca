/* The replicas of one service, each with a channel of its own, so that a caller can choose: calls
 * for one key go to the replica that had it before (rendezvous.h), and what that replica keeps for
 * the key, a prompt's prefix or a record in memory, is found again.
 *
 * Addresses are those of the target; a name is looked up again and again. Loop thread. */
#ifndef RPC_REPLICAS_H
#define RPC_REPLICAS_H

#include "rpc/client.h"

struct replicas;
struct replica;

struct replicas_options {
    struct client *client; /* CLIENT_PLACE_LOOP */
    struct loop *loop;
    const char *service; /* as in channel_options */
    const char *target;  /* the same: "a:1,b:1", "dns:///name:port", … */
    struct credentials *credentials;
};

/* INVALID_ARGUMENT for a target that cannot be read. Strings must outlive it. */
struct replicas *replicas_create(const struct replicas_options *options, struct error *err);

/* Calls on the replicas must have ended. Before the client is destroyed. */
void replicas_destroy(struct replicas *replicas);

/* The replica for @key, which counts one more call. NULL: only one is known, or none is ready: any
 * channel to the service will do. */
struct replica *replicas_take(struct replicas *replicas, struct slice key);
struct channel *replica_channel(struct replica *replica);
/* The call has ended. */
void replica_let_go(struct replica *replica);

#endif
