#include "consilium_context_record.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "consilium_file.h"
#include "context_image.h"
#include "context_merge.h"

#define FILES_MAX 8
#define RECORD_ARENA_BYTES (2048 * MIB)

/* A bundle's facts. */
struct kept_file {
    char *path;
    struct stat about;
    struct arena arena;
    struct parsed parsed;
    uint64_t used; /* when it was asked for last */
};

struct context_records {
    struct kept_file files[FILES_MAX];
    uint64_t uses;
    /* The record of the last call. */
    struct arena arena;
    struct context_record record;
};

struct context_records *context_records_create(void)
{
    return calloc(1, sizeof(struct context_records));
}

static void forget_file(struct kept_file *file)
{
    free(file->path);
    arena_close(&file->arena);
    *file = (struct kept_file){ 0 };
}

void context_records_destroy(struct context_records *records)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        forget_file(&records->files[i]);
    arena_close(&records->arena);
    free(records);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
           && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static enum status read_bundle(struct kept_file *file, const char *path, struct error *err)
{
    struct arena text;
    struct slice bytes;
    enum status status;

    arena_init(&text, 2 * RECORD_BYTES_MAX);
    arena_init(&file->arena, RECORD_ARENA_BYTES);
    status = file_read(path, RECORD_BYTES_MAX, &text, &bytes, err);
    if (status == STATUS_OK)
        status = context_parse(bytes, &file->arena, &file->parsed, err);
    arena_close(&text);
    return status;
}

/* The facts of @path: kept, or read in place of those that were not asked for the longest. The last
 * FILES_MAX that were asked for stay. */
static struct kept_file *find_file(struct context_records *records, const char *path,
                                   struct error *err)
{
    struct kept_file *oldest = &records->files[0];
    struct stat about;

    if (stat(path, &about) != 0) {
        error_set_errno(err, errno, "a bundle");
        return NULL;
    }
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct kept_file *file = &records->files[i];

        if (file->path != NULL && strcmp(file->path, path) == 0
            && is_same_file(&file->about, &about)) {
            file->used = ++records->uses;
            return file;
        }
        if (file->used < oldest->used)
            oldest = file;
    }
    forget_file(oldest);
    if (read_bundle(oldest, path, err) != STATUS_OK) {
        forget_file(oldest);
        return NULL;
    }
    oldest->path = strdup(path);
    oldest->about = about;
    oldest->used = ++records->uses;
    return oldest;
}

/* One bundle after the other joins the facts. Facts of a file whose place is needed by a later one
 * would dangle: their text is copied first. */
static enum status join(struct context_records *records, const char *path, struct record *so_far,
                        struct error *err)
{
    struct kept_file *file = find_file(records, path, err);
    struct parsed parsed;
    struct fact *facts;
    size_t count;
    uint32_t as_facts;

    if (file == NULL)
        return err->status;
    parsed = file->parsed;
    if (context_merge(so_far, &parsed, &records->arena, &facts, &count, &as_facts, err)
        != STATUS_OK)
        return err->status;
    *so_far = (struct record){ .facts = facts, .count = count };
    return STATUS_OK;
}

/* More bundles than places: they go through an image, which borrows nothing. */
static enum status settle(struct record *so_far, struct arena *arena, struct error *err)
{
    struct buffer buffer;

    buffer_init(&buffer, arena);
    image_encode(so_far, NULL, &buffer);
    if (buffer.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts", so_far->count);
    image_open(buffer_slice(&buffer), so_far, NULL);
    return STATUS_OK;
}

static enum status make(struct context_records *records, const char *const *paths, size_t count,
                        struct error *err)
{
    struct record so_far = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (i > 0 && i % (FILES_MAX - 1) == 0 && settle(&so_far, &records->arena, err) != STATUS_OK)
            return err->status;
        if (join(records, paths[i], &so_far, err) != STATUS_OK)
            return error_wrap(err, "bundle %zu of %zu", i + 1, count);
    }
    if (record_index(so_far.facts, so_far.count, &records->arena, &records->record.record, err)
        != STATUS_OK)
        return err->status;
    return courses_make(&records->record.record, &records->arena, &records->record.courses, err);
}

enum status context_records_find(struct context_records *records, const char *const *paths,
                                 size_t count, const struct context_record **record,
                                 struct error *err)
{
    arena_close(&records->arena);
    arena_init(&records->arena, RECORD_ARENA_BYTES);
    if (count == 0 || count > CONTEXT_BUNDLES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu bundles, not 1 to %d", count,
                         CONTEXT_BUNDLES_MAX);
    if (make(records, paths, count, err) != STATUS_OK)
        return err->status;
    *record = &records->record;
    return STATUS_OK;
}
