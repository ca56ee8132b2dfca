/* Redis Cluster: who has which slot, a connection to each primary, and commands that follow MOVED
 * and ASK (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). The store's
 * own. Loop thread. */
#ifndef STORE_REDIS_CLUSTER_H
#define STORE_REDIS_CLUSTER_H

#include "store/redis.h"
#include "store/redis_where.h"

struct redis_cluster;

/* Begin to find the cluster by @where's nodes. Strings of @options must outlive it. NULL and
 * RESOURCE_EXHAUSTED without memory. */
struct redis_cluster *redis_cluster_create(struct loop *loop, const struct redis_options *options,
                                           const struct redis_where *where, struct error *err);

/* Fail what is in flight with CANCELLED. */
void redis_cluster_destroy(struct redis_cluster *cluster);

bool redis_cluster_is_ready(const struct redis_cluster *cluster);

/* As redis_command, or as redis_command_durable where @is_durable. UNAVAILABLE while the primary of
 * the key's slot is not connected or not known. */
enum status redis_cluster_command(struct redis_cluster *cluster, const struct slice *words,
                                  size_t words_count, bool is_durable, redis_done_cb done,
                                  void *arg, struct error *err);

#endif
