#include "gateway_access.h"

#include "base/list.h"
#include "base/log.h"
#include "gateway_audit.h"
#include "gateway_jwks.h"
#include "gateway_rate.h"
#include "run/clock.h"

#define LOOK_MS 1000

/* Once for each thing that is wrong with the file, not once a second. */
static void note_unusable(struct gateway *gateway, const struct error *err)
{
    struct audit_record record = { .action = AUDIT_ACTION_CONFIGURE,
                                   .outcome = err->status,
                                   .detail = "the access file cannot be used; the old one is" };

    if (gateway->access_error.status == err->status
        && strcmp(gateway->access_error.text, err->text) == 0)
        return;
    gateway->access_error = *err;
    log_warn("access_unusable", LOG_ERROR(err));
    gateway_note(gateway, &record);
}

static void on_look(struct timer *timer)
{
    struct gateway *gateway = LIST_ITEM(timer, struct gateway, access_timer);
    struct audit_record record = { .action = AUDIT_ACTION_CONFIGURE,
                                   .detail = "a new access file" };
    struct error err = { 0 };
    struct access *access;

    if (!access_has_changed(gateway->access)) {
        gateway_jwks_look(gateway);
        return;
    }
    access = access_load(gateway->config->access_file, &err);
    if (access != NULL && gateway_jwks_check(access, &err) != STATUS_OK) {
        access_destroy(access);
        access = NULL;
    }
    if (access == NULL) {
        note_unusable(gateway, &err);
        return;
    }
    access_set_carry(access, gateway->access);
    access_destroy(gateway->access);
    gateway->access = access;
    error_clear(&gateway->access_error);
    log_info("access_changed");
    gateway_note(gateway, &record);
}

enum status gateway_access_open(struct gateway *gateway, struct error *err)
{
    if (gateway->config->access_file == NULL) {
        log_warn("access_open_to_all");
        return STATUS_OK;
    }
    gateway->access = access_load(gateway->config->access_file, err);
    if (gateway->access == NULL || gateway_jwks_check(gateway->access, err) != STATUS_OK)
        return error_wrap(err, "--access-file");
    gateway_jwks_look(gateway);
    timer_init(&gateway->access_timer, &gateway->host->loop, on_look);
    timer_start(&gateway->access_timer, LOOK_MS, LOOK_MS);
    gateway->has_access_timer = true;
    return STATUS_OK;
}

void gateway_access_close(struct gateway *gateway)
{
    if (gateway->has_access_timer)
        timer_close(&gateway->access_timer, NULL);
    gateway->has_access_timer = false;
}

static enum status identify(const struct gateway *gateway, const struct peer *peer,
                            struct arena *arena, struct access_identity *identity,
                            struct error *err)
{
    struct access_shown shown = {
        .authorization = peer->authorization,
        .api_key = peer->api_key,
        .spiffe_id = peer->spiffe_id,
        .certificate_name = peer->name,
    };

    return access_identify(gateway->access, &shown, clock_wall_ms() / 1000, arena, identity, err);
}

static enum status identify_call(struct call *call, unsigned scopes, struct error *err)
{
    struct access_identity *identity = ARENA_NEW(&call->arena, struct access_identity);

    if (identity == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    if (identify(call->service, &call->peer, &call->arena, identity, err) != STATUS_OK)
        return err->status;
    call->identity = identity;
    return access_require(identity, scopes, "", err);
}

static void refuse(struct call *call, const struct error *err)
{
    static const struct patient_name nobody;
    struct audit_record record = gateway_record(call, AUDIT_ACTION_REFUSE, &nobody);

    record.method = call->method->method->name;
    record.tenant = call->identity == NULL ? NULL : call->identity->tenant;
    gateway_settle_failed(call, record, err);
}

/* A call that waits for what its caller's rate says. */
struct entering {
    struct call *call;
    void (*start)(struct call *call);
};

static void on_rate(void *arg, const struct rate_verdict *verdict)
{
    struct entering *entering = arg;
    struct error err;

    if (verdict->is_allowed) {
        entering->start(entering->call);
        return;
    }
    gateway_rate_error(verdict, &err);
    entering->call->retry_ms = verdict->retry_ms;
    call_fail(entering->call, &err);
}

void gateway_admit(struct call *call, unsigned scopes, void (*start)(struct call *call))
{
    struct gateway *gateway = call->service;
    struct entering *entering = ARENA_NEW(&call->arena, struct entering);
    struct error err = { 0 };

    if (entering == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    else if (gateway->access != NULL)
        identify_call(call, scopes, &err);
    if (err.status != STATUS_OK) {
        refuse(call, &err);
        return;
    }
    *entering = (struct entering){ call, start };
    if (call->face != NULL
        || !gateway_rate_take(gateway, call->identity, call->method->method->name, on_rate,
                              entering))
        start(call);
}

enum status gateway_identify(struct gateway *gateway, const struct peer *peer, struct arena *arena,
                             const struct access_identity **identity, struct error *err)
{
    struct audit_record record = { .action = AUDIT_ACTION_REFUSE, .caller = peer->name };
    struct access_identity *found;

    *identity = NULL;
    if (gateway->access == NULL)
        return STATUS_OK;
    found = ARENA_NEW(arena, struct access_identity);
    if (found == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    if (identify(gateway, peer, arena, found, err) == STATUS_OK) {
        *identity = found;
        return STATUS_OK;
    }
    record.outcome = err->status;
    gateway_note(gateway, &record);
    return err->status;
}

const char *gateway_caller(const struct call *call)
{
    if (call->identity != NULL && call->identity->name != NULL)
        return call->identity->name;
    return call->peer.spiffe_id != NULL ? call->peer.spiffe_id : call->peer.name;
}

bool gateway_may_restore(const struct call *call)
{
    return call->identity == NULL || (call->identity->scopes & ACCESS_SCOPE_RESTORE) != 0;
}

enum status gateway_check_tenant(const struct call *call, const char **tenant, struct error *err)
{
    if (call->identity == NULL) {
        if ((*tenant)[0] == '\0')
            *tenant = "default";
        return STATUS_OK;
    }
    if ((*tenant)[0] == '\0')
        *tenant = call->identity->tenant;
    return access_require(call->identity, ACCESS_SCOPES_ALL, *tenant, err);
}
