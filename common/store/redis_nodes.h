/* The primaries of a cluster and the slots that each has, as CLUSTER SLOTS tells. The store's own.
 * Loop thread. */
#ifndef STORE_REDIS_NODES_H
#define STORE_REDIS_NODES_H

#include "base/limits.h"
#include "store/redis_primary.h"
#include "store/redis_slot.h"

#define REDIS_NODE_NONE UINT8_MAX

struct redis_node {
    struct address address;
    struct redis_primary primary;
    bool is_used;   /* this place holds a node */
    bool is_listed; /* the newest answer gives it slots */
};

struct redis_nodes {
    struct loop *loop;
    struct redis_options options;
    void (*on_state)(void *owner, bool is_ready); /* of any node */
    void *owner;
    struct redis_node items[REDIS_NODES_MAX];
    uint8_t of_slot[REDIS_SLOTS]; /* an index into @items, or REDIS_NODE_NONE */
    bool is_known;                /* there was an answer */
};

void redis_nodes_init(struct redis_nodes *nodes, struct loop *loop,
                      const struct redis_options *options);

void redis_nodes_close(struct redis_nodes *nodes);

/* Take the answer to CLUSTER SLOTS that the node at @from gave: new nodes are connected to, those
 * that have no slots any more are let go once nothing is in flight there. DATA_LOSS for what is not
 * such an answer, and then nothing changes. */
enum status redis_nodes_take(struct redis_nodes *nodes, const struct redis_reply *reply,
                             const struct address *from, struct error *err);

/* The node at @address, connected to if it was not known. NULL and RESOURCE_EXHAUSTED where there
 * are too many, or no memory. */
struct redis_node *redis_nodes_at(struct redis_nodes *nodes, const struct address *address,
                                  struct error *err);

/* The node that has @key, or, for an empty one, any that is ready. NULL: not known. */
struct redis_node *redis_nodes_for(struct redis_nodes *nodes, struct slice key);

/* From now on, until the next answer, @slot lies at @node (MOVED). */
void redis_nodes_move(struct redis_nodes *nodes, uint16_t slot, const struct redis_node *node);

bool redis_nodes_are_ready(const struct redis_nodes *nodes);

#endif
