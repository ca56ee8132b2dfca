/* A record from the hospital's FHIR server, in pages.
 *
 *   (a token is there, or none is needed) ───────────────────────────┐
 *   DISCOVER (.well-known/smart-configuration) ─► SIGN IN (token) ─► PAGE ─► PAGE … ─► one bundle
 *                                                       ▲─── 401 ───┘  (once: the token is too old)
 *
 * Pages lie at the server's own origin, are a bounded number, and together no larger than a record
 * may be. */
#include "gateway_pull.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fetch/fetch.h"
#include "fhir/json.h"
#include "gateway_hospital.h"
#include "run/clock.h"

#define PAGES_MAX 500
#define PAGE_BYTES_MAX (32 * MIB)
#define SMALL_BYTES_MAX (64 * KIB)
#define TIMEOUT_MS 30000
#define FHIR_JSON "application/fhir+json"

struct pull {
    struct call *call;
    struct gateway *gateway;
    struct hospital *hospital;
    const char *id;
    pull_cb done;
    void *arg;
    const char *url; /* of the page that is next */
    struct buffer bundle;
    unsigned pages, entries;
    bool has_signed_in; /* for this pull: a second refusal is one */
    bool is_fresh;      /* the token has not been used */
};

static void ask_page(struct pull *pull);
static void sign_in(struct pull *pull);

static void fail(struct pull *pull, const struct error *err)
{
    pull->done(pull->arg, (struct slice){ NULL, 0 }, err);
}

__attribute__((format(printf, 3, 4))) static void fail_with(struct pull *pull, enum status status,
                                                            const char *format, ...)
{
    struct error err;
    va_list args;

    va_start(args, format);
    vsnprintf(err.text, sizeof(err.text), format, args);
    va_end(args);
    err.status = status;
    fail(pull, &err);
}

static void fetch(struct pull *pull, const struct fetch_options *options, fetch_cb done)
{
    struct error err = { 0 };

    if (fetch_start(pull->gateway->fetcher, options, done, pull, NULL, &err) != STATUS_OK)
        fail(pull, &err);
}

/* What every callback asks first. */
static bool has_come(struct pull *pull, const struct fetch_reply *reply, const struct error *err)
{
    if (reply == NULL)
        fail(pull, err);
    else if (call_is_cancelled(pull->call))
        fail_with(pull, STATUS_CANCELLED, "the caller went away while the record was fetched");
    else
        return true;
    return false;
}

/* ---- signing in ---- */

/* A small object of JSON; NULL: it is none. */
static const struct json *read_small(struct pull *pull, struct slice body)
{
    struct error err = { 0 };
    struct json *root;
    struct slice copy = arena_copy(&pull->call->arena, body);

    if (copy.data == NULL || json_parse(copy, &pull->call->arena, &root, &err) != STATUS_OK
        || root->kind != JSON_KIND_OBJECT)
        return NULL;
    return root;
}

static double number_of(const struct json *root, const char *key)
{
    const struct json *item = json_get(root, key);
    char text[24] = "";

    if (item == NULL || item->kind != JSON_KIND_NUMBER || item->text.size >= sizeof(text))
        return 0;
    memcpy(text, item->text.data, item->text.size);
    return strtod(text, NULL);
}

static void on_token(void *arg, const struct fetch_reply *reply, const struct error *err)
{
    struct pull *pull = arg;
    const struct json *root;
    struct slice token;

    if (!has_come(pull, reply, err))
        return;
    root = reply->code == 200 ? read_small(pull, reply->body) : NULL;
    token = root == NULL ? (struct slice){ NULL, 0 } : json_get_string(root, "access_token");
    if (token.size == 0 || memchr(token.data, '\0', token.size) != NULL) {
        fail_with(pull, reply->code >= 500 ? STATUS_UNAVAILABLE : STATUS_FAILED_PRECONDITION,
                  "the hospital's server gave no token (HTTP %u)", reply->code);
        return;
    }
    hospital_keep(pull->hospital, token, number_of(root, "expires_in"));
    pull->has_signed_in = pull->is_fresh = true;
    ask_page(pull);
}

static void ask_token(struct pull *pull)
{
    struct hospital *hospital = pull->hospital;
    struct fetch_options options = { .url = hospital->endpoint,
                                     .accept = "application/json",
                                     .bytes_max = SMALL_BYTES_MAX,
                                     .timeout_ms = TIMEOUT_MS };
    struct error err = { 0 };

    if (smart_form(hospital->key, hospital->client_id, hospital->endpoint, clock_wall_ms() / 1000,
                   &pull->call->arena, &options.form, &err)
        != STATUS_OK)
        fail(pull, &err);
    else
        fetch(pull, &options, on_token);
}

static void on_configuration(void *arg, const struct fetch_reply *reply, const struct error *err)
{
    struct pull *pull = arg;
    const struct json *root;
    struct slice endpoint = { NULL, 0 };

    if (!has_come(pull, reply, err))
        return;
    root = reply->code == 200 ? read_small(pull, reply->body) : NULL;
    if (root != NULL)
        endpoint = json_get_string(root, "token_endpoint");
    free(pull->hospital->endpoint);
    pull->hospital->endpoint = strndup(endpoint.size == 0 ? "" : endpoint.data, endpoint.size);
    if (pull->hospital->endpoint == NULL || !fetch_takes(pull->hospital->endpoint)) {
        free(pull->hospital->endpoint);
        pull->hospital->endpoint = NULL;
        fail_with(pull, reply->code >= 500 ? STATUS_UNAVAILABLE : STATUS_FAILED_PRECONDITION,
                  "the hospital's server names no token endpoint (HTTP %u)", reply->code);
        return;
    }
    ask_token(pull);
}

static void sign_in(struct pull *pull)
{
    struct fetch_options options = { .accept = "application/json",
                                     .bytes_max = SMALL_BYTES_MAX,
                                     .timeout_ms = TIMEOUT_MS };

    if (pull->hospital->endpoint != NULL) {
        ask_token(pull);
        return;
    }
    options.url = arena_format(&pull->call->arena, "%s/.well-known/smart-configuration",
                               pull->hospital->base);
    if (options.url == NULL)
        fail_with(pull, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
    else
        fetch(pull, &options, on_configuration);
}

/* ---- pages ---- */

static enum status on_entry(void *arg, const struct json *entry, struct slice bytes,
                            struct error *err)
{
    struct pull *pull = arg;

    (void)entry;
    if (bytes.size > RECORD_BYTES_MAX - pull->bundle.size)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the record has more than %zu bytes",
                         RECORD_BYTES_MAX);
    if (pull->entries++ > 0)
        buffer_put_byte(&pull->bundle, ',');
    buffer_put(&pull->bundle, bytes);
    return pull->bundle.is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                            "no memory for a record of %zu bytes", bytes.size)
                                : STATUS_OK;
}

/* The address of the page behind this one; "" when it is the last. */
static enum status find_next(struct pull *pull, const struct json *root, const char **url,
                             struct error *err)
{
    const struct json *link = json_first(json_get(root, "link"));
    const char *from = pull->url;
    struct slice next = { NULL, 0 };

    for (; link != NULL; link = link->next)
        if (slice_is(json_get_string(link, "relation"), "next"))
            next = json_get_string(link, "url");
    *url = "";
    if (next.size == 0)
        return STATUS_OK;
    if (memchr(next.data, '\0', next.size) == NULL)
        *url = fetch_resolve(from, next, &pull->call->arena);
    if (*url == NULL || (*url)[0] == '\0' || !fetch_is_same_origin(pull->hospital->base, *url))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "page %u of the record points at another server", pull->pages);
    return STATUS_OK;
}

static enum status take_page(struct pull *pull, struct slice body, struct error *err)
{
    struct arena arena;
    struct json *root;

    arena_init(&arena, 4 * PAGE_BYTES_MAX);
    if (json_parse_each(body, "entry", on_entry, pull, &arena, &root, err) != STATUS_OK)
        error_wrap(err, "page %u of the record", pull->pages);
    else if (!slice_is(json_get_string(root, "resourceType"), "Bundle"))
        error_set(err, STATUS_FAILED_PRECONDITION, "page %u of the record is no Bundle",
                  pull->pages);
    else
        find_next(pull, root, &pull->url, err);
    arena_close(&arena);
    return err->status;
}

static void refuse_page(struct pull *pull, unsigned code)
{
    enum status status = code == 404 || code == 410   ? STATUS_NOT_FOUND
                         : code == 429 || code >= 500 ? STATUS_UNAVAILABLE
                                                      : STATUS_FAILED_PRECONDITION;

    fail_with(pull, status, "the hospital's server did not give the record (HTTP %u)", code);
}

static void on_page(void *arg, const struct fetch_reply *reply, const struct error *err)
{
    struct pull *pull = arg;
    struct error why = { 0 };

    if (!has_come(pull, reply, err))
        return;
    if (reply->code == 401 && pull->hospital->client_id != NULL && !pull->has_signed_in) {
        hospital_forget(pull->hospital);
        sign_in(pull);
        return;
    }
    if (reply->code != 200) {
        refuse_page(pull, reply->code);
        return;
    }
    pull->pages++;
    if (take_page(pull, reply->body, &why) != STATUS_OK) {
        fail(pull, &why);
    } else if (pull->url[0] == '\0') {
        buffer_put_string(&pull->bundle, "]}");
        if (pull->bundle.is_full)
            fail_with(pull, STATUS_RESOURCE_EXHAUSTED, "no memory for the record");
        else
            pull->done(pull->arg, buffer_slice(&pull->bundle), &why);
    } else if (pull->pages == PAGES_MAX) {
        fail_with(pull, STATUS_RESOURCE_EXHAUSTED, "the record has more than %d pages", PAGES_MAX);
    } else {
        ask_page(pull);
    }
}

static void ask_page(struct pull *pull)
{
    const struct fetch_options options = {
        .url = pull->url,
        .accept = FHIR_JSON,
        .bearer = hospital_token(pull->hospital),
        .bytes_max = PAGE_BYTES_MAX,
        .timeout_ms = TIMEOUT_MS,
    };

    if (pull->hospital->client_id != NULL && options.bearer == NULL) {
        if (pull->is_fresh)
            fail_with(pull, STATUS_FAILED_PRECONDITION,
                      "the hospital's server gives tokens that are too short-lived");
        else
            sign_in(pull);
        return;
    }
    pull->is_fresh = false;
    fetch(pull, &options, on_page);
}

/* ---- the beginning ---- */

static bool is_id(const char *id)
{
    size_t size = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

    return size >= 1 && size <= 64 && id[size] == '\0' && strcmp(id, ".") != 0
           && strcmp(id, "..") != 0;
}

enum status pull_start(struct call *call, const char *tenant, const char *id, pull_cb done,
                       void *arg, struct error *err)
{
    struct gateway *gateway = call->service;
    struct pull *pull;

    if (gateway->hospital == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "this gateway knows no FHIR server to fetch records from");
    if (strcmp(tenant, gateway->hospital->tenant) != 0)
        return error_set(err, STATUS_PERMISSION_DENIED,
                         "the patients of the FHIR server are another tenant's");
    if (!is_id(id))
        return error_set(err, STATUS_INVALID_ARGUMENT, "this is no FHIR id of a patient");
    pull = ARENA_NEW(&call->arena, struct pull);
    if (pull == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
    *pull = (struct pull){ .call = call,
                           .gateway = gateway,
                           .hospital = gateway->hospital,
                           .id = id,
                           .done = done,
                           .arg = arg };
    buffer_init(&pull->bundle, &call->arena);
    buffer_put_string(&pull->bundle,
                      "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
    pull->url = arena_format(&call->arena, "%s/Patient/%s/$everything", pull->hospital->base, id);
    if (pull->url == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
    ask_page(pull);
    return STATUS_OK;
}
