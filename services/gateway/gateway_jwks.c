#include "gateway_jwks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fetch/fetch.h"
#include "gateway_access.h"
#include "gateway_audit.h"
#include "run/clock.h"

#define SET_BYTES_MAX (256 * 1024)
#define TIMEOUT_MS 10000

enum status gateway_jwks_check(struct access *access, struct error *err)
{
    struct access_set set;

    for (size_t i = 0; access_set_look(access, i, &set); i++) {
        if (!fetch_takes(set.url))
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "jwks_url %zu is not https, nor http on this machine", i + 1);
        if (i == GATEWAY_JWKS_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "more than %d issuers have a jwks_url",
                             GATEWAY_JWKS_MAX);
    }
    return STATUS_OK;
}

static void note(struct gateway_jwks *jwks, const struct error *err)
{
    const struct audit_record record = {
        .action = AUDIT_ACTION_CONFIGURE,
        .outcome = err->status,
        .detail = err->status == STATUS_OK ? "the key set of an issuer was fetched"
                                           : "the key set of an issuer cannot be had",
    };
    bool is_failing = err->status != STATUS_OK;

    if (is_failing == jwks->is_failing && (is_failing || jwks->got_ns != 0))
        return;
    jwks->is_failing = is_failing;
    if (is_failing)
        log_warn("jwks_failing", LOG_ERROR(err));
    else
        log_info("jwks_fetched");
    gateway_note(jwks->gateway, &record);
}

/* The issuers that have this address may be others by now: the file can change meanwhile. */
static enum status give(const struct gateway_jwks *jwks, struct slice bytes, struct error *err)
{
    struct access_set set;

    for (size_t i = 0; access_set_look(jwks->gateway->access, i, &set); i++)
        if (strcmp(set.url, jwks->url) == 0 && access_set_put(&set, bytes, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static void on_fetched(void *arg, const struct fetch_reply *reply, const struct error *err)
{
    struct gateway_jwks *jwks = arg;
    struct error why = { 0 };

    jwks->is_out = false;
    if (err->status == STATUS_CANCELLED)
        return;
    if (reply == NULL)
        why = *err;
    else if (reply->code != 200)
        error_set(&why, STATUS_UNAVAILABLE, "the server of a key set answered %u", reply->code);
    else
        give(jwks, reply->body, &why);
    note(jwks, &why);
    if (why.status == STATUS_OK)
        jwks->got_ns = clock_now();
}

static bool is_due(const struct gateway_jwks *jwks, const struct access_set *set)
{
    const struct gateway_config *config = jwks->gateway->config;
    uint64_t now_ns = clock_now();

    if (jwks->is_out
        || (jwks->asked_ns != 0
            && now_ns - jwks->asked_ns < config->jwks_floor_ms * CLOCK_NS_PER_MS))
        return false;
    return !set->is_there || set->is_wanted || jwks->got_ns == 0
           || now_ns - jwks->got_ns >= config->jwks_refresh_ms * CLOCK_NS_PER_MS;
}

static void ask(struct gateway_jwks *jwks)
{
    const struct fetch_options options = {
        .url = jwks->url,
        .accept = "application/json",
        .bytes_max = SET_BYTES_MAX,
        .timeout_ms = TIMEOUT_MS,
    };
    struct error err = { 0 };

    jwks->asked_ns = clock_now();
    jwks->is_out = true;
    if (fetch_start(jwks->gateway->fetcher, &options, on_fetched, jwks, NULL, &err) != STATUS_OK) {
        jwks->is_out = false;
        note(jwks, &err);
    }
}

/* The place of @url, a new one where there is none yet; NULL: none is free. Addresses that no file
 * names any more keep theirs until the process ends. */
static struct gateway_jwks *find(struct gateway *gateway, const char *url)
{
    struct gateway_jwks *free_one = NULL;

    for (size_t i = 0; i < GATEWAY_JWKS_MAX; i++) {
        struct gateway_jwks *jwks = &gateway->jwks[i];

        if (jwks->url != NULL && strcmp(jwks->url, url) == 0)
            return jwks;
        if (jwks->url == NULL && free_one == NULL)
            free_one = jwks;
    }
    if (free_one != NULL)
        *free_one = (struct gateway_jwks){ .gateway = gateway, .url = strdup(url) };
    return free_one == NULL || free_one->url == NULL ? NULL : free_one;
}

void gateway_jwks_look(struct gateway *gateway)
{
    struct access_set set;

    for (size_t i = 0; access_set_look(gateway->access, i, &set); i++) {
        struct gateway_jwks *jwks = find(gateway, set.url);

        if (jwks == NULL)
            continue;
        jwks->is_wanted |= set.is_wanted;
        set.is_wanted = jwks->is_wanted;
        if (!is_due(jwks, &set))
            continue;
        jwks->is_wanted = false;
        ask(jwks);
    }
}

void gateway_jwks_close(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_JWKS_MAX; i++) {
        free(gateway->jwks[i].url);
        gateway->jwks[i].url = NULL;
    }
}
