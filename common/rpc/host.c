/* A service process.
 *
 *   start   configuration → log → loop → workers → credentials → the service → server →
 *           administration port → run
 *   stop    SIGTERM → the server drains → the service closes what it opened → nobody holds the
 *           host → the rest is closed → the loop ends
 *
 * What fails before the loop runs goes to stderr as one sentence and ends the process with 2
 * (usage, configuration) or 1. */
#include "rpc/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "rpc/credentials.h"
#include "rpc/refusals.h"
#include "rpc/spans.h"
#include "run/admin.h"

#define EXIT_USAGE 2
#define CONFIG_ARENA_BYTES (1 * MIB)
#define ADDRESSES_MAX 16

static int fail(const struct host_program *program, const struct error *err, int exit_status)
{
    fprintf(stderr, "%s: %s\n", program->config.name, err->text);
    return exit_status;
}

/* "a,b" to a list that ends with NULL. INVALID_ARGUMENT when there are too many or none. */
static enum status split_addresses(const char *text, struct arena *arena,
                                   const char *addresses[ADDRESSES_MAX + 1], struct error *err)
{
    struct slice rest = slice_from(text);
    unsigned count = 0;

    while (rest.size > 0) {
        size_t end = slice_find_byte(rest, ',');
        struct slice one = slice_trim(slice_cut(rest, 0, end));

        rest = slice_cut(rest, end + 1, rest.size);
        if (one.size == 0)
            continue;
        if (count == ADDRESSES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "listen takes at most %d addresses",
                             ADDRESSES_MAX);
        addresses[count] = arena_string(arena, one);
        if (addresses[count++] == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the addresses");
    }
    addresses[count] = NULL;
    if (count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "listen names no address");
    return STATUS_OK;
}

/* Stop, step by step; each skips what was not started. */

void host_hold(struct host *host)
{
    host->holds++;
}

/* The handles of the service and the administration port close as the loop ends. */
void host_let_go(struct host *host)
{
    CHECK(host->holds > 0);
    if (--host->holds > 0)
        return;
    if (host->admin != NULL)
        admin_stop(host->admin);
    if (host->credentials != NULL)
        credentials_destroy(host->credentials);
    host->admin = NULL;
    host->credentials = NULL;
    loop_stop(&host->loop);
}

static void on_part_stopped(void *owner)
{
    host_let_go(owner);
}

static void on_drained(void *owner)
{
    struct host *host = owner;

    if (host->server != NULL)
        server_destroy(host->server);
    host->server = NULL;
    host_hold(host);
    host_hold(host);
    spans_stop(on_part_stopped, host);
    if (host->refusals != NULL) {
        host_hold(host);
        refusals_close(host->refusals, on_part_stopped, host);
    }
    host->refusals = NULL;
    if (host->service != NULL)
        host->program->stop(host, host->service);
    host_let_go(host);
}

static void begin_stop(struct host *host)
{
    if (host->program->drain != NULL && host->service != NULL)
        host->program->drain(host, host->service, host->grace_ms);
    if (host->server != NULL)
        server_drain(host->server, host->grace_ms, on_drained, host);
    else
        on_drained(host);
}

static void on_stop(struct loop *loop)
{
    struct host *host = loop->owner;

    log_info("stopping", LOG_NUMBER("grace_ms", host->grace_ms));
    begin_stop(host);
}

static bool is_ready(void *owner)
{
    struct host *host = owner;

    return host->server != NULL && server_is_serving(host->server);
}

static enum status start_credentials(struct host *host, const struct host_config *config,
                                     struct error *err)
{
    const struct credentials_options options = {
        .certificate_file = config->tls_certificate,
        .key_file = config->tls_key,
        .authority_file = config->tls_authority,
    };

    if (config->tls_certificate == NULL && config->tls_key == NULL && config->tls_authority == NULL)
        return STATUS_OK;
    if (config->tls_certificate == NULL || config->tls_key == NULL)
        return error_set(
            err, STATUS_INVALID_ARGUMENT,
            "TLS needs both tls-certificate and tls-key; give both, or none of the tls settings");
    host->credentials = credentials_create(&host->loop, &options, err);
    return host->credentials == NULL ? err->status : STATUS_OK;
}

static enum status read_peers(struct host *host, const struct host_config *config,
                              struct error *err)
{
    if (config->peers == NULL)
        return STATUS_OK;
    if (config->tls_authority == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--peers needs tls-authority: without it nobody shows who they are");
    return peers_load(config->peers, host->program->config.name, &host->peers, err);
}

static enum status open_refusals(struct host *host, const struct host_config *config,
                                 struct error *err)
{
    if ((config->refusals_folder == NULL) != (config->refusals_key_file == NULL))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a log of refusals needs both refusals-folder and refusals-key-file");
    if (config->refusals_folder == NULL)
        return STATUS_OK;
    host->refusals = refusals_open(&host->loop, host->program->config.name, config->refusals_folder,
                                   config->refusals_key_file, err);
    return host->refusals == NULL ? error_wrap(err, "--refusals-folder") : STATUS_OK;
}

static enum status start_server(struct host *host, const struct host_config *config,
                                struct arena *arena, bool is_serving, struct error *err)
{
    const char *addresses[ADDRESSES_MAX + 1];
    struct server_options options = {
        .name = host->program->config.name,
        .addresses = addresses,
        .credentials = host->credentials,
        .health_address = config->health_listen,
        .threads = (unsigned)config->rpc_threads,
        .loop = &host->loop,
        .workers = host->workers,
        .connection_age_ms = (uint32_t)config->connection_age_ms,
        .methods = host->program->methods,
        .service = host->service,
    };

    if (split_addresses(config->listen, arena, addresses, err) != STATUS_OK
        || read_peers(host, config, err) != STATUS_OK
        || open_refusals(host, config, err) != STATUS_OK)
        return err->status;
    options.peers = host->peers;
    options.refusals = host->refusals;
    host->server = server_create(&options, err);
    if (host->server == NULL)
        return err->status;
    if (is_serving)
        server_set_serving(host->server, true);
    return STATUS_OK;
}

static enum status start_spans(struct host *host, const struct host_config *config,
                               struct error *err)
{
    const struct spans_options options = {
        .service = host->program->config.name,
        .target = config->trace_target,
        .credentials = config->trace_tls ? host->credentials : NULL,
        .share = config->trace_share,
    };

    if (config->trace_tls && host->credentials == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--trace-tls needs the tls settings: its certificate is the service's");
    return config->trace_target == NULL ? STATUS_OK : spans_start(&host->loop, &options, err);
}

static enum status start_parts(struct host *host, const struct host_config *config,
                               struct arena *arena, struct error *err)
{
    bool is_serving = false;

    if (start_credentials(host, config, err) != STATUS_OK
        || start_spans(host, config, err) != STATUS_OK)
        return err->status;
    if (host->program->start(host, config, &host->service, &is_serving, err) != STATUS_OK)
        return err->status;
    if (start_server(host, config, arena, is_serving, err) != STATUS_OK)
        return err->status;
    if (config->admin_listen == NULL)
        return STATUS_OK;
    host->admin = admin_start(&host->loop, config->admin_listen, is_ready, host, err);
    return host->admin == NULL ? err->status : STATUS_OK;
}

static void log_started(const struct host *host, const struct host_config *config)
{
    log_info("started", LOG_ID("listen", config->listen),
             LOG_NUMBER("port", server_port(host->server, 0)),
             LOG_ID("admin", config->admin_listen == NULL ? "none" : config->admin_listen),
             LOG_NAME("tls", host->credentials == NULL ? "off" : "on"),
             LOG_NUMBER("rpc_threads", config->rpc_threads),
             LOG_NUMBER("workers", config->workers));
}

/* The exit status. The loop runs even where the start has failed: what was opened is closed there.
 */
static int run(struct host *host, const struct host_config *config, struct arena *arena)
{
    struct error err;
    int exit_status = 0;

    if (start_parts(host, config, arena, &err) != STATUS_OK) {
        exit_status =
            fail(host->program, &err, err.status == STATUS_INVALID_ARGUMENT ? EXIT_USAGE : 1);
        host->grace_ms = 0;
        host->loop.is_stopping = true;
        begin_stop(host);
    } else {
        log_started(host, config);
    }
    loop_run(&host->loop);
    if (exit_status == 0)
        log_info("stopped");
    return exit_status != 0 ? exit_status : host->exit_status;
}

static int run_host(struct host *host, const struct host_config *config, struct arena *arena)
{
    struct error err;
    int exit_status;

    if (loop_init(&host->loop, host, on_stop, &err) != STATUS_OK)
        return fail(host->program, &err, 1);
    host->workers =
        workers_create((unsigned)config->workers, (unsigned)config->workers_queue, &err);
    if (host->workers == NULL) {
        loop_stop(&host->loop);
        loop_run(&host->loop);
        exit_status = fail(host->program, &err, 1);
    } else {
        exit_status = run(host, config, arena);
        workers_destroy(host->workers);
    }
    if (host->service != NULL)
        host->program->destroy(host->service);
    if (host->peers != NULL)
        peers_destroy(host->peers);
    loop_close(&host->loop);
    return exit_status;
}

static int load_and_run(const struct host_program *program, int argc, char **argv,
                        struct arena *arena)
{
    struct host_config *config = arena_alloc_zero(arena, 1, program->config_bytes);
    struct host host = { .program = program };
    enum log_level level;
    struct error err;
    bool is_done = false;

    CHECK(config != NULL);
    if (config_load(&program->config, &argc, &argv, config, arena, &is_done, &err) != STATUS_OK)
        return fail(program, &err, EXIT_USAGE);
    if (is_done)
        return 0;
    if (!log_level_parse(config->log_level, &level)) {
        error_set(&err, STATUS_INVALID_ARGUMENT, "log-level takes debug, info, warn or error");
        return fail(program, &err, EXIT_USAGE);
    }
    log_init(program->config.name, level);
    host.grace_ms = (uint32_t)config->grace_ms;
    return run_host(&host, config, arena);
}

int host_main(const struct host_program *program, int argc, char **argv)
{
    struct arena arena;
    int exit_status;

    CHECK(program->config_bytes >= sizeof(struct host_config));
    arena_init(&arena, CONFIG_ARENA_BYTES);
    exit_status = load_and_run(program, argc, argv, &arena);
    arena_close(&arena);
    return exit_status;
}
