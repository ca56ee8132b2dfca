#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "access/access_state.h"
#include "base/check.h"

#define ARENA_BYTES (8 * ACCESS_FILE_BYTES_MAX)
#define ENTRIES_MAX 10000

/* Members that every entry may have. */
#define RATES "requests_per_minute", "tokens_per_minute"

static enum status read_open(int file, const char *path, const struct stat *about,
                             struct arena *arena, struct slice *bytes, struct error *err)
{
    char *data = arena_alloc(arena, (size_t)about->st_size);
    size_t size = 0;
    ssize_t got;

    if (data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", path);
    while (size < (size_t)about->st_size
           && (got = read(file, data + size, (size_t)about->st_size - size)) != 0) {
        if (got < 0)
            return error_set_errno(err, errno, "%s cannot be read", path);
        size += (size_t)got;
    }
    *bytes = slice_of(data, size);
    return STATUS_OK;
}

static enum status note_source(struct access *access, const char *path, const struct stat *about,
                               struct error *err)
{
    struct access_source *source = ARENA_NEW(&access->arena, struct access_source);

    if (source == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", path);
    *source =
        (struct access_source){ arena_string(&access->arena, slice_from(path)), about->st_mtim,
                                about->st_size, about->st_ino, access->sources };
    access->sources = source;
    return source->path == NULL
               ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", path)
               : STATUS_OK;
}

enum status access_read(struct access *access, const char *path, struct slice *bytes,
                        struct error *err)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat about;
    enum status status;

    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be opened", path);
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode))
        status = error_set(err, STATUS_FAILED_PRECONDITION, "%s is no file", path);
    else if ((size_t)about.st_size > ACCESS_FILE_BYTES_MAX)
        status = error_set(err, STATUS_FAILED_PRECONDITION, "%s has more than %zu bytes", path,
                           ACCESS_FILE_BYTES_MAX);
    else if ((status = note_source(access, path, &about, err)) == STATUS_OK)
        status = read_open(file, path, &about, &access->arena, bytes, err);
    close(file);
    return status;
}

bool access_has_changed(const struct access *access)
{
    const struct access_source *source;
    struct stat about;

    for (source = access->sources; source != NULL; source = source->next)
        if (stat(source->path, &about) != 0 || about.st_size != source->size
            || about.st_ino != source->inode || about.st_mtim.tv_sec != source->changed.tv_sec
            || about.st_mtim.tv_nsec != source->changed.tv_nsec)
            return true;
    return false;
}

bool access_time_parse(struct slice text, int64_t *seconds)
{
    char copy[32] = "";
    struct tm utc = { 0 };
    const char *end;

    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.size);
    end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (end == NULL || *end != '\0')
        return false;
    *seconds = (int64_t)timegm(&utc);
    return true;
}

static enum status unusable(struct error *err, const char *member)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, "%s cannot be used", member);
}

static enum status take_string(struct access *access, const struct json *entry, const char *member,
                               const char **text, struct error *err)
{
    struct slice value = json_get_string(entry, member);

    *text = value.size == 0 || memchr(value.data, '\0', value.size) != NULL
                ? NULL
                : arena_string(&access->arena, value);
    return *text == NULL ? unusable(err, member) : STATUS_OK;
}

static enum status take_scopes(const struct json *entry, unsigned *scopes, struct error *err)
{
    const struct json *list = json_get(entry, "scopes"), *item;

    if (list == NULL || list->kind != JSON_KIND_ARRAY)
        return unusable(err, "scopes");
    for (item = list->first; item != NULL; item = item->next) {
        unsigned scope = item->kind == JSON_KIND_STRING ? access_scope_parse(item->text) : 0;

        if (scope == 0)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "scopes takes ask, put, restore and admin");
        *scopes |= scope;
    }
    return STATUS_OK;
}

/* A misspelt member must not be a right that is missing, or one too many, unnoticed. */
static enum status check_members(const struct json *entry, const char *const *known,
                                 struct error *err)
{
    const struct json *member;
    size_t i;

    if (entry->kind != JSON_KIND_OBJECT)
        return error_set(err, STATUS_INVALID_ARGUMENT, "it is no object");
    for (member = entry->first; member != NULL; member = member->next) {
        for (i = 0; known[i] != NULL && !slice_is(member->key, known[i]); i++)
            continue;
        if (known[i] == NULL)
            return error_set(err, STATUS_INVALID_ARGUMENT, "it has a member that is not known");
    }
    return STATUS_OK;
}

/* A rate of 0 would be a caller that may do nothing: that is said by leaving it out of the file. */
static enum status take_rate(const struct json *entry, const char *member, uint32_t *rate,
                             struct error *err)
{
    const struct json *item = json_get(entry, member);
    uint64_t number = 0;

    if (item == NULL)
        return STATUS_OK;
    if (item->kind != JSON_KIND_NUMBER || item->text.size == 0 || item->text.size > 9)
        return unusable(err, member);
    for (size_t i = 0; i < item->text.size; i++) {
        if (item->text.data[i] < '0' || item->text.data[i] > '9')
            return unusable(err, member);
        number = number * 10 + (uint64_t)(item->text.data[i] - '0');
    }
    *rate = (uint32_t)number;
    return number == 0 ? unusable(err, member) : STATUS_OK;
}

static enum status take_rates(const struct json *entry, uint32_t *requests, uint32_t *tokens,
                              struct error *err)
{
    if (take_rate(entry, "requests_per_minute", requests, err) != STATUS_OK)
        return err->status;
    return take_rate(entry, "tokens_per_minute", tokens, err);
}

static enum status take_identity(struct access *access, const struct json *entry,
                                 struct access_identity *identity, struct error *err)
{
    if (take_string(access, entry, "tenant", &identity->tenant, err) != STATUS_OK)
        return err->status;
    if (take_rates(entry, &identity->requests_per_minute, &identity->tokens_per_minute, err)
        != STATUS_OK)
        return err->status;
    return take_scopes(entry, &identity->scopes, err);
}

static enum status take_key(struct access *access, const struct json *entry, void *at,
                            struct error *err)
{
    static const char *const known[] = {
        "name", "hash", "tenant", "scopes", "expires", RATES, NULL
    };
    struct slice hash = json_get_string(entry, "hash"), expires = json_get_string(entry, "expires");
    struct access_key *key = at;
    size_t size;

    if (check_members(entry, known, err) != STATUS_OK
        || take_string(access, entry, "name", &key->identity.name, err) != STATUS_OK
        || take_identity(access, entry, &key->identity, err) != STATUS_OK)
        return err->status;
    if (hash.size != 2 * sizeof(key->hash)
        || sodium_hex2bin(key->hash, sizeof(key->hash), hash.data, hash.size, NULL, &size, NULL)
               != 0
        || size != sizeof(key->hash))
        return unusable(err, "hash");
    if (json_get(entry, "expires") != NULL && !access_time_parse(expires, &key->expires_s))
        return unusable(err, "expires");
    return STATUS_OK;
}

/* A key set that lies beside the file, where its path does not say otherwise. */
static enum status take_set(struct access *access, const char *path, struct access_issuer *issuer,
                            struct error *err)
{
    if (path[0] != '/') {
        const char *own = access->sources->path, *slash;

        for (struct access_source *source = access->sources; source != NULL; source = source->next)
            own = source->path; /* the first that was read is the file itself */
        slash = strrchr(own, '/');
        path = arena_format(&access->arena, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - own),
                            own, path);
    }
    return path == NULL ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory")
                        : access_jwks_load(access, path, issuer, err);
}

/* Whether it is an address that may be asked is for whoever asks it to say. */
static enum status take_url(struct access *access, const struct json *entry,
                            struct access_issuer *issuer, struct error *err)
{
    if (json_get(entry, "jwks_file") != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "one of jwks_file and jwks_url is needed");
    issuer->is_wanted = ARENA_NEW(&access->arena, bool);
    if (issuer->is_wanted == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    return take_string(access, entry, "jwks_url", &issuer->jwks_url, err);
}

static enum status take_issuer(struct access *access, const struct json *entry, void *at,
                               struct error *err)
{
    static const char *const known[] = { "issuer",   "audience",     "jwks_file",
                                         "tenant",   "tenant_claim", "scopes",
                                         "jwks_url", RATES,          NULL };
    struct access_issuer *issuer = at;
    const char *name, *audience, *path = NULL;

    if (check_members(entry, known, err) != STATUS_OK
        || take_string(access, entry, "issuer", &name, err) != STATUS_OK
        || take_string(access, entry, "audience", &audience, err) != STATUS_OK
        || (json_get(entry, "jwks_url") == NULL
            && take_string(access, entry, "jwks_file", &path, err) != STATUS_OK)
        || take_scopes(entry, &issuer->scopes, err) != STATUS_OK
        || take_rates(entry, &issuer->requests_per_minute, &issuer->tokens_per_minute, err)
               != STATUS_OK)
        return err->status;
    issuer->issuer = slice_from(name);
    issuer->audience = slice_from(audience);
    issuer->tenant_claim = json_get_string(entry, "tenant_claim");
    if ((json_get(entry, "tenant") == NULL) == (issuer->tenant_claim.size == 0))
        return error_set(err, STATUS_INVALID_ARGUMENT, "one of tenant and tenant_claim is needed");
    if (json_get(entry, "tenant") != NULL
        && take_string(access, entry, "tenant", &issuer->tenant, err) != STATUS_OK)
        return err->status;
    return path == NULL ? take_url(access, entry, issuer, err)
                        : take_set(access, path, issuer, err);
}

static enum status take_certificate(struct access *access, const struct json *entry, void *at,
                                    struct error *err)
{
    static const char *const known[] = { "name", "tenant", "scopes", RATES, NULL };
    struct access_certificate *certificate = at;

    if (check_members(entry, known, err) != STATUS_OK
        || take_string(access, entry, "name", &certificate->identity.name, err) != STATUS_OK)
        return err->status;
    return take_identity(access, entry, &certificate->identity, err);
}

typedef enum status (*take_entry)(struct access *, const struct json *, void *, struct error *);

static enum status take_list(struct access *access, const struct json *root, const char *member,
                             size_t entry_bytes, take_entry take, void **entries, size_t *count,
                             struct error *err)
{
    const struct json *list = json_get(root, member), *item;

    if (list == NULL)
        return STATUS_OK;
    if (list->kind != JSON_KIND_ARRAY || list->count > ENTRIES_MAX)
        return unusable(err, member);
    *entries = arena_alloc_zero(&access->arena, list->count, entry_bytes);
    if (*entries == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", member);
    for (item = list->first; item != NULL; item = item->next) {
        char *at = (char *)*entries + *count * entry_bytes;

        (*count)++;
        if (take(access, item, at, err) != STATUS_OK)
            return error_wrap(err, "entry %zu of %s", *count, member);
    }
    return STATUS_OK;
}

static enum status take_root(struct access *access, const struct json *root, struct error *err)
{
    static const char *const known[] = { "keys", "issuers", "certificates", "anyone", NULL };
    static const char *const anyone_known[] = { "tenant", "scopes", RATES, NULL };
    const struct json *anyone = json_get(root, "anyone");

    if (check_members(root, known, err) != STATUS_OK
        || take_list(access, root, "keys", sizeof(struct access_key), take_key,
                     (void **)&access->keys, &access->keys_count, err)
               != STATUS_OK
        || take_list(access, root, "issuers", sizeof(struct access_issuer), take_issuer,
                     (void **)&access->issuers, &access->issuers_count, err)
               != STATUS_OK
        || take_list(access, root, "certificates", sizeof(struct access_certificate),
                     take_certificate, (void **)&access->certificates, &access->certificates_count,
                     err)
               != STATUS_OK)
        return err->status;
    access->has_anyone = anyone != NULL;
    if (anyone != NULL
        && (check_members(anyone, anyone_known, err) != STATUS_OK
            || take_identity(access, anyone, &access->anyone, err) != STATUS_OK))
        return error_wrap(err, "anyone");
    return STATUS_OK;
}

struct access *access_load(const char *path, struct error *err)
{
    struct access *access;
    struct arena arena;
    struct json *root;
    struct slice bytes;

    CHECK(sodium_init() >= 0);
    arena_init(&arena, ARENA_BYTES);
    access = ARENA_NEW(&arena, struct access);
    if (access == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", path);
        return NULL;
    }
    access->arena = arena;
    if (access_read(access, path, &bytes, err) == STATUS_OK) {
        if (json_parse(bytes, &access->arena, &root, err) == STATUS_OK
            && take_root(access, root, err) == STATUS_OK)
            return access;
        error_wrap(err, "%s", path);
    }
    access_destroy(access);
    return NULL;
}
