#include "gateway_admin_http.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "gateway_access.h"
#include "gateway_admin_audit.h"
#include "gateway_audit.h"
#include "gateway_chat_write.h"
#include "run/clock.h"

struct admin {
    struct http_exchange *exchange;
    struct gateway *gateway;
    const struct access_identity *identity; /* NULL: nobody asks who calls */
    const char *what;                       /* "Admin.Configuration", for the audit log */
    const char *type;                       /* of the reply */
    struct buffer body;
    struct audit_page page;
    struct job job;
};

static void fail(struct admin *admin, const struct error *err)
{
    struct api_error api;

    arena_close(&admin->page.arena);
    api_error_from(&api, err);
    gateway_http_fail(admin->exchange, &api);
}

static struct audit_record record_of(const struct admin *admin, enum audit_action action)
{
    return (struct audit_record){
        .action = action,
        .caller = admin->identity == NULL ? NULL : admin->identity->name,
        .tenant = admin->identity == NULL ? NULL : admin->identity->tenant,
        .method = admin->what,
    };
}

/* Who may not is told and noted, as by every method. */
static bool is_let_in(struct admin *admin, struct error *err)
{
    struct audit_record record;

    if (admin->identity == NULL
        || access_require(admin->identity, ACCESS_SCOPE_ADMIN, "", err) == STATUS_OK)
        return true;
    record = record_of(admin, AUDIT_ACTION_REFUSE);
    record.outcome = err->status;
    gateway_note(admin->gateway, &record);
    return false;
}

/* NULL: it has been answered. */
static struct admin *begin(struct http_exchange *exchange, const char *what, const char *type)
{
    struct admin *admin = ARENA_NEW(&exchange->arena, struct admin);
    struct error err = { 0 };

    if (admin == NULL) {
        http_abort(exchange);
        return NULL;
    }
    admin->exchange = exchange;
    admin->gateway = gateway_of(exchange);
    admin->what = what;
    admin->type = type;
    buffer_init(&admin->body, &exchange->arena);
    if (gateway_http_identity(exchange, &admin->identity, &err) == STATUS_OK
        && is_let_in(admin, &err))
        return admin;
    fail(admin, &err);
    return NULL;
}

static void on_settled(void *arg, const struct error *err)
{
    struct admin *admin = arg;

    if (err->status != STATUS_OK) {
        fail(admin, err);
        return;
    }
    arena_close(&admin->page.arena);
    if (admin->body.is_full)
        http_abort(admin->exchange);
    else
        http_reply(admin->exchange, 200, admin->type,
                   admin->body.size == 0 ? SLICE("") : buffer_slice(&admin->body));
}

/* Reply with the body when the log has it who was told. */
static void settle(struct admin *admin, uint64_t count)
{
    struct audit_record record = record_of(admin, AUDIT_ACTION_READ);
    struct error err = { 0 };

    record.count = count;
    if (audit_append(admin->gateway->audit, &record, on_settled, admin, &err) != STATUS_OK)
        fail(admin, &err);
}

/* ---- configuration ---- */

static void put_value(struct buffer *out, const struct setting *setting, const void *at)
{
    switch (setting->kind) {
    case SETTING_KIND_STRING:
        if (*(const char *const *)at == NULL)
            buffer_put_string(out, "null");
        else
            buffer_put_json(out, slice_from(*(const char *const *)at));
        break;
    case SETTING_KIND_NUMBER:
        buffer_put_number(out, *(const int64_t *)at);
        break;
    case SETTING_KIND_DECIMAL:
        buffer_format(out, "%g", *(const double *)at);
        break;
    case SETTING_KIND_SIZE:
    case SETTING_KIND_DURATION:
        buffer_format(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case SETTING_KIND_SWITCH:
        buffer_put_string(out, *(const bool *)at ? "true" : "false");
        break;
    }
}

/* By their names; sizes in bytes, times in milliseconds. */
static void put_settings(struct buffer *out, const struct gateway *gateway)
{
    const struct setting *setting = gateway->host->program->config.settings;
    bool is_first = true;

    buffer_put_string(out, "\"settings\":{");
    for (; setting->name != NULL; setting++) {
        if (setting->is_secret)
            continue;
        buffer_format(out, "%s\"%s\":", is_first ? "" : ",", setting->name);
        put_value(out, setting, (const char *)gateway->config + setting->offset);
        is_first = false;
    }
    buffer_put_byte(out, '}');
}

static void put_models(struct buffer *out, struct gateway *gateway)
{
    const struct models *all[] = { &gateway->models, gateway_embed_models(gateway) };
    Consilium__V1__GetModelReply model;
    bool is_first = true;
    struct error err;

    buffer_put_string(out, ",\"models\":[");
    for (size_t i = 0; i < 2; i++) {
        if ((i == 1 && all[1] == all[0]) || models_get(all[i], &model, &err) != STATUS_OK)
            continue;
        if (!is_first)
            buffer_put_byte(out, ',');
        chat_put_model(out, model.name, "", &model, clock_wall_ms() / 1000);
        is_first = false;
    }
    buffer_put_byte(out, ']');
}

static void put_scopes(struct buffer *out, unsigned scopes)
{
    bool is_first = true;

    buffer_put_string(out, ",\"scopes\":[");
    for (unsigned scope = 1; scope <= ACCESS_SCOPES_ALL; scope *= 2) {
        if ((scopes & scope) == 0)
            continue;
        buffer_format(out, "%s\"%s\"", is_first ? "" : ",",
                      access_scope_name((enum access_scope)scope));
        is_first = false;
    }
    buffer_put_byte(out, ']');
}

/* Whom the access file lets in, of the caller's tenant: by name, without keys or their hashes. */
static void put_callers(struct buffer *out, const struct admin *admin)
{
    struct access_entry entry;
    bool is_first = true;

    buffer_put_string(out, ",\"callers\":[");
    for (size_t i = 0;
         admin->identity != NULL && access_entry_get(admin->gateway->access, i, &entry); i++) {
        if (entry.tenant != NULL && strcmp(entry.tenant, admin->identity->tenant) != 0)
            continue;
        buffer_format(out, "%s{\"kind\":\"%s\",\"name\":", is_first ? "" : ",", entry.kind);
        buffer_put_json(out, entry.name);
        put_scopes(out, entry.scopes);
        buffer_format(out, ",\"requests_per_minute\":%u,\"tokens_per_minute\":%u}",
                      entry.requests_per_minute, entry.tokens_per_minute);
        is_first = false;
    }
    buffer_put_byte(out, ']');
}

void admin_http_configuration(struct http_exchange *exchange, struct slice rest)
{
    struct admin *admin = begin(exchange, "Admin.Configuration", "application/json");

    (void)rest;
    if (admin == NULL)
        return;
    buffer_put_string(&admin->body, "{\"version\":\"" CONSILIUM_VERSION "\",");
    put_settings(&admin->body, admin->gateway);
    put_models(&admin->body, admin->gateway);
    put_callers(&admin->body, admin);
    buffer_put_byte(&admin->body, '}');
    settle(admin, 0);
}

/* ---- the audit log ---- */

static void on_read(struct job *job)
{
    struct admin *admin = LIST_ITEM(job, struct admin, job);
    char next[24];

    if (admin->page.failure.status != STATUS_OK) {
        fail(admin, &admin->page.failure);
        return;
    }
    snprintf(next, sizeof(next), "%llu", (unsigned long long)admin->page.next);
    http_add(admin->exchange, "x-consilium-next", slice_from(next));
    buffer_put(&admin->body, buffer_slice(&admin->page.lines));
    settle(admin, admin->page.told);
}

static void run_read(struct job *job)
{
    audit_page_read(&LIST_ITEM(job, struct admin, job)->page);
}

static uint64_t query(struct http_exchange *exchange, const char *name, uint64_t usual,
                      uint64_t most)
{
    const char *text = arena_string(&exchange->arena, http_query(exchange, name));
    uint64_t number = text == NULL || text[0] == '\0' ? usual : strtoull(text, NULL, 10);

    return number == 0 ? usual : number < most ? number : most;
}

void admin_http_audit(struct http_exchange *exchange, struct slice rest)
{
    struct admin *admin = begin(exchange, "Admin.Audit", "application/x-ndjson");
    struct error err = { 0 };

    (void)rest;
    if (admin == NULL)
        return;
    admin->page = (struct audit_page){
        .folder = admin->gateway->config->audit_folder,
        .tenant = admin->identity == NULL ? NULL : admin->identity->tenant,
        .first = query(exchange, "first", 1, UINT64_MAX),
        .count = query(exchange, "count", AUDIT_PAGE_RECORDS, AUDIT_PAGE_RECORDS_MAX),
    };
    admin->job = (struct job){ .run = run_read,
                               .done = on_read,
                               .home = &admin->gateway->host->loop.mailbox };
    if (workers_post(admin->gateway->host->workers, &admin->job, &err) != STATUS_OK)
        fail(admin, &err);
}
