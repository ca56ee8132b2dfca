/* The gateway: the one door of the mesh, and the only service that calls others. Everything here
 * lives on the loop. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "gateway_maps.h"
#include "gateway_models.h"
#include "gateway_pseudonym.h"
#include "rpc/client.h"
#include "rpc/host.h"

struct gateway_config {
    struct host_config host;
    const char *deid, *context, *tokenizer, *inference; /* targets */
    const char *embed_inference, *embed_tokenizer;      /* NULL: the model that answers embeds */
    const char *pseudonym_key_file;
    const char *web_folder; /* NULL: no console */
    int64_t rate_requests,
        rate_tokens; /* a minute, of callers without limits of their own; 0: any */
    const char *rate_redis, *rate_redis_password_file;
    bool rate_closed;        /* while Redis is away nobody with a limit is let in */
    const char *access_file; /* NULL: whoever reaches a port may do everything */
    uint64_t jwks_refresh_ms, jwks_floor_ms;
    const char *fetch_authority; /* CAs of the servers that are asked by HTTP; NULL: the system's */
    const char *fhir_server, *fhir_client_id, *fhir_key_file, *fhir_tenant; /* NULL: no pulling */
    const char *audit_folder, *audit_key_file;
    uint64_t audit_segment_bytes;
    uint64_t leaf_timeout_ms, hedge_after_ms;
    int64_t answer_tokens, facts_tokens; /* where the caller names no limit */
    uint64_t maps_bytes;
    bool slice_near; /* the model that embeds has a say in the ranking */
    uint64_t near_bytes;
    int64_t asks_at_once; /* of one AskMany */
    const char *profile;
    const char *slice;   /* how facts are told to the model: "facts", "courses", "found" */
    const char *answers; /* what they are made of: "sentences", "words" */
    const char *http_listen, *http_tls_certificate, *http_tls_key; /* NULL: none */
    const char *http_models;  /* further names of the model, with commas; NULL: none */
    const char *http_origins; /* of web pages that may ask, with commas; "*": any; NULL: none */
    uint64_t http_beat_ms;    /* a silent stream is told of this often */
    int64_t http_calls;       /* that came by HTTP, at once */
};

struct access;
struct console;
struct audit_log;
struct fetcher;
struct replicas;
struct gateway_http;
struct gateway_jwks;
struct hospital;
struct rate;

struct gateway {
    struct host *host;
    const struct gateway_config *config;
    struct client *client;
    struct channel *deid, *context, *tokenizer, *inference;
    struct channel *embed_inference, *embed_tokenizer; /* NULL: none of its own */
    struct replicas *engines; /* of inference: a patient's questions go to the one that has the
                                 patient's prompt */
    struct pseudonym_key pseudonym_key;
    struct console *console; /* NULL: none is served */
    struct access *access;   /* NULL: nobody asks who calls */
    struct fetcher *fetcher;
    struct gateway_jwks *jwks; /* [GATEWAY_JWKS_MAX] */
    struct hospital *hospital; /* NULL: records are not pulled */
    struct timer access_timer;
    bool has_access_timer;
    struct error access_error; /* why the changed file is not in use; OK: it is */
    struct audit_log *audit;
    struct rate *rate;
    struct maps *maps;
    struct maps *near_vectors; /* by model and name; NULL: not used */
    struct models models;
    struct models embed_models;     /* where embed_inference is not NULL */
    struct gateway_http *http;      /* NULL: no HTTP */
    Consilium__V1__Profile profile; /* where the caller names none */
    Consilium__V1__Form form;       /* of slices */
    bool has_sentences;             /* answers are held to what was found */
};

/* A patient as the rest of the mesh knows them. Strings live in the arena given to
 * gateway_name_patient. */
struct patient_name {
    const char *tenant;
    const char *pseudonym;
    const char *scope; /* "tenant/pseudonym": what a sealed map is bound to */
};

/* host_program's start, drain, stop and destroy. */
enum status gateway_start(struct host *host, const void *config, void **service, bool *is_ready,
                          struct error *err);
void gateway_drain(struct host *host, void *service, uint32_t grace_ms);
void gateway_stop(struct host *host, void *service);
void gateway_destroy(void *service);

/* Name the patient that @call means. An empty @tenant is the caller's own, or "default" where
 * nobody asks who calls. INVALID_ARGUMENT for a tenant that is not 1 to 64 letters, digits, '-' or
 * '_' and for a patient that is not 1 to 256 bytes; PERMISSION_DENIED for a tenant that is not the
 * caller's. */
enum status gateway_name_patient(const struct call *call, const char *tenant, const char *patient,
                                 struct arena *arena, struct patient_name *name, struct error *err);

/* The model that embeds, or is asked to. */
struct models *gateway_embed_models(struct gateway *gateway);

/* When a leaf must have answered: leaf_timeout from now, and not after @deadline_ns. */
uint64_t gateway_leaf_deadline(const struct gateway *gateway, uint64_t deadline_ns);

#endif
