#include "consilium_token.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "consilium_file.h"

#define TOKEN_BYTES_MAX (16 * KIB)

const char *token_path(struct arena *arena)
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (folder != NULL && folder[0] == '/')
        return arena_format(arena, "%s/consilium/token", folder);
    return home == NULL ? NULL : arena_format(arena, "%s/.config/consilium/token", home);
}

bool token_is_one(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.size > 0;
}

static enum status read_file(struct consilium *consilium, const char *path,
                             const char **authorization, struct error *err)
{
    struct slice text;

    if (file_read(path, TOKEN_BYTES_MAX, &consilium->arena, &text, err) != STATUS_OK)
        return err->status;
    text = slice_trim(text);
    if (!token_is_one(text))
        return error_set(err, STATUS_INVALID_ARGUMENT, "%s does not hold one key or token", path);
    *authorization = arena_format(&consilium->arena, "Bearer %.*s", SLICE_FORMAT(text));
    return STATUS_OK;
}

enum status token_read(struct consilium *consilium, const char **authorization, struct error *err)
{
    const char *path = consilium->config.token_file;
    struct stat about;

    *authorization = NULL;
    if (path != NULL)
        return read_file(consilium, path, authorization, err);
    path = token_path(&consilium->arena);
    if (path == NULL || stat(path, &about) != 0)
        return STATUS_OK;
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "others can read %s: chmod 600 it", path);
    return read_file(consilium, path, authorization, err);
}
