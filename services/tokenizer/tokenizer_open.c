#include "tokenizer_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "jinja/jinja.h"
#include "tokenizer_json.h"

#define PARTS_BYTES_MAX (2048 * MIB)
#define CONFIG_BYTES_MAX (16 * MIB)
#define PATH_BYTES_MAX 4096

/* The whole file in memory from malloc. */
static enum status read_all(int file, size_t size, char **bytes, struct error *err)
{
    size_t at = 0;

    *bytes = malloc(size + 1);
    if (*bytes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu bytes", size);
    while (at < size) {
        ssize_t count = read(file, *bytes + at, size - at);

        if (count == 0 || (count < 0 && errno != EINTR)) {
            free(*bytes);
            *bytes = NULL;
            return count == 0 ? error_set(err, STATUS_DATA_LOSS, "the file became shorter")
                              : error_set_errno(err, errno, "cannot be read");
        }
        at += count < 0 ? 0 : (size_t)count;
    }
    return STATUS_OK;
}

static enum status read_file(const char *path, size_t bytes_max, struct slice *content,
                             struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    enum status status;
    struct stat info;
    char *bytes = NULL;

    *content = (struct slice){ 0 };
    if (file < 0)
        return error_set_errno(err, errno, "%s", path);
    if (fstat(file, &info) != 0)
        status = error_set_errno(err, errno, "%s", path);
    else if (!S_ISREG(info.st_mode))
        status = error_set(err, STATUS_FAILED_PRECONDITION, "%s is no file", path);
    else if ((uint64_t)info.st_size > bytes_max)
        status = error_set(err, STATUS_DATA_LOSS, "%s has %lld bytes: %zu are read", path,
                           (long long)info.st_size, bytes_max);
    else if (read_all(file, (size_t)info.st_size, &bytes, err) != STATUS_OK)
        status = error_wrap(err, "%s", path);
    else
        status = STATUS_OK;
    close(file);
    *content = slice_of(bytes, bytes == NULL ? 0 : (size_t)info.st_size);
    return status;
}

/* A file beside the tokenizer.json, which may be absent. */
static enum status read_beside(const char *folder, const char *name, size_t bytes_max,
                               struct slice *content, struct error *err)
{
    char path[PATH_BYTES_MAX];
    struct error own = { 0 };
    enum status status;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    status = read_file(path, bytes_max, content, &own);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return error_set(err, own.status, "%s", own.text);
}

static void free_content(struct slice content)
{
    free((void *)(uintptr_t)content.data);
}

static struct tokenizer_vocab *build(const struct tokenizer_json_files *files, struct error *err)
{
    struct tokenizer_vocab *vocab = NULL;
    struct tokenizer_parts parts;
    struct arena arena;

    arena_init(&arena, PARTS_BYTES_MAX);
    tokenizer_parts_init(&parts, &arena);
    if (tokenizer_json_read(files, &parts, err) == STATUS_OK)
        vocab = tokenizer_vocab_build(&parts, (struct slice){ 0 }, err);
    arena_close(&arena);
    return vocab;
}

static struct tokenizer_vocab *open_json(const char *path, const char *folder, struct error *err)
{
    struct tokenizer_json_files files = { 0 };
    struct tokenizer_vocab *vocab = NULL;

    if (read_file(path, TOKENIZER_JSON_BYTES_MAX, &files.tokenizer, err) == STATUS_OK
        && read_beside(folder, "tokenizer_config.json", CONFIG_BYTES_MAX, &files.config, err)
               == STATUS_OK
        && read_beside(folder, "chat_template.jinja", JINJA_SOURCE_BYTES_MAX, &files.chat_template,
                       err)
               == STATUS_OK) {
        vocab = build(&files, err);
        if (vocab == NULL)
            error_wrap(err, "%s", path);
    }
    free_content(files.tokenizer);
    free_content(files.config);
    free_content(files.chat_template);
    return vocab;
}

static struct tokenizer_vocab *open_gguf(const char *path, struct error *err)
{
    struct gguf *gguf = gguf_open(path, err);
    struct tokenizer_vocab *vocab;

    if (gguf == NULL)
        return NULL;
    vocab = tokenizer_vocab_create(gguf, err);
    gguf_close(gguf);
    if (vocab == NULL)
        error_wrap(err, "%s", path);
    return vocab;
}

/* Whether the first byte that is no white space opens a JSON object; false where it cannot be told.
 */
static bool is_json(const char *path)
{
    FILE *file = fopen(path, "re");
    int byte = ' ';

    while (file != NULL && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'))
        byte = getc(file);
    if (file != NULL)
        fclose(file);
    return byte == '{';
}

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

struct tokenizer_vocab *tokenizer_open(const char *path, struct error *err)
{
    char file[PATH_BYTES_MAX], folder[PATH_BYTES_MAX];
    const char *slash;

    if (strlen(path) > PATH_BYTES_MAX - 32) {
        error_set(err, STATUS_INVALID_ARGUMENT, "a path of %zu bytes", strlen(path));
        return NULL;
    }
    if (is_folder(path)) {
        snprintf(file, sizeof(file), "%s/tokenizer.json", path);
        return open_json(file, path, err);
    }
    slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    return is_json(path) ? open_json(path, folder, err) : open_gguf(path, err);
}
