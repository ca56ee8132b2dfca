/* A replica that its name no longer lists goes when its last call has ended. */
#include "rpc/replicas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "rpc/lookup.h"
#include "rpc/rendezvous.h"
#include "rpc/target.h"

#define REPLICAS_MAX 64
#define LOOK_UP_MS 2000
#define AUTHORITY_BYTES_MAX 300

struct replica {
    struct replicas *replicas;
    char address[sizeof(((struct address *)0)->host) + 16];
    struct channel *channel; /* NULL: this place is free */
    unsigned in_flight;
    bool is_listed;
};

struct replicas {
    struct replicas_options options;
    struct replica items[REPLICAS_MAX];
    struct address name; /* looked up, where it is a name */
    char authority[AUTHORITY_BYTES_MAX];
    struct lookup *lookup; /* NULL: the target is a list of addresses */
};

/* ---- who there is ---- */

static void replica_close(struct replica *replica)
{
    channel_destroy(replica->channel);
    *replica = (struct replica){ .channel = NULL };
}

static struct replica *find(struct replicas *replicas, const char *address)
{
    for (size_t i = 0; i < REPLICAS_MAX; i++)
        if (replicas->items[i].channel != NULL && strcmp(replicas->items[i].address, address) == 0)
            return &replicas->items[i];
    return NULL;
}

static struct replica *find_free(struct replicas *replicas)
{
    for (size_t i = 0; i < REPLICAS_MAX; i++)
        if (replicas->items[i].channel == NULL)
            return &replicas->items[i];
    return NULL;
}

/* The certificate carries the service's name where the replicas have only addresses. */
static enum status add(struct replicas *replicas, const char *address, struct error *err)
{
    const struct channel_options options = {
        .service = replicas->options.service,
        .target = address,
        .credentials = replicas->options.credentials,
        .authority = replicas->lookup != NULL ? replicas->authority : NULL,
    };
    struct replica *replica = find(replicas, address);

    if (replica == NULL) {
        replica = find_free(replicas);
        if (replica == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "over %d replicas", REPLICAS_MAX);
        replica->channel = channel_create(replicas->options.client, &options, err);
        if (replica->channel == NULL)
            return err->status;
        replica->replicas = replicas;
        snprintf(replica->address, sizeof(replica->address), "%s", address);
    }
    replica->is_listed = true;
    channel_is_ready(replica->channel); /* it connects, if it has not yet */
    return STATUS_OK;
}

static void let_go_unlisted(struct replicas *replicas)
{
    for (size_t i = 0; i < REPLICAS_MAX; i++) {
        struct replica *replica = &replicas->items[i];

        if (replica->channel != NULL && !replica->is_listed && replica->in_flight == 0)
            replica_close(replica);
    }
}

/* ---- a name's addresses ---- */

static void on_found(void *arg, const struct addrinfo *found)
{
    struct replicas *replicas = arg;
    char address[INET6_ADDRSTRLEN + 16], host[INET6_ADDRSTRLEN];
    struct error err;

    for (size_t i = 0; i < REPLICAS_MAX; i++)
        replicas->items[i].is_listed = false;
    for (; found != NULL; found = found->ai_next) {
        if (uv_ip_name(found->ai_addr, host, sizeof(host)) != 0)
            continue;
        snprintf(address, sizeof(address), found->ai_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host,
                 replicas->name.port);
        if (add(replicas, address, &err) != STATUS_OK)
            log_warn("replica_not_added", LOG_NAME("service", replicas->options.service),
                     LOG_ERROR(&err));
    }
    let_go_unlisted(replicas);
}

/* ---- the target ---- */

static enum status add_list(struct replicas *replicas, struct slice list, struct error *err)
{
    char address[sizeof(replicas->items[0].address)];

    for (;;) {
        size_t comma = slice_find_byte(list, ',');

        if (comma >= sizeof(address))
            return error_set(err, STATUS_INVALID_ARGUMENT, "an address of %zu bytes", comma);
        memcpy(address, list.data, comma);
        address[comma] = '\0';
        if (add(replicas, address, err) != STATUS_OK)
            return err->status;
        if (comma == list.size)
            return STATUS_OK;
        list = slice_cut(list, comma + 1, list.size);
    }
}

static enum status read_target(struct replicas *replicas, struct error *err)
{
    char *target, *authority;
    enum status status = target_parse(replicas->options.target, &target, &authority, err);

    if (status != STATUS_OK)
        return status;
    snprintf(replicas->authority, sizeof(replicas->authority), "%s", authority);
    free(target);
    free(authority);
    if (!lookup_reads_name(replicas->options.target, &replicas->name))
        return add_list(replicas, slice_from(replicas->options.target), err);
    replicas->lookup =
        lookup_create(replicas->options.loop, &replicas->name, 0, LOOK_UP_MS, on_found, replicas);
    return replicas->lookup == NULL
               ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for replicas")
               : STATUS_OK;
}

struct replicas *replicas_create(const struct replicas_options *options, struct error *err)
{
    struct replicas *replicas = calloc(1, sizeof(*replicas));

    if (replicas == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for replicas");
        return NULL;
    }
    replicas->options = *options;
    if (read_target(replicas, err) == STATUS_OK)
        return replicas;
    replicas_destroy(replicas);
    return NULL;
}

void replicas_destroy(struct replicas *replicas)
{
    for (size_t i = 0; i < REPLICAS_MAX; i++)
        if (replicas->items[i].channel != NULL) {
            CHECK(replicas->items[i].in_flight == 0);
            replica_close(&replicas->items[i]);
        }
    if (replicas->lookup != NULL)
        lookup_destroy(replicas->lookup);
    free(replicas);
}

/* ---- a call ---- */

struct replica *replicas_take(struct replicas *replicas, struct slice key)
{
    struct rendezvous_replica views[REPLICAS_MAX];
    struct replica *listed[REPLICAS_MAX];
    size_t count = 0, chosen;

    for (size_t i = 0; i < REPLICAS_MAX; i++) {
        struct replica *replica = &replicas->items[i];

        if (replica->channel == NULL || !replica->is_listed)
            continue;
        listed[count] = replica;
        views[count++] =
            (struct rendezvous_replica){ .name = slice_from(replica->address),
                                         .is_ready = channel_is_ready(replica->channel),
                                         .in_flight = replica->in_flight };
    }
    chosen = count < 2 ? RENDEZVOUS_NONE : rendezvous_choose(key, views, count);
    if (chosen == RENDEZVOUS_NONE)
        return NULL;
    listed[chosen]->in_flight++;
    return listed[chosen];
}

struct channel *replica_channel(struct replica *replica)
{
    return replica->channel;
}

void replica_let_go(struct replica *replica)
{
    replica->in_flight--;
    if (!replica->is_listed && replica->in_flight == 0)
        replica_close(replica);
}
