#include "consilium.h"
#include "consilium_token.h"
#include "consilium_web.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "fetch/fetch.h"
#include "rpc/group.h"
#include "run/clock.h"

static const struct consilium_verb *running_verb;

static void on_interrupt(struct loop *loop)
{
    struct consilium *consilium = loop->owner;

    consilium->is_interrupted = true;
    if (consilium->rpc != NULL)
        rpc_cancel(consilium->rpc);
    else if (consilium->web != NULL)
        web_cancel(consilium->web);
    else if (consilium->group != NULL)
        group_cancel(consilium->group);
    else
        consilium_end(consilium, CONSILIUM_EXIT_INTERRUPTED);
}

static void on_ending(struct timer *timer)
{
    struct consilium *consilium = LIST_ITEM(timer, struct consilium, ending);

    timer_close(timer, NULL);
    if (consilium->channel != NULL)
        channel_destroy(consilium->channel);
    if (consilium->fetcher != NULL)
        fetcher_destroy(consilium->fetcher);
    client_destroy(consilium->client);
    if (consilium->credentials != NULL)
        credentials_destroy(consilium->credentials);
    loop_stop(&consilium->loop);
}

static enum status open_client(struct consilium *consilium, struct error *err)
{
    const struct consilium_config *config = &consilium->config;
    struct credentials_options options = { config->tls_certificate, config->tls_key,
                                           config->tls_authority, 0 };

    if (config->tls_authority != NULL || config->tls_certificate != NULL) {
        consilium->credentials = credentials_create(&consilium->loop, &options, err);
        if (consilium->credentials == NULL)
            return err->status;
    }
    consilium->client = client_create(&consilium->loop, CLIENT_PLACE_LOOP, 1, err);
    return consilium->client == NULL ? err->status : STATUS_OK;
}

int consilium_run(const struct consilium_verb *verb, struct consilium *consilium)
{
    struct error err = { 0 };

    running_verb = verb;
    if (verb->run != NULL) {
        consilium->exit_status = verb->run(consilium);
        if (consilium->exit_status != CONSILIUM_EXIT_MESH)
            return consilium->exit_status;
        consilium->exit_status = CONSILIUM_EXIT_OK;
    }
    if (loop_init(&consilium->loop, consilium, on_interrupt, &err) != STATUS_OK
        || open_client(consilium, &err) != STATUS_OK) {
        fprintf(stderr, "consilium: %s\n", err.text);
        return CONSILIUM_EXIT_FAILED;
    }
    timer_init(&consilium->ending, &consilium->loop, on_ending);
    verb->start(consilium);
    loop_run(&consilium->loop);
    loop_close(&consilium->loop);
    return consilium->exit_status;
}

struct channel *consilium_connect(struct consilium *consilium, const char *service,
                                  const char *target)
{
    struct channel_options options = {
        .service = service,
        .target = target,
        .credentials = consilium->credentials,
    };
    struct error err = { 0 };

    if (token_read(consilium, &options.authorization, &err) != STATUS_OK) {
        consilium_fail(consilium, &err);
        return NULL;
    }
    consilium->channel = channel_create(consilium->client, &options, &err);
    if (consilium->channel == NULL)
        consilium_fail(consilium, &err);
    return consilium->channel;
}

struct rpc_options consilium_options(const struct consilium *consilium)
{
    return (struct rpc_options){
        .deadline_ns = clock_now() + consilium->config.timeout_ms * CLOCK_NS_PER_MS,
    };
}

/* Not at once: the caller may be in a callback of what is closed then. */
void consilium_end(struct consilium *consilium, enum consilium_exit exit_status)
{
    consilium->rpc = NULL;
    consilium->web = NULL;
    consilium->group = NULL;
    consilium->exit_status = consilium->is_interrupted ? CONSILIUM_EXIT_INTERRUPTED : exit_status;
    timer_start(&consilium->ending, 0, 0);
}

enum consilium_exit consilium_exit_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return CONSILIUM_EXIT_OK;
    case STATUS_NOT_FOUND:
        return CONSILIUM_EXIT_NOT_FOUND;
    case STATUS_UNAVAILABLE:
    case STATUS_DEADLINE_EXCEEDED:
    case STATUS_RESOURCE_EXHAUSTED:
    case STATUS_ABORTED:
        return CONSILIUM_EXIT_UNAVAILABLE;
    case STATUS_INVALID_ARGUMENT:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_OUT_OF_RANGE:
    case STATUS_PERMISSION_DENIED:
    case STATUS_UNAUTHENTICATED:
    case STATUS_UNIMPLEMENTED:
        return CONSILIUM_EXIT_REFUSED;
    default:
        return CONSILIUM_EXIT_FAILED;
    }
}

void consilium_fail(struct consilium *consilium, const struct error *err)
{
    struct buffer line;

    buffer_init(&line, &consilium->arena);
    if (consilium->config.json) {
        buffer_put_string(&line, "{\"error\":{\"status\":");
        buffer_put_json(&line, slice_from(status_name(err->status)));
        buffer_put_string(&line, ",\"text\":");
        buffer_put_json(&line, slice_from(err->text));
        buffer_put_string(&line, "}}");
    } else {
        buffer_format(&line, "consilium: %s: %s", status_name(err->status), err->text);
    }
    if (!consilium->is_interrupted)
        fprintf(stderr, "%.*s\n", SLICE_FORMAT(buffer_slice(&line)));
    consilium_end(consilium, consilium_exit_of(err->status));
}

void consilium_misuse(struct consilium *consilium, const char *format, ...)
{
    va_list args;

    fputs("consilium: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nusage: consilium %s [flags] %s\n", running_verb->name,
            running_verb->operands);
    consilium_end(consilium, CONSILIUM_EXIT_USAGE);
}
