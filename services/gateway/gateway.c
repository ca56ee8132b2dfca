/* Loop thread, but for gateway_destroy, which runs when the loop has ended. */
#include "gateway.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit_log.h"
#include "fetch/fetch.h"
#include "gateway_access.h"
#include "gateway_audit.h"
#include "gateway_console.h"
#include "gateway_hospital.h"
#include "gateway_http.h"
#include "gateway_jwks.h"
#include "gateway_rate.h"
#include "rpc/replicas.h"
#include "run/clock.h"

#define TENANT_BYTES_MAX 64
#define PATIENT_BYTES_MAX 256

static enum status open_channel(struct gateway *gateway, const char *service, const char *target,
                                struct channel **channel, struct error *err)
{
    struct channel_options options = {
        .service = service,
        .target = target,
        .credentials = gateway->host->credentials,
    };

    *channel = channel_create(gateway->client, &options, err);
    return *channel == NULL ? error_wrap(err, "--%s", service) : STATUS_OK;
}

static enum status open_engines(struct gateway *gateway, struct error *err)
{
    const struct replicas_options options = {
        .client = gateway->client,
        .loop = &gateway->host->loop,
        .service = "inference",
        .target = gateway->config->inference,
        .credentials = gateway->host->credentials,
    };

    gateway->engines = replicas_create(&options, err);
    return gateway->engines == NULL ? error_wrap(err, "--inference") : STATUS_OK;
}

static enum status open_channels(struct gateway *gateway, struct error *err)
{
    const struct gateway_config *config = gateway->config;

    if (open_channel(gateway, "deid", config->deid, &gateway->deid, err) != STATUS_OK
        || open_channel(gateway, "context", config->context, &gateway->context, err) != STATUS_OK
        || open_channel(gateway, "tokenizer", config->tokenizer, &gateway->tokenizer, err)
               != STATUS_OK
        || open_channel(gateway, "inference", config->inference, &gateway->inference, err)
               != STATUS_OK
        || open_engines(gateway, err) != STATUS_OK)
        return err->status;
    if ((config->embed_inference == NULL) != (config->embed_tokenizer == NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a model that embeds needs both embed-inference and embed-tokenizer");
    if (config->embed_inference == NULL)
        return STATUS_OK;
    if (open_channel(gateway, "embed-inference", config->embed_inference, &gateway->embed_inference,
                     err)
            != STATUS_OK
        || open_channel(gateway, "embed-tokenizer", config->embed_tokenizer,
                        &gateway->embed_tokenizer, err)
               != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

static enum status read_profile(struct gateway *gateway, struct error *err)
{
    if (strcmp(gateway->config->profile, "limited") == 0)
        gateway->profile = CONSILIUM__V1__PROFILE__PROFILE_LIMITED;
    else if (strcmp(gateway->config->profile, "safe-harbor") == 0)
        gateway->profile = CONSILIUM__V1__PROFILE__PROFILE_SAFE_HARBOR;
    else
        return error_set(err, STATUS_INVALID_ARGUMENT, "--profile takes limited or safe-harbor");
    return STATUS_OK;
}

static enum status read_form(struct gateway *gateway, struct error *err)
{
    if (strcmp(gateway->config->slice, "facts") == 0)
        gateway->form = CONSILIUM__V1__FORM__FORM_FACTS;
    else if (strcmp(gateway->config->slice, "courses") == 0)
        gateway->form = CONSILIUM__V1__FORM__FORM_COURSES;
    else if (strcmp(gateway->config->slice, "found") == 0)
        gateway->form = CONSILIUM__V1__FORM__FORM_FOUND;
    else
        return error_set(err, STATUS_INVALID_ARGUMENT, "--slice takes facts, courses or found");
    gateway->has_sentences = strcmp(gateway->config->answers, "sentences") == 0;
    if (!gateway->has_sentences && strcmp(gateway->config->answers, "words") != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--answers takes sentences or words");
    return STATUS_OK;
}

static enum status open_fetcher(struct gateway *gateway, struct error *err)
{
    gateway->jwks = calloc(GATEWAY_JWKS_MAX, sizeof(*gateway->jwks));
    if (gateway->jwks == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    gateway->fetcher = fetcher_create(&gateway->host->loop, gateway->config->fetch_authority, err);
    return gateway->fetcher == NULL ? err->status : STATUS_OK;
}

static void close_fetcher(struct gateway *gateway)
{
    if (gateway->fetcher != NULL)
        fetcher_destroy(gateway->fetcher);
    gateway->fetcher = NULL;
    if (gateway->jwks != NULL)
        gateway_jwks_close(gateway);
    free(gateway->jwks);
    gateway->jwks = NULL;
    gateway_hospital_close(gateway);
}

enum status gateway_start(struct host *host, const void *config, void **service, bool *is_ready,
                          struct error *err)
{
    struct gateway *gateway = calloc(1, sizeof(*gateway));

    if (gateway == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    gateway->host = host;
    gateway->config = config;
    gateway->maps = maps_create(gateway->config->maps_bytes);
    if (gateway->config->slice_near)
        gateway->near_vectors = maps_create(gateway->config->near_bytes);
    if (gateway->maps == NULL || (gateway->config->slice_near && gateway->near_vectors == NULL))
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    else
        gateway->client = client_create(&host->loop, CLIENT_PLACE_LOOP, 1, err);
    if (gateway->client == NULL || read_profile(gateway, err) != STATUS_OK
        || read_form(gateway, err) != STATUS_OK
        || pseudonym_key_load(gateway->config->pseudonym_key_file, &gateway->pseudonym_key, err)
               != STATUS_OK
        || open_channels(gateway, err) != STATUS_OK || gateway_audit_open(gateway, err) != STATUS_OK
        || open_fetcher(gateway, err) != STATUS_OK || gateway_access_open(gateway, err) != STATUS_OK
        || gateway_hospital_open(gateway, err) != STATUS_OK
        || gateway_rate_open(gateway, err) != STATUS_OK
        || (gateway->config->web_folder != NULL
            && console_load(gateway->config->web_folder, &gateway->console, err) != STATUS_OK)
        || gateway_http_start(gateway, &gateway->http, err) != STATUS_OK) {
        gateway_access_close(gateway);
        gateway_rate_close(gateway);
        close_fetcher(gateway);
        gateway_destroy(gateway);
        return err->status;
    }
    models_start(&gateway->models, gateway, gateway->inference, gateway->tokenizer, true);
    if (gateway->embed_inference != NULL)
        models_start(&gateway->embed_models, gateway, gateway->embed_inference,
                     gateway->embed_tokenizer, false);
    *service = gateway;
    *is_ready = false; /* models.c says when */
    return STATUS_OK;
}

static void close_channel(struct channel **channel)
{
    if (*channel != NULL)
        channel_destroy(*channel);
    *channel = NULL;
}

/* What the client's threads still post as they end is opened when the loop stops, so they end
 * before that. */
static void close_client(struct gateway *gateway)
{
    if (gateway->engines != NULL)
        replicas_destroy(gateway->engines);
    gateway->engines = NULL;
    close_channel(&gateway->deid);
    close_channel(&gateway->context);
    close_channel(&gateway->tokenizer);
    close_channel(&gateway->inference);
    close_channel(&gateway->embed_inference);
    close_channel(&gateway->embed_tokenizer);
    if (gateway->client != NULL)
        client_destroy(gateway->client);
    gateway->client = NULL;
}

/* What still waits for the disk is posted before the loop's mailbox closes. */
static void close_audit(struct gateway *gateway)
{
    if (gateway->audit != NULL)
        audit_close(gateway->audit);
    gateway->audit = NULL;
}

static void on_models_stopped(struct gateway *gateway)
{
    close_client(gateway);
    gateway_access_close(gateway);
    gateway_rate_close(gateway);
    close_fetcher(gateway);
    close_audit(gateway);
    host_let_go(gateway->host);
}

static void on_embed_models_stopped(struct gateway *gateway)
{
    models_stop(&gateway->models, on_models_stopped);
}

static void on_http_stopped(struct gateway *gateway)
{
    if (gateway->embed_inference != NULL)
        models_stop(&gateway->embed_models, on_embed_models_stopped);
    else
        on_embed_models_stopped(gateway);
}

void gateway_drain(struct host *host, void *service, uint32_t grace_ms)
{
    struct gateway *gateway = service;

    (void)host;
    if (gateway->http != NULL)
        gateway_http_drain(gateway->http, grace_ms);
}

/* The server has drained: of all calls to leaves only those of HTTP and of models can still be out.
 */
void gateway_stop(struct host *host, void *service)
{
    struct gateway *gateway = service;

    host_hold(host);
    if (gateway->http != NULL)
        gateway_http_stop(gateway->http, on_http_stopped);
    else
        on_http_stopped(gateway);
}

void gateway_destroy(void *service)
{
    struct gateway *gateway = service;

    close_client(gateway);
    close_audit(gateway);
    if (gateway->access != NULL)
        access_destroy(gateway->access);
    if (gateway->console != NULL)
        console_destroy(gateway->console);
    if (gateway->http != NULL)
        gateway_http_destroy(gateway->http);
    if (gateway->maps != NULL)
        maps_destroy(gateway->maps);
    if (gateway->near_vectors != NULL)
        maps_destroy(gateway->near_vectors);
    free(gateway);
}

static bool is_tenant(const char *tenant)
{
    size_t i;

    for (i = 0; tenant[i] != '\0'; i++) {
        char c = tenant[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '_')
            return false;
    }
    return i >= 1 && i <= TENANT_BYTES_MAX;
}

enum status gateway_name_patient(const struct call *call, const char *tenant, const char *patient,
                                 struct arena *arena, struct patient_name *name, struct error *err)
{
    const struct gateway *gateway = call->service;
    struct slice id = slice_from(patient);
    char pseudonym[PSEUDONYM_TEXT_BYTES];

    if (gateway_check_tenant(call, &tenant, err) != STATUS_OK)
        return err->status;
    if (!is_tenant(tenant))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "tenant is not 1 to %d letters, digits, '-' or '_'", TENANT_BYTES_MAX);
    if (id.size == 0 || id.size > PATIENT_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "patient has %zu bytes, 1 to %d are allowed",
                         id.size, PATIENT_BYTES_MAX);
    pseudonym_make(&gateway->pseudonym_key, slice_from(tenant), id, pseudonym);
    name->tenant = arena_string(arena, slice_from(tenant));
    name->pseudonym = arena_string(arena, slice_from(pseudonym));
    name->scope = arena_format(arena, "%s/%s", tenant, pseudonym);
    if (name->tenant == NULL || name->pseudonym == NULL || name->scope == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    return STATUS_OK;
}

struct models *gateway_embed_models(struct gateway *gateway)
{
    return gateway->embed_inference == NULL ? &gateway->models : &gateway->embed_models;
}

uint64_t gateway_leaf_deadline(const struct gateway *gateway, uint64_t deadline_ns)
{
    uint64_t leaf_ns = clock_now() + gateway->config->leaf_timeout_ms * CLOCK_NS_PER_MS;

    return leaf_ns < deadline_ns ? leaf_ns : deadline_ns;
}
