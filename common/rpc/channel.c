/* Channels: where a service is, and how a connection to it behaves.
 *
 * The settings that matter: round_robin over every address, which also reconnects by itself;
 * reconnecting after 100 ms and then at most every second, so that the mesh heals soon after a
 * restart; keepalive, without which a frozen peer holds calls until their deadlines; names looked
 * up by us too, so that connections need not end for new servers to be found; no proxies and
 * no service configuration from DNS (one that names ring_hash crashes gRPC 1.51). Retries and
 * hedges are ours (rpc_unary.c). gRPC's own retry filter is out: it would send a call again that
 * never reached a server because the connection was being closed, but it ends the process at a peer
 * that answers without a status. */
#include "rpc/channel.h"

#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "rpc/credentials_grpc.h"
#include "rpc/target.h"
#include "run/clock.h"

#define WINDOW_BYTES (4 * MIB)
#define KEEPALIVE_MS 10000
#define KEEPALIVE_TIMEOUT_MS 5000

/* How long a connection may take to be made: what gRPC calls the least backoff is also that. */
#define CONNECT_TIMEOUT_MS 3000
#define RECONNECT_MS_MIN 100
#define RECONNECT_MS_MAX 1000
#define NUDGE_NS (3 * CLOCK_NS_PER_S)

/* The first time not at once: a command that is over soon asks nothing. */
#define LOOK_UP_MS_FIRST 500
#define LOOK_UP_MS 2000

/* In tenths of a token. */
#define RETRY_TOKENS_FULL 400
#define RETRY_TOKEN 10

static const char service_config[] = "{\"loadBalancingConfig\":[{\"round_robin\":{}}]}";

static grpc_arg arg_number(const char *key, int value)
{
    return (grpc_arg){ .type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value };
}

static grpc_arg arg_string(const char *key, const char *value)
{
    return (grpc_arg){ .type = GRPC_ARG_STRING, .key = (char *)key, .value.string = (char *)value };
}

static grpc_channel *create_grpc_channel(const struct channel *channel,
                                         grpc_channel_credentials *credentials)
{
    int bytes_max = (int)channel->message_bytes_max;
    grpc_arg args[] = {
        arg_string(GRPC_ARG_SERVICE_CONFIG, service_config),
        arg_number(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        arg_number(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
        arg_number(GRPC_ARG_ENABLE_RETRIES, 0),
        arg_number(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
        arg_number(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_MS_MIN),
        arg_number(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_TIMEOUT_MS),
        arg_number(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, RECONNECT_MS_MAX),
        arg_number(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, RECONNECT_MS_MAX),
        arg_number(GRPC_ARG_KEEPALIVE_TIME_MS, (int)channel->keepalive_ms),
        arg_number(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        arg_number(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        /* Windows that do not grow, so frames stay at 16 KiB: with a frame of 16 MiB allowed, a
         * peer gone wrong could announce one and swallow what comes behind it for good. */
        arg_number(GRPC_ARG_HTTP2_BDP_PROBE, 0),
        arg_number(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, WINDOW_BYTES),
        arg_number(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION,
                   0), /* of requests; a reply may come compressed */
        arg_number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, bytes_max),
        arg_number(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, bytes_max),
        arg_string(GRPC_ARG_PRIMARY_USER_AGENT_STRING, "consilium"),
        arg_string(GRPC_ARG_DEFAULT_AUTHORITY, channel->authority),
        /* The name that the certificate must carry. Without the port, or an IP address would be
           sent as a host's name. */
        arg_string(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, channel->certificate_name),
    };
    grpc_channel_args all = { .num_args = sizeof(args) / sizeof(args[0]), .args = args };

    /* The last applies to certificates alone; without them gRPC ignores it, but it may not be NULL.
     */
    if (channel->credentials == NULL)
        all.num_args--;
    return grpc_channel_create(channel->target, credentials, &all);
}

static struct link *create_link(const struct channel *channel)
{
    struct link *link = calloc(1, sizeof(*link));
    grpc_channel_credentials *credentials;

    if (link == NULL)
        return NULL;
    if (channel->credentials != NULL)
        credentials = credentials_channel(channel->credentials, &link->generation);
    else
        credentials = grpc_insecure_credentials_create();
    if (credentials != NULL)
        link->grpc = create_grpc_channel(channel, credentials);
    grpc_channel_credentials_release(credentials);
    if (link->grpc == NULL) {
        free(link);
        return NULL;
    }
    atomic_init(&link->refs, 1);
    return link;
}

void link_unref(struct link *link)
{
    if (atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
        return;
    grpc_channel_destroy(link->grpc);
    free(link);
}

static bool is_up(const struct link *link)
{
    return grpc_channel_check_connectivity_state(link->grpc, 1) == GRPC_CHANNEL_READY;
}

/* Under the lock. One that comes up takes over; so does one that does not, from one that is down.
 */
static void take_coming(struct channel *channel)
{
    if (channel->coming == NULL || (!is_up(channel->coming) && is_up(channel->link)))
        return;
    link_unref(channel->link);
    channel->link = channel->coming;
    channel->coming = NULL;
}

static void refresh_link(struct channel *channel)
{
    struct link *link;

    if (channel->credentials == NULL
        || channel->link->generation == credentials_generation(channel->credentials))
        return;
    link = create_link(channel);
    if (link == NULL)
        return; /* the old certificates may still do */
    link_unref(channel->link);
    channel->link = link;
}

struct link *channel_link(struct channel *channel)
{
    struct link *link;

    pthread_mutex_lock(&channel->lock);
    take_coming(channel);
    refresh_link(channel);
    link = channel->link;
    atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&channel->lock);
    return link;
}

/* Of a set of addresses, in whatever order they are told. */
static uint64_t fingerprint(const struct addrinfo *found)
{
    uint64_t sum = 0;

    for (; found != NULL; found = found->ai_next) {
        const uint8_t *bytes = (const uint8_t *)found->ai_addr;
        uint64_t hash = 14695981039346656037u;
        socklen_t i;

        for (i = 0; i < found->ai_addrlen; i++)
            hash = (hash ^ bytes[i]) * 1099511628211u;
        sum += hash;
    }
    return sum == 0 ? 1 : sum;
}

/* gRPC looks a name up when a connection is lost; of a server that has come it learns nothing. */
static void on_found(void *arg, const struct addrinfo *found)
{
    struct channel *channel = arg;
    uint64_t addresses = fingerprint(found);
    struct link *coming;

    if (addresses == channel->addresses)
        return;
    coming = channel->addresses == 0 ? NULL : create_link(channel);
    channel->addresses = addresses;
    if (coming == NULL)
        return;
    is_up(coming); /* it connects */
    pthread_mutex_lock(&channel->lock);
    take_coming(channel);
    if (channel->coming != NULL)
        link_unref(channel->coming);
    channel->coming = coming;
    pthread_mutex_unlock(&channel->lock);
}

static bool follow_name(struct channel *channel, const char *target)
{
    struct address name;

    if (channel->client->loop == NULL || !lookup_reads_name(target, &name))
        return true;
    channel->lookup = lookup_create(channel->client->loop, &name, LOOK_UP_MS_FIRST, LOOK_UP_MS,
                                    on_found, channel);
    return channel->lookup != NULL;
}

static void free_channel(struct channel *channel)
{
    if (channel->lookup != NULL)
        lookup_destroy(channel->lookup);
    free(channel->service);
    free(channel->target);
    free(channel->authority);
    free(channel->certificate_name);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

static struct channel *create_channel(struct client *client, const struct channel_options *options,
                                      struct error *err)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a channel");
        return NULL;
    }
    channel->client = client;
    channel->credentials = options->credentials;
    channel->authorization = options->authorization;
    channel->keepalive_ms = options->keepalive_ms == 0 ? KEEPALIVE_MS : options->keepalive_ms;
    channel->message_bytes_max =
        options->message_bytes_max == 0 ? MESSAGE_BYTES_MAX : options->message_bytes_max;
    CHECK(channel->message_bytes_max <= INT32_MAX);
    atomic_init(&channel->retry_tokens, RETRY_TOKENS_FULL);
    atomic_init(&channel->nudged_ns, clock_now());
    pthread_mutex_init(&channel->lock, NULL);
    channel->service = strdup(options->service);
    if (channel->service == NULL
        || target_parse(options->target, &channel->target, &channel->authority, err) != STATUS_OK) {
        free_channel(channel);
        return NULL;
    }
    if (options->authority != NULL) {
        free(channel->authority);
        channel->authority = strdup(options->authority);
    }
    return channel;
}

/* The host of "host:port", "[v6]:port" or "host". */
static char *host_of(const char *authority)
{
    const char *colon = strrchr(authority, ':');
    size_t size = colon == NULL || (authority[0] != '[' && strchr(authority, ':') != colon)
                      ? strlen(authority)
                      : (size_t)(colon - authority);

    if (authority[0] == '[' && size > 2)
        return strndup(authority + 1, size - 2);
    return strndup(authority, size);
}

struct channel *channel_create(struct client *client, const struct channel_options *options,
                               struct error *err)
{
    struct channel *channel = create_channel(client, options, err);

    if (channel == NULL) {
        if (err != NULL)
            error_wrap(err, "%s", options->service);
        return NULL;
    }
    if (channel->authority != NULL)
        channel->certificate_name = host_of(channel->authority);
    channel->link = channel->certificate_name == NULL ? NULL : create_link(channel);
    if (channel->link != NULL && !follow_name(channel, options->target)) {
        link_unref(channel->link);
        channel->link = NULL;
    }
    if (channel->link == NULL) {
        error_set(err, STATUS_FAILED_PRECONDITION, "%s: cannot make a channel", options->service);
        free_channel(channel);
        return NULL;
    }
    client_ref(client);
    return channel;
}

void channel_destroy(struct channel *channel)
{
    struct client *client = channel->client;

    link_unref(channel->link);
    if (channel->coming != NULL)
        link_unref(channel->coming);
    free_channel(channel);
    client_unref(client);
}

bool channel_is_ready(struct channel *channel)
{
    struct link *link = channel_link(channel);
    bool is_ready = is_up(link);

    link_unref(link);
    if (!is_ready)
        channel_nudge(channel);
    return is_ready;
}

void channel_nudge(struct channel *channel)
{
    unsigned long long last = atomic_load_explicit(&channel->nudged_ns, memory_order_relaxed);
    uint64_t now = clock_now();
    struct link *link;

    if (now - last < NUDGE_NS || !atomic_compare_exchange_strong(&channel->nudged_ns, &last, now))
        return;
    link = channel_link(channel);
    grpc_channel_reset_connect_backoff(link->grpc);
    link_unref(link);
}

/* Under the lock. NULL: more methods than a channel keeps. */
static struct channel_method *find_method(struct channel *channel, const struct method *method)
{
    struct channel_method *found = channel->methods;

    for (; found < channel->methods + channel->methods_count; found++)
        if (found->method == method)
            return found;
    if (channel->methods_count == CHANNEL_METHODS_MAX)
        return NULL;
    channel->methods_count++;
    *found = (struct channel_method){
        .method = method,
        .metrics = rpc_metrics_find(channel->service, method),
        .throttle.at_ns = clock_now(),
    };
    return found;
}

struct rpc_metrics *channel_note_start(struct channel *channel, const struct method *method)
{
    struct channel_method *found;
    struct rpc_metrics *metrics;

    pthread_mutex_lock(&channel->lock);
    found = find_method(channel, method);
    if (found != NULL)
        throttle_note_start(&found->throttle);
    metrics = found == NULL ? NULL : found->metrics;
    pthread_mutex_unlock(&channel->lock);
    return metrics == NULL ? rpc_metrics_find(channel->service, method) : metrics;
}

bool channel_may_send(struct channel *channel, const struct method *method)
{
    struct channel_method *found;
    bool may = true;

    pthread_mutex_lock(&channel->lock);
    found = find_method(channel, method);
    if (found != NULL)
        may = throttle_may_send(&found->throttle, clock_now(), method->kind == METHOD_KIND_UNARY,
                                (double)random() / ((double)RAND_MAX + 1));
    pthread_mutex_unlock(&channel->lock);
    if (!may)
        rpc_metrics_count(rpc_metrics_find(channel->service, method), STATUS_RESOURCE_EXHAUSTED, 0);
    return may;
}

void channel_note_end(struct channel *channel, const struct method *method, enum throttle_end end)
{
    struct channel_method *found;

    pthread_mutex_lock(&channel->lock);
    found = find_method(channel, method);
    if (found != NULL)
        throttle_note_end(&found->throttle, clock_now(), end);
    pthread_mutex_unlock(&channel->lock);
}

bool channel_may_retry(const struct channel *channel)
{
    return atomic_load(&channel->retry_tokens) > RETRY_TOKENS_FULL / 2;
}

void channel_note(struct channel *channel, bool is_success)
{
    int tokens = atomic_load_explicit(&channel->retry_tokens, memory_order_relaxed);
    int next;

    channel_nudge(channel);
    do {
        next = is_success ? tokens + 1 : tokens - RETRY_TOKEN;
        if (next > RETRY_TOKENS_FULL)
            next = RETRY_TOKENS_FULL;
        if (next < 0)
            next = 0;
        if (next == tokens)
            return;
    } while (!atomic_compare_exchange_weak(&channel->retry_tokens, &tokens, next));
}
