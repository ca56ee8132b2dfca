#include "access/access.h"

#include <string.h>

#include "access/access_state.h"

static const struct {
    const char *name;
    enum access_scope scope;
} scopes[] = {
    { "ask", ACCESS_SCOPE_ASK },
    { "put", ACCESS_SCOPE_PUT },
    { "restore", ACCESS_SCOPE_RESTORE },
    { "admin", ACCESS_SCOPE_ADMIN },
};

#define SCOPES_COUNT (sizeof(scopes) / sizeof(scopes[0]))

unsigned access_scope_parse(struct slice word)
{
    for (size_t i = 0; i < SCOPES_COUNT; i++)
        if (slice_is(word, scopes[i].name))
            return scopes[i].scope;
    return 0;
}

const char *access_scope_name(enum access_scope scope)
{
    for (size_t i = 0; i < SCOPES_COUNT; i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "?";
}

/* "Bearer X"; the scheme without case (RFC 9110, 11.1). */
static enum status take_bearer(struct slice header, struct slice *shown, struct error *err)
{
    size_t space = slice_find_byte(header, ' ');

    *shown = slice_trim(slice_cut(header, space, header.size));
    if (!slice_equal_fold(slice_cut(header, 0, space), SLICE("bearer")) || shown->size == 0)
        return error_set(err, STATUS_UNAUTHENTICATED,
                         "authorization takes 'Bearer' and an API key or a token");
    return STATUS_OK;
}

static bool is_token(struct slice shown)
{
    return slice_find_byte(shown, '.') < shown.size;
}

static bool find_certificate(const struct access *access, const char *name,
                             struct access_identity *identity)
{
    for (size_t i = 0; name != NULL && i < access->certificates_count; i++)
        if (strcmp(access->certificates[i].identity.name, name) == 0) {
            *identity = access->certificates[i].identity;
            return true;
        }
    return false;
}

static enum status find(const struct access *access, const struct access_shown *shown,
                        int64_t now_s, struct arena *arena, struct access_identity *identity,
                        struct error *err)
{
    struct slice bearer;

    if (shown->authorization.size > 0) {
        if (take_bearer(shown->authorization, &bearer, err) != STATUS_OK)
            return err->status;
        return is_token(bearer) ? access_token_identify(access, bearer, now_s, arena, identity, err)
                                : access_key_identify(access, bearer, now_s, identity, err);
    }
    if (shown->api_key.size > 0)
        return access_key_identify(access, shown->api_key, now_s, identity, err);
    if (find_certificate(access, shown->spiffe_id, identity)
        || find_certificate(access, shown->certificate_name, identity))
        return STATUS_OK;
    if (!access->has_anyone)
        return error_set(err, STATUS_UNAUTHENTICATED, "an API key or a bearer token is needed");
    *identity = access->anyone;
    return STATUS_OK;
}

enum status access_identify(const struct access *access, const struct access_shown *shown,
                            int64_t now_s, struct arena *arena, struct access_identity *identity,
                            struct error *err)
{
    *identity = (struct access_identity){ 0 };
    if (find(access, shown, now_s, arena, identity, err) != STATUS_OK)
        return err->status;
    /* The file may be read anew while the call lasts. */
    identity->tenant = arena_string(arena, slice_from(identity->tenant));
    if (identity->name != NULL)
        identity->name = arena_string(arena, slice_from(identity->name));
    if (identity->tenant == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another caller");
    return STATUS_OK;
}

enum status access_require(const struct access_identity *identity, unsigned scopes,
                           const char *tenant, struct error *err)
{
    if (tenant[0] != '\0' && strcmp(tenant, identity->tenant) != 0)
        return error_set(err, STATUS_PERMISSION_DENIED, "this caller is of another tenant");
    if ((identity->scopes & scopes) == 0)
        return error_set(err, STATUS_PERMISSION_DENIED, "this caller lacks the scope '%s'",
                         access_scope_name((enum access_scope)scopes));
    return STATUS_OK;
}

void access_destroy(struct access *access)
{
    struct arena arena;

    for (size_t i = 0; i < access->issuers_count; i++)
        access_jwks_close(&access->issuers[i]);
    arena = access->arena; /* the access itself lies in it */
    arena_close(&arena);
}

static struct access_entry entry_of(const char *kind, const struct access_identity *identity)
{
    return (struct access_entry){
        .kind = kind,
        .name = slice_from(identity->name),
        .tenant = identity->tenant,
        .scopes = identity->scopes,
        .requests_per_minute = identity->requests_per_minute,
        .tokens_per_minute = identity->tokens_per_minute,
    };
}

bool access_entry_get(const struct access *access, size_t index, struct access_entry *entry)
{
    const struct access_issuer *issuer;

    if (index < access->keys_count) {
        *entry = entry_of("key", &access->keys[index].identity);
        return true;
    }
    index -= access->keys_count;
    if (index < access->issuers_count) {
        issuer = &access->issuers[index];
        *entry = (struct access_entry){ "issuer",
                                        issuer->issuer,
                                        issuer->tenant,
                                        issuer->scopes,
                                        issuer->requests_per_minute,
                                        issuer->tokens_per_minute };
        return true;
    }
    index -= access->issuers_count;
    if (index < access->certificates_count) {
        *entry = entry_of("certificate", &access->certificates[index].identity);
        return true;
    }
    *entry = entry_of("anyone", &access->anyone);
    return index == access->certificates_count && access->has_anyone;
}
