#include "consilium_deid_vault.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "base/key_file.h"
#include "base/log.h"
#include "consilium_deid_sink.h"
#include "consilium_file.h"

#define SCOPE SLICE("consilium/deid")
#define ARENA_BYTES ((size_t)4 << 30)

/* Who has the key opens maps, and it is written down on stderr that they did. */
static enum status map_unseal(struct deid_vault *vault, struct slice sealed, struct error *err)
{
    enum status status = deid_unseal(sealed, &vault->key, SCOPE, &vault->arena, &vault->map, err);

    log_event(LOG_LEVEL_AUDIT, "map_opened", LOG_ID("scope", SCOPE.data),
              LOG_NUMBER("uid", getuid()), LOG_NAME("outcome", status_name(status)));
    return status;
}

static enum status map_read(struct deid_vault *vault, enum deid_profile profile, struct error *err)
{
    struct slice sealed;

    if (file_read(vault->path, DEID_SEALED_BYTES_MAX, &vault->arena, &sealed, err) != STATUS_OK
        || map_unseal(vault, sealed, err) != STATUS_OK)
        return error_wrap(err, "--map");
    if (profile != 0 && profile != vault->map.profile)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the map was made under the other profile");
    return STATUS_OK;
}

enum status deid_vault_open(struct deid_vault *vault, const char *path, const char *key_path,
                            enum deid_profile profile, struct error *err)
{
    *vault = (struct deid_vault){ .path = path };
    arena_init(&vault->arena, ARENA_BYTES);
    if (key_path == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT, "--map needs --key-file");
    if (sodium_init() < 0)
        return error_set(err, STATUS_INTERNAL, "no random numbers");
    if (key_file_load(key_path, vault->key.bytes, sizeof(vault->key.bytes), err) != STATUS_OK)
        return err->status;
    vault->is_new = access(path, F_OK) != 0 && errno == ENOENT;
    if (!vault->is_new)
        return map_read(vault, profile, err);
    deid_map_init(&vault->map, profile == 0 ? DEID_PROFILE_LIMITED : profile, &vault->arena);
    return STATUS_OK;
}

enum status deid_vault_save(struct deid_vault *vault, struct error *err)
{
    struct deid_sink sink;
    struct slice sealed;

    if (!vault->is_new && !vault->map.is_changed)
        return STATUS_OK;
    if (deid_seal(&vault->map, &vault->key, SCOPE, &vault->arena, &sealed, err) != STATUS_OK
        || deid_sink_open(&sink, vault->path, err) != STATUS_OK)
        return err->status;
    if (deid_sink_put(&sink, sealed, err) == STATUS_OK)
        return deid_sink_finish(&sink, err);
    deid_sink_drop(&sink);
    return err->status;
}

void deid_vault_close(struct deid_vault *vault)
{
    sodium_memzero(&vault->key, sizeof(vault->key));
    arena_close(&vault->arena);
}
