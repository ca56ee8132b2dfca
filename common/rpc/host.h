/* A host: what every service process does the same way. Configuration, log, loop, workers,
 * administration port, server, drain on SIGTERM. A service's main.c is a host_program and a call of
 * host_main. */
#ifndef RPC_HOST_H
#define RPC_HOST_H

#include "rpc/server.h"
#include "run/config.h"

/* First member of every service's configuration struct. */
struct host_config {
    const char *listen;                                    /* addresses with commas */
    const char *health_listen;                             /* NULL: health only on listen */
    const char *admin_listen;                              /* NULL: none */
    const char *tls_certificate, *tls_key, *tls_authority; /* NULL: plaintext */
    const char *peers;                               /* who may call; NULL: every certificate */
    const char *refusals_folder, *refusals_key_file; /* NULL: who may not is in the log alone */
    const char *log_level;
    int64_t rpc_threads, workers, workers_queue;
    uint64_t grace_ms, connection_age_ms;
    const char *trace_target; /* NULL: traces are not sent */
    double trace_share;
    bool trace_tls;
};

/* clang-format off */
/* The rows of a settings table for it; @config is the service's struct, which begins with `struct host_config host`. */
#define HOST_SETTINGS(config, default_listen)                                                      \
    { "listen", SETTING_KIND_STRING, offsetof(config, host.listen), default_listen, "ADDRESS,...", \
      "where to serve gRPC; unix:/path too", 0, 0, true, false },                                  \
    { "health-listen", SETTING_KIND_STRING, offsetof(config, host.health_listen), NULL, "ADDRESS", \
      "a further plaintext port that serves health alone", 0, 0, false, false },                   \
    { "admin-listen", SETTING_KIND_STRING, offsetof(config, host.admin_listen), NULL, "ADDRESS",   \
      "where to serve /metrics, /healthz, /readyz", 0, 0, false, false },                          \
    { "tls-certificate", SETTING_KIND_STRING, offsetof(config, host.tls_certificate), NULL,        \
      "FILE", "PEM chain of this service; watched", 0, 0, false, false },                          \
    { "tls-key", SETTING_KIND_STRING, offsetof(config, host.tls_key), NULL, "FILE",                \
      "PEM key of the chain; watched", 0, 0, false, false },                                       \
    { "tls-authority", SETTING_KIND_STRING, offsetof(config, host.tls_authority), NULL, "FILE",    \
      "PEM of the CAs that peers must come from; watched", 0, 0, false, false },                   \
    { "peers", SETTING_KIND_STRING, offsetof(config, host.peers), NULL, "default|FILE",            \
      "who may call whom, by certificate: the mesh's own table or a file", 0, 0, false, false },   \
    { "refusals-folder", SETTING_KIND_STRING, offsetof(config, host.refusals_folder), NULL,        \
      "FOLDER", "an audit log of those whom that refuses; made when it is not there", 0, 0, false, \
      false },                                                                                     \
    { "refusals-key-file", SETTING_KIND_STRING, offsetof(config, host.refusals_key_file), NULL,    \
      "FILE", "key that signs it, 64 hex digits; made when it is not there", 0, 0, false, false }, \
    { "log-level", SETTING_KIND_STRING, offsetof(config, host.log_level), "info", "LEVEL",         \
      "debug, info, warn or error", 0, 0, false, false },                                          \
    { "rpc-threads", SETTING_KIND_NUMBER, offsetof(config, host.rpc_threads), "1", "N",            \
      "threads that poll for calls", 1, 64, false, false },                                        \
    { "workers", SETTING_KIND_NUMBER, offsetof(config, host.workers), "2", "N",                    \
      "threads for long work", 1, 256, false, false },                                             \
    { "workers-queue", SETTING_KIND_NUMBER, offsetof(config, host.workers_queue), "256", "N",      \
      "jobs that may wait for a worker", 1, 65536, false, false },                                 \
    { "grace", SETTING_KIND_DURATION, offsetof(config, host.grace_ms), "10s", "TIME",              \
      "how long running calls may finish after SIGTERM", 0, 0, false, false },                     \
    { "connection-age", SETTING_KIND_DURATION, offsetof(config, host.connection_age_ms), "0s",     \
      "TIME", "close connections of this age, so that clients find new replicas; 0: never", 0, 0,  \
      false, false },                                                                              \
    { "trace-target", SETTING_KIND_STRING, offsetof(config, host.trace_target), NULL, "TARGET",    \
      "OpenTelemetry collector that traces are sent to over OTLP/gRPC", 0, 0, false, false },      \
    { "trace-share", SETTING_KIND_DECIMAL, offsetof(config, host.trace_share), "1", "SHARE",       \
      "of the traces that are sent, chosen by their ids; the same at every service", 0, 1, false,  \
      false },                                                                                     \
    { "trace-tls", SETTING_KIND_SWITCH, offsetof(config, host.trace_tls), "false", NULL,           \
      "send them under TLS, with this service's certificate", 0, 0, false, false }
/* clang-format on */

struct host {
    struct loop loop;
    struct workers *workers;
    struct server *server;
    struct credentials
        *credentials; /* NULL: plaintext; services that call others use it for their channels too */
    void *service;
    const struct host_program *program;
    /* the rest is host.c's own */
    struct admin *admin;
    struct peers *peers; /* NULL: every certificate may call */
    struct refusals *refusals;
    unsigned holds;
    uint32_t grace_ms;
    int exit_status;
};

struct host_program {
    struct config_program config;
    size_t config_bytes; /* of the service's configuration struct */
    const struct server_method *methods;
    /* Make the service. The server exists only when this returns; when the service is ready at
     * once, *is_ready is set, else the
     * service calls server_set_serving(host->server, true) later, on the loop. */
    enum status (*start)(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err);
    /* NULL: nothing. When the drain begins: refuse what comes by doors of the service's own, and
     * let what runs finish within @grace_ms. */
    void (*drain)(struct host *host, void *service, uint32_t grace_ms);
    /* After the drain: close what start opened; every handle must be closed in the end, for
     * loop_run to return. Who has to wait for something that comes through the mailbox (its own
     * calls) holds the host until then. */
    void (*stop)(struct host *host, void *service);
    /* After the loop has ended. */
    void (*destroy)(void *service);
};

/* From within stop: the mailbox and the credentials stay open until it is let go again, once for
 * each hold. Loop thread. */
void host_hold(struct host *host);
void host_let_go(struct host *host);

/* Run until SIGTERM or SIGINT. The exit status of the process: 0, 2 for wrong usage or
 * configuration, 1 for anything else. */
int host_main(const struct host_program *program, int argc, char **argv);

#endif
