#include "tokenizer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "tokenizer_compile.h"
#include "tokenizer_open.h"
#include "tokenizer_state.h"

#define PATH_BYTES_MAX 4096
#define FILE_BYTES_MAX (1024 * MIB)

/* Sources
 * ------------------------------------------------------------------------------------------- */

static uint64_t mtime_ns(const struct stat *info)
{
    return (uint64_t)info->st_mtim.tv_sec * 1000000000u + (uint64_t)info->st_mtim.tv_nsec;
}

/* Files that belong to a tokenizer.json: their sizes and times go into the source's time. */
static void add_beside(const char *path, struct tokenizer_source *source)
{
    static const char *const names[] = { "tokenizer.json", "tokenizer_config.json",
                                         "chat_template.jinja" };
    const char *slash = strrchr(path, '/');
    char beside[PATH_BYTES_MAX];
    struct stat info;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            snprintf(beside, sizeof(beside), "%s/%s", path, names[i]);
        else
            snprintf(beside, sizeof(beside), "%.*s%s", slash == NULL ? 0 : (int)(slash - path + 1),
                     path, names[i]);
        if (stat(beside, &info) != 0)
            continue;
        source->mtime_ns = source->mtime_ns * 31 + mtime_ns(&info);
        source->size_bytes = source->size_bytes * 31 + (uint64_t)info.st_size;
    }
}

enum status tokenizer_file_source(const char *path, struct tokenizer_source *source,
                                  struct error *err)
{
    struct stat info;

    *source = (struct tokenizer_source){ 0 };
    if (strlen(path) > PATH_BYTES_MAX / 2)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a path of %zu bytes", strlen(path));
    if (stat(path, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    *source = (struct tokenizer_source){ (uint64_t)info.st_dev, (uint64_t)info.st_ino,
                                         (uint64_t)info.st_size, mtime_ns(&info) };
    add_beside(path, source);
    return STATUS_OK;
}

/* Reading
 * ------------------------------------------------------------------------------------------- */

static struct slice map_file(const char *path, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    void *bytes;

    if (file < 0 || fstat(file, &info) != 0) {
        error_set_errno(err, errno, "%s", path);
        if (file >= 0)
            close(file);
        return (struct slice){ 0 };
    }
    if (info.st_size < (off_t)sizeof(struct tokenizer_image)
        || (uint64_t)info.st_size > FILE_BYTES_MAX) {
        error_set(err, STATUS_DATA_LOSS, "%s: a compiled vocabulary of %lld bytes", path,
                  (long long)info.st_size);
        close(file);
        return (struct slice){ 0 };
    }
    bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED)
        error_set_errno(err, errno, "%s", path);
    close(file);
    return bytes == MAP_FAILED ? (struct slice){ 0 } : slice_of(bytes, (size_t)info.st_size);
}

struct tokenizer_vocab *tokenizer_file_map(const char *path, const struct tokenizer_source *source,
                                           struct error *err)
{
    struct slice bytes = map_file(path, err);
    const struct tokenizer_image *image = (const void *)bytes.data;
    enum status status;

    if (bytes.data == NULL)
        return NULL;
    status = tokenizer_image_check(bytes, err);
    if (status == STATUS_OK && source != NULL
        && memcmp(source, &image->source, sizeof(*source)) != 0)
        status = error_set(err, STATUS_FAILED_PRECONDITION,
                           "the compiled vocabulary was made from something else");
    if (status == STATUS_OK)
        return tokenizer_vocab_open_image(image, bytes.size, err);
    error_wrap(err, "%s", path);
    munmap((void *)(uintptr_t)bytes.data, bytes.size);
    return NULL;
}

/* Writing
 * ------------------------------------------------------------------------------------------- */

static bool write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static enum status save_bytes(const void *bytes, size_t size, const char *path, struct error *err)
{
    char part[PATH_BYTES_MAX];
    enum status status = STATUS_OK;
    int file;

    snprintf(part, sizeof(part), "%s.XXXXXX", path);
    file = mkostemp(part, O_CLOEXEC);
    if (file < 0)
        return error_set_errno(err, errno, "%s", path);
    if (!write_all(file, bytes, size) || fchmod(file, 0644) != 0 || fsync(file) != 0
        || rename(part, path) != 0) {
        status = error_set_errno(err, errno, "%s", path);
        unlink(part);
    }
    close(file);
    return status;
}

enum status tokenizer_file_save(const struct tokenizer_image *image,
                                const struct tokenizer_source *source, const char *path,
                                struct error *err)
{
    struct tokenizer_image *copy;
    enum status status;

    if (strlen(path) > PATH_BYTES_MAX / 2)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a path of %zu bytes", strlen(path));
    copy = malloc(image->size_bytes);
    if (copy == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    memcpy(copy, image, image->size_bytes);
    copy->source = *source;
    tokenizer_image_seal(copy, copy->size_bytes);
    status = save_bytes(copy, copy->size_bytes, path, err);
    free(copy);
    return status;
}

/* Both
 * ---------------------------------------------------------------------------------------------- */

/* tokenizer_words.txt, which is built in. */
extern const char tokenizer_words[], tokenizer_words_end[];

/* A vocabulary with the words encoded ahead, in the place of one without. */
static struct tokenizer_vocab *add_words(struct tokenizer_vocab *vocab, struct error *err)
{
    struct slice words = slice_of(tokenizer_words, (size_t)(tokenizer_words_end - tokenizer_words));
    struct tokenizer_image *image = tokenizer_compile_add_words(vocab->state->image, words, err);

    tokenizer_vocab_destroy(vocab);
    return image == NULL ? NULL : tokenizer_vocab_open_image(image, 0, err);
}

struct tokenizer_vocab *tokenizer_file_open(const char *path, const char *folder, struct error *err)
{
    struct tokenizer_source source;
    struct tokenizer_vocab *vocab;
    struct error unkept = { 0 };
    char kept[PATH_BYTES_MAX];

    if (tokenizer_file_source(path, &source, err) != STATUS_OK)
        return NULL;
    if (strlen(folder) > PATH_BYTES_MAX / 4) {
        error_set(err, STATUS_INVALID_ARGUMENT, "a path of %zu bytes", strlen(folder));
        return NULL;
    }
    /* One file for each path: a new state takes the place of the old. */
    snprintf(kept, sizeof(kept), "%s/%016llx.vocabulary", folder,
             (unsigned long long)hash_bytes(slice_from(path), 3));
    vocab = tokenizer_file_map(kept, &source, &unkept);
    if (vocab != NULL)
        return vocab;
    vocab = tokenizer_open(path, err);
    if (vocab != NULL)
        vocab = add_words(vocab, err);
    if (vocab != NULL
        && tokenizer_file_save(vocab->state->image, &source, kept, &unkept) != STATUS_OK)
        log_warn("vocabulary_not_kept", LOG_ERROR(&unkept));
    return vocab;
}
