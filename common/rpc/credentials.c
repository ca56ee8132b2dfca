/* Certificates that are watched.
 *
 * Loop: a timer reads the files → their digest is new → the set is checked → it becomes the current
 * set, one generation on. A set that is not good is logged once and left; what was current stays.
 * gRPC's threads (a server's handshakes) and callers' threads (new channels) take what is current
 * under the lock. */
#include "rpc/credentials.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "rpc/credentials_grpc.h"
#include "rpc/hand_over.h"
#include "tls/pem.h"

#define WATCH_MS 1000

struct credentials {
    char *certificate_file, *key_file, *authority_file;
    struct timer timer; /* loop */
    void (*on_look)(void *arg, const struct error *err);
    void *arg;
    uint64_t refused; /* digest of the last set that was not good, or of an unreadable one; loop */
    pthread_mutex_t lock; /* of what follows */
    struct pem_set set;
    unsigned generation;
    struct list servers;
};

/* What one gRPC server credentials object has been given; gRPC's threads ask through it. */
struct server_view {
    struct list in_credentials;
    struct credentials *credentials;
    unsigned generation; /* under the lock */
};

static char *copy_path(const char *path)
{
    return path == NULL ? NULL : strdup(path);
}

static enum status read_set(const struct credentials *credentials, struct pem_set *set,
                            struct error *err)
{
    return pem_set_read(credentials->certificate_file, credentials->key_file,
                        credentials->authority_file, set, err);
}

static void use(struct credentials *credentials, struct pem_set *set)
{
    struct pem_set old;

    pthread_mutex_lock(&credentials->lock);
    old = credentials->set;
    credentials->set = *set;
    credentials->generation++;
    pthread_mutex_unlock(&credentials->lock);
    pem_set_close(&old);
}

static void tell(const struct credentials *credentials, const struct error *err)
{
    if (credentials->on_look != NULL)
        credentials->on_look(credentials->arg, err);
}

/* Files that are being replaced may be bad for a moment, and stay bad for long: say it once for
 * each content. */
static void refuse(struct credentials *credentials, uint64_t digest, const struct error *err)
{
    if (credentials->refused == digest)
        return;
    credentials->refused = digest;
    log_warn("credentials refused",
             LOG_ID("file", credentials->certificate_file == NULL ? credentials->authority_file
                                                                  : credentials->certificate_file),
             LOG_ERROR(err));
    tell(credentials, err);
}

static void look(struct timer *timer)
{
    struct credentials *credentials = LIST_ITEM(timer, struct credentials, timer);
    struct pem_set set;
    struct error err = { 0 };

    if (read_set(credentials, &set, &err) != STATUS_OK) {
        refuse(credentials, (uint64_t)err.status, &err);
        return;
    }
    if (set.digest == credentials->set.digest) {
        credentials->refused = 0;
        pem_set_close(&set);
    } else if (pem_set_check(&set, &err) != STATUS_OK) {
        refuse(credentials, set.digest, &err);
        pem_set_close(&set);
    } else {
        credentials->refused = 0;
        use(credentials, &set);
        log_info("credentials replaced", LOG_NUMBER("generation", credentials->generation));
        tell(credentials, &err);
    }
}

void credentials_on_look(struct credentials *credentials,
                         void (*on_look)(void *arg, const struct error *err), void *arg)
{
    credentials->on_look = on_look;
    credentials->arg = arg;
}

static void free_credentials(struct credentials *credentials)
{
    struct list *node;

    TAKE_OVER(credentials); /* from the last handshake */
    while ((node = list_take_front(&credentials->servers)) != NULL)
        free(LIST_ITEM(node, struct server_view, in_credentials));
    pem_set_close(&credentials->set);
    pthread_mutex_destroy(&credentials->lock);
    free(credentials->certificate_file);
    free(credentials->key_file);
    free(credentials->authority_file);
    free(credentials);
}

struct credentials *credentials_create(struct loop *loop, const struct credentials_options *options,
                                       struct error *err)
{
    struct credentials *credentials = calloc(1, sizeof(*credentials));
    uint64_t watch_ms = options->watch_ms == 0 ? WATCH_MS : options->watch_ms;

    if (credentials == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for credentials");
        return NULL;
    }
    list_init(&credentials->servers);
    pthread_mutex_init(&credentials->lock, NULL);
    credentials->certificate_file = copy_path(options->certificate_file);
    credentials->key_file = copy_path(options->key_file);
    credentials->authority_file = copy_path(options->authority_file);
    if (read_set(credentials, &credentials->set, err) != STATUS_OK
        || pem_set_check(&credentials->set, err) != STATUS_OK) {
        if (err != NULL)
            err->status = STATUS_FAILED_PRECONDITION;
        free_credentials(credentials);
        return NULL;
    }
    timer_init(&credentials->timer, loop, look);
    timer_start(&credentials->timer, watch_ms, watch_ms);
    return credentials;
}

static void timer_closed(struct timer *timer)
{
    free_credentials(LIST_ITEM(timer, struct credentials, timer));
}

void credentials_destroy(struct credentials *credentials)
{
    timer_close(&credentials->timer, timer_closed);
}

unsigned credentials_generation(const struct credentials *credentials)
{
    struct credentials *own = (struct credentials *)credentials;
    unsigned generation;

    pthread_mutex_lock(&own->lock);
    generation = own->generation;
    pthread_mutex_unlock(&own->lock);
    return generation;
}

/* gRPC asks before each handshake, on any of its threads. */
static grpc_ssl_certificate_config_reload_status fetch(void *user_data,
                                                       grpc_ssl_server_certificate_config **config)
{
    grpc_ssl_certificate_config_reload_status status = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    struct server_view *view = user_data;
    struct credentials *credentials;

    TAKE_OVER(view);
    credentials = view->credentials;
    pthread_mutex_lock(&credentials->lock);
    if (view->generation != credentials->generation) {
        grpc_ssl_pem_key_cert_pair pair = { credentials->set.key, credentials->set.certificate };

        *config = grpc_ssl_server_certificate_config_create(credentials->set.authority, &pair, 1);
        view->generation = credentials->generation;
        status = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
    }
    pthread_mutex_unlock(&credentials->lock);
    HAND_OVER(credentials);
    return status;
}

grpc_server_credentials *credentials_server(struct credentials *credentials)
{
    struct server_view *view;

    if (credentials->certificate_file == NULL)
        return NULL;
    view = calloc(1, sizeof(*view));
    if (view == NULL)
        return NULL;
    view->credentials = credentials;
    pthread_mutex_lock(&credentials->lock);
    view->generation =
        credentials->generation - 1; /* so that the first handshake takes what is there */
    list_push_back(&credentials->servers, &view->in_credentials);
    pthread_mutex_unlock(&credentials->lock);
    HAND_OVER(view);
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            credentials->authority_file == NULL
                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
            fetch, view));
}

grpc_channel_credentials *credentials_channel(struct credentials *credentials, unsigned *generation)
{
    grpc_channel_credentials *channel;
    grpc_ssl_pem_key_cert_pair pair;

    pthread_mutex_lock(&credentials->lock);
    pair = (grpc_ssl_pem_key_cert_pair){ credentials->set.key, credentials->set.certificate };
    channel = grpc_ssl_credentials_create_ex(credentials->set.authority,
                                             pair.private_key == NULL ? NULL : &pair, NULL, NULL);
    if (generation != NULL)
        *generation = credentials->generation;
    pthread_mutex_unlock(&credentials->lock);
    return channel;
}
