/* login: keep an API key or a token where only its owner reads it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "consilium_file.h"
#include "consilium_token.h"
#include "consilium_verbs.h"

static enum status make_folders(const char *path, struct error *err)
{
    char folder[4096];

    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) >= sizeof(folder))
            return error_set(err, STATUS_INVALID_ARGUMENT, "the path is too long");
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return error_set_errno(err, errno, "%s cannot be made", folder);
    }
    return STATUS_OK;
}

/* Under another name first: nobody ever reads half of it. */
static enum status keep(const char *path, struct slice token, struct arena *arena,
                        struct error *err)
{
    const char *part = arena_format(arena, "%s.%d", path, (int)getpid());
    ssize_t written;
    int file;

    if (part == NULL || make_folders(path, err) != STATUS_OK)
        return err->status;
    file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be made", part);
    written = write(file, token.data, token.size);
    if (close(file) == 0 && written == (ssize_t)token.size && rename(part, path) == 0)
        return STATUS_OK;
    error_set_errno(err, errno, "%s cannot be written", path);
    unlink(part);
    return err->status;
}

static enum status login(struct consilium *consilium, const char *path, struct error *err)
{
    struct slice token;

    if (file_read(consilium->operands[0], 16 * KIB, &consilium->arena, &token, err) != STATUS_OK)
        return err->status;
    token = slice_trim(token);
    if (!token_is_one(token))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the input is not one key or token");
    return keep(path, token, &consilium->arena, err);
}

int login_verb(struct consilium *consilium)
{
    const char *path = token_path(&consilium->arena);
    struct error err = { 0 };

    if (path == NULL)
        error_set(&err, STATUS_FAILED_PRECONDITION, "there is no home folder to keep it in");
    else if (consilium->operands_count == 1)
        login(consilium, path, &err);
    else if (unlink(path) != 0 && errno != ENOENT)
        error_set_errno(&err, errno, "%s cannot be removed", path);
    if (err.status == STATUS_OK) {
        printf(consilium->operands_count == 1 ? "kept in %s\n" : "%s is gone\n", path);
        return CONSILIUM_EXIT_OK;
    }
    fprintf(stderr, "consilium: %s\n", err.text);
    return (int)consilium_exit_of(err.status);
}
