#include "store/redis_nodes.h"

#include <stdio.h>
#include <string.h>

_Static_assert(REDIS_NODES_MAX <= REDIS_NODE_NONE, "a node's index fits of_slot");

void redis_nodes_init(struct redis_nodes *nodes, struct loop *loop,
                      const struct redis_options *options)
{
    nodes->loop = loop;
    nodes->options = *options;
    nodes->options.database = 0;
    memset(nodes->of_slot, REDIS_NODE_NONE, sizeof(nodes->of_slot));
}

static void node_close(struct redis_node *node)
{
    node->is_used = false;
    redis_primary_close(&node->primary);
}

void redis_nodes_close(struct redis_nodes *nodes)
{
    for (size_t i = 0; i < REDIS_NODES_MAX; i++)
        if (nodes->items[i].is_used)
            node_close(&nodes->items[i]);
}

static void on_state(void *owner, bool is_ready)
{
    struct redis_nodes *nodes = owner;

    nodes->on_state(nodes->owner, is_ready);
}

static struct redis_node *node_open(struct redis_nodes *nodes, const struct address *address,
                                    struct error *err)
{
    const struct redis_connection_options options = {
        .loop = nodes->loop,
        .store = &nodes->options,
        .address = *address,
        .on_state = on_state,
        .owner = nodes,
    };
    struct redis_node *node = nodes->items;

    while (node < nodes->items + REDIS_NODES_MAX && node->is_used)
        node++;
    if (node == nodes->items + REDIS_NODES_MAX) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %d nodes of a redis cluster",
                  REDIS_NODES_MAX);
        return NULL;
    }
    if (redis_primary_open(&node->primary, &options, err) != STATUS_OK)
        return NULL;
    node->address = *address;
    node->is_used = true;
    node->is_listed = true; /* until an answer says otherwise */
    return node;
}

struct redis_node *redis_nodes_at(struct redis_nodes *nodes, const struct address *address,
                                  struct error *err)
{
    for (size_t i = 0; i < REDIS_NODES_MAX; i++)
        if (nodes->items[i].is_used && address_equal(&nodes->items[i].address, address))
            return &nodes->items[i];
    return node_open(nodes, address, err);
}

/* ---- the answer to CLUSTER SLOTS: [[first, last, [host, port, …], replica…], …] ---- */

static enum status refuse(struct error *err)
{
    return error_set(err, STATUS_DATA_LOSS, "redis's answer to CLUSTER SLOTS cannot be read");
}

static bool is_range(const struct redis_reply *range)
{
    return range->kind == REDIS_REPLY_KIND_ARRAY && range->count >= 3
           && range->items[0].integer >= 0 && range->items[0].integer <= range->items[1].integer
           && range->items[1].integer < REDIS_SLOTS
           && range->items[2].kind == REDIS_REPLY_KIND_ARRAY && range->items[2].count >= 2
           && range->items[2].items[1].integer > 0
           && range->items[2].items[1].integer <= UINT16_MAX;
}

/* A node that does not know its own name gives none: it is the one that was asked. */
static bool read_address(const struct redis_reply *node, const struct address *from,
                         struct address *address)
{
    struct slice host = node->items[0].string;

    *address = (struct address){ .port = (int)node->items[1].integer };
    if (host.size >= sizeof(address->host))
        return false;
    if (host.size == 0 || slice_is(host, "?"))
        memcpy(address->host, from->host, sizeof(address->host));
    else
        memcpy(address->host, host.data, host.size);
    return true;
}

static enum status check(const struct redis_reply *reply, struct error *err)
{
    if (reply->kind != REDIS_REPLY_KIND_ARRAY)
        return refuse(err);
    for (size_t i = 0; i < reply->count; i++)
        if (!is_range(&reply->items[i]))
            return refuse(err);
    return STATUS_OK;
}

static enum status take_range(struct redis_nodes *nodes, const struct redis_reply *range,
                              const struct address *from, struct error *err)
{
    struct redis_node *node;
    struct address address;

    if (!read_address(&range->items[2], from, &address))
        return refuse(err);
    node = redis_nodes_at(nodes, &address, err);
    if (node == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    node->is_listed = true;
    for (int64_t slot = range->items[0].integer; slot <= range->items[1].integer; slot++)
        redis_nodes_move(nodes, (uint16_t)slot, node);
    return STATUS_OK;
}

static void let_go(struct redis_nodes *nodes)
{
    for (size_t i = 0; i < REDIS_NODES_MAX; i++) {
        struct redis_node *node = &nodes->items[i];

        if (node->is_used && !node->is_listed && redis_primary_in_flight(&node->primary) == 0)
            node_close(node);
    }
}

enum status redis_nodes_take(struct redis_nodes *nodes, const struct redis_reply *reply,
                             const struct address *from, struct error *err)
{
    enum status status = check(reply, err);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < REDIS_NODES_MAX; i++)
        nodes->items[i].is_listed = false;
    memset(nodes->of_slot, REDIS_NODE_NONE, sizeof(nodes->of_slot));
    for (size_t i = 0; i < reply->count && status == STATUS_OK; i++)
        status = take_range(nodes, &reply->items[i], from, err);
    nodes->is_known = true;
    let_go(nodes);
    return status;
}

/* ---- asked by key ---- */

static struct redis_node *any_ready(struct redis_nodes *nodes)
{
    for (size_t i = 0; i < REDIS_NODES_MAX; i++)
        if (nodes->items[i].is_used && nodes->items[i].primary.is_ready)
            return &nodes->items[i];
    return NULL;
}

struct redis_node *redis_nodes_for(struct redis_nodes *nodes, struct slice key)
{
    uint8_t index;

    if (key.size == 0)
        return any_ready(nodes);
    index = nodes->of_slot[redis_slot(key)];
    return index == REDIS_NODE_NONE ? NULL : &nodes->items[index];
}

void redis_nodes_move(struct redis_nodes *nodes, uint16_t slot, const struct redis_node *node)
{
    nodes->of_slot[slot] = (uint8_t)(node - nodes->items);
}

bool redis_nodes_are_ready(const struct redis_nodes *nodes)
{
    return nodes->is_known && any_ready((struct redis_nodes *)nodes) != NULL;
}
