#include "gateway_console.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

#define FILES_MAX 64
#define FILES_BYTES_MAX (8 * MIB)
#define ARENA_BYTES (2 * FILES_BYTES_MAX)

/* Nothing but the console's own files and the gateway's own API; no page may frame it. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; "    \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct console_file {
    const char *name, *type;
    struct slice bytes;
};

struct console {
    struct arena arena;
    struct console_file files[FILES_MAX];
    size_t count, bytes;
};

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { ".html", "text/html; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
    };

    for (size_t i = 0; name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0'
                       && i < sizeof(types) / sizeof(types[0]);
         i++)
        if (slice_ends_with(slice_from(name), slice_from(types[i].ending)))
            return types[i].type;
    return NULL;
}

static enum status read_file(struct console *console, int file, const char *name, struct error *err)
{
    struct console_file *entry = &console->files[console->count];
    struct stat about;
    char *bytes;

    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)
        || (size_t)about.st_size > FILES_BYTES_MAX - console->bytes)
        return error_set(err, STATUS_FAILED_PRECONDITION, "%s is no file, or too large", name);
    bytes = arena_alloc(&console->arena, (size_t)about.st_size);
    entry->name = arena_string(&console->arena, slice_from(name));
    entry->type = type_of(name);
    if (bytes == NULL || entry->name == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", name);
    if (read(file, bytes, (size_t)about.st_size) != about.st_size)
        return error_set_errno(err, errno, "%s cannot be read", name);
    entry->bytes = slice_of(bytes, (size_t)about.st_size);
    console->bytes += entry->bytes.size;
    console->count++;
    return STATUS_OK;
}

static enum status read_entry(struct console *console, int folder, const char *name,
                              struct error *err)
{
    enum status status;
    int file;

    if (type_of(name) == NULL)
        return STATUS_OK;
    if (console->count == FILES_MAX)
        return error_set(err, STATUS_FAILED_PRECONDITION, "more than %d files", FILES_MAX);
    file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be opened", name);
    status = read_file(console, file, name, err);
    close(file);
    return status;
}

static const struct console_file *find(const struct console *console, struct slice name)
{
    for (size_t i = 0; i < console->count; i++)
        if (slice_is(name, console->files[i].name))
            return &console->files[i];
    return NULL;
}

static enum status read_folder(struct console *console, const char *path, struct error *err)
{
    DIR *listing = opendir(path);
    const struct dirent *entry;
    enum status status = STATUS_OK;

    if (listing == NULL)
        return error_set_errno(err, errno, "%s cannot be listed", path);
    while (status == STATUS_OK && (entry = readdir(listing)) != NULL)
        status = read_entry(console, dirfd(listing), entry->d_name, err);
    closedir(listing);
    if (status == STATUS_OK && find(console, SLICE("index.html")) == NULL)
        status = error_set(err, STATUS_FAILED_PRECONDITION, "%s holds no index.html", path);
    return status;
}

enum status console_load(const char *folder, struct console **console, struct error *err)
{
    *console = calloc(1, sizeof(**console));
    if (*console == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the console");
    arena_init(&(*console)->arena, ARENA_BYTES);
    if (read_folder(*console, folder, err) == STATUS_OK)
        return STATUS_OK;
    console_destroy(*console);
    *console = NULL;
    return err->status;
}

void console_destroy(struct console *console)
{
    arena_close(&console->arena);
    free(console);
}

static void refuse(struct http_exchange *exchange)
{
    struct api_error api;
    struct error err;

    error_set(&err, STATUS_NOT_FOUND, "the console has no such file");
    api_error_from(&api, &err);
    gateway_http_fail(exchange, &api);
}

void console_http_get(struct http_exchange *exchange, struct slice name)
{
    const struct console *console = gateway_of(exchange)->console;
    const struct console_file *file =
        console == NULL ? NULL : find(console, name.size == 0 ? SLICE("index.html") : name);

    if (file == NULL) {
        refuse(exchange);
        return;
    }
    http_add(exchange, "content-security-policy", SLICE(POLICY));
    http_add(exchange, "x-content-type-options", SLICE("nosniff"));
    http_add(exchange, "referrer-policy", SLICE("no-referrer"));
    http_add(exchange, "cache-control", SLICE("no-cache"));
    http_reply(exchange, 200, file->type, file->bytes);
}

void console_http_root(struct http_exchange *exchange, struct slice rest)
{
    (void)rest;
    if (gateway_of(exchange)->console == NULL) {
        refuse(exchange);
        return;
    }
    http_add(exchange, "location", SLICE("/console/"));
    http_reply(exchange, 302, NULL, SLICE(""));
}
