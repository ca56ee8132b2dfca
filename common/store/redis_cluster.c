/* The scout is a connection of its own to whichever node answers: seeds first, then all that are
 * known. Over it the cluster is asked who has what: when it has come to be there, every
 * REDIS_SLOTS_MS, and when a node said MOVED.
 *
 *     a command ─► the node of its key's slot ─► answered (─► WAIT, if it is durable) ─► done
 *                        ▲          │ MOVED: the slot lies there from now on
 *                        └──────────┘ ASK: this once, behind ASKING     REDIS_REDIRECTS_MAX times
 */
#include "store/redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/log.h"
#include "store/redis_nodes.h"
#include "store/redis_wait.h"

struct redis_cluster {
    struct loop *loop;
    struct redis_options options;
    struct redis_where where;
    struct redis_nodes nodes;
    struct redis_connection *scout;
    unsigned tries; /* of the scout: whom it goes to next */
    bool is_asking; /* CLUSTER SLOTS is under way */
    bool was_ready;
    struct timer refresh;
};

struct routed {
    struct redis_cluster *cluster;
    redis_done_cb done;
    void *arg;
    struct redis_connection *connection; /* that it was sent over last */
    unsigned redirects;
    bool is_durable;
    size_t words_count;
    struct slice words[]; /* and their bytes after them */
};

/* ---- who has what ---- */

/* Nodes come and go one by one; the owner is told of each that comes, and of the last that goes. */
static void tell_state(struct redis_cluster *cluster, bool is_news)
{
    bool is_ready = redis_cluster_is_ready(cluster);

    if (is_ready == cluster->was_ready && !(is_ready && is_news))
        return;
    cluster->was_ready = is_ready;
    if (cluster->options.on_state != NULL)
        cluster->options.on_state(cluster->options.owner, is_ready);
}

static void on_slots(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct redis_cluster *cluster = arg;
    struct error own;

    if (err->status == STATUS_CANCELLED)
        return;
    cluster->is_asking = false;
    if (reply != NULL
        && redis_nodes_take(&cluster->nodes, reply, redis_connection_address(cluster->scout), &own)
               != STATUS_OK) {
        reply = NULL;
        err = &own;
    }
    if (reply == NULL)
        log_warn("redis_cluster_slots", LOG_ERROR(err));
    else
        tell_state(cluster, false);
}

static void ask_slots(struct redis_cluster *cluster)
{
    const struct slice words[] = { SLICE("CLUSTER"), SLICE("SLOTS") };

    if (cluster->is_asking || !redis_connection_is_ready(cluster->scout))
        return;
    cluster->is_asking =
        redis_connection_command(cluster->scout, words, 2, on_slots, cluster, NULL) == STATUS_OK;
}

static void on_refresh(struct timer *timer)
{
    ask_slots(LIST_ITEM(timer, struct redis_cluster, refresh));
}

static void on_scout(void *owner, bool is_ready)
{
    if (is_ready)
        ask_slots(owner);
}

static void on_node(void *owner, bool is_ready)
{
    tell_state(owner, is_ready);
}

/* The @index-th of the nodes in use. NULL: there are fewer. */
static const struct address *known_address(const struct redis_cluster *cluster, size_t index)
{
    for (size_t i = 0; i < REDIS_NODES_MAX; i++)
        if (cluster->nodes.items[i].is_used && index-- == 0)
            return &cluster->nodes.items[i].address;
    return NULL;
}

/* The scout goes to the seeds and to the known nodes, in turn. */
static bool locate_scout(void *owner, struct address *address)
{
    struct redis_cluster *cluster = owner;
    const struct address *known;

    if (cluster->tries >= cluster->where.count) {
        known = known_address(cluster, cluster->tries++ - cluster->where.count);
        if (known != NULL) {
            *address = *known;
            return true;
        }
        cluster->tries = 0;
    }
    *address = cluster->where.addresses[cluster->tries++];
    return true;
}

/* ---- a command ---- */

static void routed_on_reply(void *arg, const struct redis_reply *reply, const struct error *err);

static struct routed *routed_create(struct redis_cluster *cluster, const struct slice *words,
                                    size_t words_count)
{
    size_t size = sizeof(struct routed) + words_count * sizeof(struct slice);
    struct routed *routed;
    char *bytes;

    for (size_t i = 0; i < words_count; i++)
        size += words[i].size;
    routed = fault_is_due() ? NULL : malloc(size);
    if (routed == NULL)
        return NULL;
    *routed = (struct routed){ .cluster = cluster, .words_count = words_count };
    bytes = (char *)(routed->words + words_count);
    for (size_t i = 0; i < words_count; i++) {
        if (words[i].size > 0)
            memcpy(bytes, words[i].data, words[i].size);
        routed->words[i] = slice_of(bytes, words[i].size);
        bytes += words[i].size;
    }
    return routed;
}

static enum status routed_send(struct routed *routed, struct redis_node *node, struct error *err)
{
    if (node == NULL)
        return error_set(err, STATUS_UNAVAILABLE,
                         "no node of the redis cluster is known to have "
                         "this key");
    routed->connection = redis_primary_for(&node->primary, routed->is_durable);
    return redis_connection_command(routed->connection, routed->words, routed->words_count,
                                    routed_on_reply, routed, err);
}

static void on_asking(void *arg, const struct redis_reply *reply, const struct error *err)
{
    (void)arg, (void)reply, (void)err; /* what comes behind it says how it went */
}

static enum status routed_send_asking(struct routed *routed, struct redis_node *node,
                                      struct error *err)
{
    const struct slice words[] = { SLICE("ASKING") };
    struct redis_connection *connection = redis_primary_for(&node->primary, routed->is_durable);

    if (redis_connection_command(connection, words, 1, on_asking, NULL, err) != STATUS_OK)
        return err->status;
    return routed_send(routed, node, err);
}

/* "MOVED 3999 127.0.0.1:6381" or "ASK 3999 127.0.0.1:6381"; no host is the one that said so. */
static bool read_redirect(const struct routed *routed, struct slice refusal, bool *is_moved,
                          struct address *address)
{
    const struct address *from = redis_connection_address(routed->connection);
    char text[sizeof(address->host) + 16];
    unsigned slot;
    int at = 0;

    *is_moved = slice_starts_with(refusal, SLICE("MOVED "));
    if ((!*is_moved && !slice_starts_with(refusal, SLICE("ASK "))) || refusal.size >= sizeof(text))
        return false;
    memcpy(text, refusal.data, refusal.size);
    text[refusal.size] = '\0';
    if (sscanf(text, "%*s %u %n", &slot, &at) != 1 || at == 0 || slot >= REDIS_SLOTS)
        return false;
    if (text[at] == ':') {
        *address = *from;
        address->port = atoi(text + at + 1);
        return true;
    }
    return address_parse(text + at, address, NULL) == STATUS_OK;
}

/* False: the refusal is the answer. */
static bool routed_redirect(struct routed *routed)
{
    struct redis_cluster *cluster = routed->cluster;
    struct redis_node *node;
    struct address address;
    struct error err;
    bool is_moved;

    if (!read_redirect(routed, redis_connection_refusal(routed->connection), &is_moved, &address)
        || routed->redirects++ == REDIS_REDIRECTS_MAX)
        return false;
    node = redis_nodes_at(&cluster->nodes, &address, &err);
    if (node == NULL)
        return false;
    if (is_moved) {
        redis_nodes_move(&cluster->nodes,
                         redis_slot(redis_slot_key(routed->words, routed->words_count)), node);
        ask_slots(cluster);
    }
    if ((is_moved ? routed_send(routed, node, &err) : routed_send_asking(routed, node, &err))
        == STATUS_OK)
        return true;
    routed->done(routed->arg, NULL, &err);
    free(routed);
    return true;
}

/* Behind CANCELLED there may be no cluster any more. */
static void routed_on_reply(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct routed *routed = arg;
    struct error own;

    if (reply == NULL && err->status == STATUS_FAILED_PRECONDITION && routed_redirect(routed))
        return;
    if (reply != NULL && routed->is_durable) {
        const struct redis_options *options = &routed->cluster->options;

        if (redis_wait(routed->connection, options->replicas, options->command_timeout_ms / 2,
                       reply, routed->done, routed->arg, &own)
            == STATUS_OK) {
            free(routed);
            return;
        }
        reply = NULL;
        err = &own;
    }
    routed->done(routed->arg, reply, err);
    free(routed);
}

enum status redis_cluster_command(struct redis_cluster *cluster, const struct slice *words,
                                  size_t words_count, bool is_durable, redis_done_cb done,
                                  void *arg, struct error *err)
{
    struct routed *routed = routed_create(cluster, words, words_count);

    if (routed == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a command");
    routed->is_durable = is_durable && cluster->options.replicas > 0;
    routed->done = done;
    routed->arg = arg;
    if (routed_send(routed, redis_nodes_for(&cluster->nodes, redis_slot_key(words, words_count)),
                    err)
        == STATUS_OK)
        return STATUS_OK;
    free(routed);
    return err->status;
}

/* ---- the whole ---- */

static void on_refresh_closed(struct timer *timer)
{
    free(LIST_ITEM(timer, struct redis_cluster, refresh));
}

struct redis_cluster *redis_cluster_create(struct loop *loop, const struct redis_options *options,
                                           const struct redis_where *where, struct error *err)
{
    struct redis_cluster *cluster = fault_is_due() ? NULL : calloc(1, sizeof(*cluster));
    const struct redis_connection_options scout = {
        .loop = loop,
        .store = options,
        .locate = locate_scout,
        .on_state = on_scout,
        .owner = cluster,
    };

    if (cluster == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a redis cluster");
        return NULL;
    }
    cluster->loop = loop;
    cluster->options = *options;
    cluster->where = *where;
    redis_nodes_init(&cluster->nodes, loop, options);
    cluster->nodes.on_state = on_node;
    cluster->nodes.owner = cluster;
    cluster->scout = redis_connection_create(&scout, err);
    if (cluster->scout == NULL) {
        free(cluster);
        return NULL;
    }
    timer_init(&cluster->refresh, loop, on_refresh);
    timer_start(&cluster->refresh, REDIS_SLOTS_MS, REDIS_SLOTS_MS);
    return cluster;
}

void redis_cluster_destroy(struct redis_cluster *cluster)
{
    redis_nodes_close(&cluster->nodes);
    redis_connection_destroy(cluster->scout);
    timer_close(&cluster->refresh, on_refresh_closed);
}

bool redis_cluster_is_ready(const struct redis_cluster *cluster)
{
    return redis_nodes_are_ready(&cluster->nodes);
}
