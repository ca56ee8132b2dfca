/* Reading a file, in the order of its parts:
 *
 *     "GGUF" version tensor_count metadata_count      open_header
 *     key type value ...                              open_metadata
 *     name dimensions type offset ...                 open_tensors
 *     padding, then the tensors' bytes                open_data
 *
 * Everything is checked before gguf_open returns, so that the functions that read afterwards cannot
 * fail on the file's account. A file that another process cuts while it is mapped still ends this
 * one (SIGBUS): models are replaced by renaming a new file over the old, never by writing into it.
 *
 * The file is little-endian, and so must be the machine. */
#include "gguf/gguf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/limits.h"
#include "gguf/gguf_read.h"
#include "gguf/gguf_state.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "GGUF is read without swapping");

#define GGUF_MAGIC 0x46554747u
#define GGUF_ALIGNMENT_DEFAULT 32
#define GGUF_ALIGNMENT_MAX 65536
/* Published files have some dozens of keys and some thousands of tensors. */
#define GGUF_METADATA_MAX 65536
#define GGUF_TENSORS_MAX 262144
#define GGUF_NAME_BYTES_MAX 65535
#define GGUF_INDEX_BYTES_MAX (256 * MIB)

static enum status refuse_cut(struct error *err, const char *part, uint64_t index,
                              const struct gguf_reader *reader)
{
    return error_set(err, STATUS_DATA_LOSS,
                     "the file ends inside %s %llu, at byte %zu of %zu, or a length there is wrong",
                     part, (unsigned long long)index, (size_t)(reader->at - reader->start),
                     (size_t)(reader->end - reader->start));
}

/* Headers
 * ------------------------------------------------------------------------------------------ */

static enum status open_header(struct gguf *gguf, struct gguf_reader *reader, struct error *err)
{
    uint32_t magic;

    if (!gguf_read_u32(reader, &magic) || magic != GGUF_MAGIC)
        return error_set(err, STATUS_DATA_LOSS, "not a GGUF file: it does not begin with \"GGUF\"");
    if (!gguf_read_u32(reader, &gguf->version))
        return refuse_cut(err, "header", 0, reader);
    if (gguf->version != 2 && gguf->version != 3)
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "GGUF version %u: only 2 and 3 (little-endian) are read", gguf->version);
    if (!gguf_read_u64(reader, &gguf->tensors_count)
        || !gguf_read_u64(reader, &gguf->entries_count))
        return refuse_cut(err, "header", 0, reader);
    if (gguf->tensors_count > GGUF_TENSORS_MAX || gguf->entries_count > GGUF_METADATA_MAX)
        return error_set(err, STATUS_DATA_LOSS,
                         "%llu tensors and %llu metadata keys: at most %d and %d are read",
                         (unsigned long long)gguf->tensors_count,
                         (unsigned long long)gguf->entries_count, GGUF_TENSORS_MAX,
                         GGUF_METADATA_MAX);
    return STATUS_OK;
}

/* Metadata
 * ----------------------------------------------------------------------------------------- */

/* Walk over an array's elements; its bytes are a view from the first to the last. */
static bool read_array(struct gguf_reader *reader, struct gguf_entry *entry)
{
    uint32_t type;
    const char *start;
    unsigned width;
    uint64_t size;

    if (!gguf_read_u32(reader, &type) || !gguf_read_u64(reader, &entry->count))
        return false;
    entry->element_type = (enum gguf_type)type;
    width = gguf_entry_width(type);
    if (width > 0)
        return !__builtin_mul_overflow(entry->count, (uint64_t)width, &size)
               && gguf_read_bytes(reader, size, &entry->value);
    if (type != GGUF_TYPE_STRING)
        return false;
    start = reader->at;
    for (uint64_t i = 0; i < entry->count; i++) {
        struct slice string;

        if (!gguf_read_string(reader, &string))
            return false;
    }
    entry->value = slice_of(start, (size_t)(reader->at - start));
    return true;
}

static bool read_value(struct gguf_reader *reader, struct gguf_entry *entry)
{
    if (entry->type == GGUF_TYPE_STRING)
        return gguf_read_string(reader, &entry->value);
    if (entry->type == GGUF_TYPE_ARRAY)
        return read_array(reader, entry);
    return gguf_entry_width(entry->type) > 0
           && gguf_read_bytes(reader, gguf_entry_width(entry->type), &entry->value);
}

static enum status open_metadata(struct gguf *gguf, struct gguf_reader *reader, struct error *err)
{
    gguf->entries = ARENA_ARRAY(&gguf->arena, struct gguf_entry, gguf->entries_count);
    if (gguf->entries == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the metadata's index");
    for (uint64_t i = 0; i < gguf->entries_count; i++) {
        struct gguf_entry *entry = &gguf->entries[i];
        uint32_t type;

        if (!gguf_read_string(reader, &entry->key) || !gguf_read_u32(reader, &type))
            return refuse_cut(err, "metadata key", i, reader);
        if (entry->key.size == 0 || entry->key.size > GGUF_NAME_BYTES_MAX)
            return error_set(err, STATUS_DATA_LOSS, "metadata key %llu has a name of %zu bytes",
                             (unsigned long long)i, entry->key.size);
        entry->type = (enum gguf_type)type;
        if (type > GGUF_TYPE_FLOAT64)
            return error_set(err, STATUS_DATA_LOSS, "metadata key %llu is of the unknown type %u",
                             (unsigned long long)i, type);
        if (!read_value(reader, entry))
            return refuse_cut(err, "metadata key", i, reader);
    }
    qsort(gguf->entries, gguf->entries_count, sizeof(*gguf->entries), gguf_entry_compare);
    for (uint64_t i = 1; i < gguf->entries_count; i++) {
        if (slice_equal(gguf->entries[i - 1].key, gguf->entries[i].key))
            return error_set(err, STATUS_DATA_LOSS, "a metadata key occurs twice");
    }
    return STATUS_OK;
}

static enum status open_alignment(struct gguf *gguf, struct error *err)
{
    gguf->alignment = GGUF_ALIGNMENT_DEFAULT;
    gguf_get_u64(gguf, "general.alignment", &gguf->alignment);
    if (gguf->alignment < 8 || gguf->alignment > GGUF_ALIGNMENT_MAX
        || (gguf->alignment & (gguf->alignment - 1)) != 0)
        return error_set(err, STATUS_DATA_LOSS, "an alignment of %llu bytes",
                         (unsigned long long)gguf->alignment);
    return STATUS_OK;
}

/* Tensors
 * ------------------------------------------------------------------------------------------ */

static enum status open_tensor(struct gguf *gguf, struct gguf_reader *reader, uint64_t index,
                               struct error *err)
{
    struct gguf_tensor *tensor = &gguf->tensors[index];
    uint32_t type, block_values, block_bytes;
    uint64_t size;

    if (!gguf_read_string(reader, &tensor->name)
        || !gguf_read_u32(reader, &tensor->dimensions_count))
        return refuse_cut(err, "tensor", index, reader);
    if (tensor->name.size == 0 || tensor->name.size > GGUF_NAME_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "tensor %llu has a name of %zu bytes",
                         (unsigned long long)index, tensor->name.size);
    if (tensor->dimensions_count == 0 || tensor->dimensions_count > GGUF_DIMENSIONS_MAX)
        return error_set(err, STATUS_DATA_LOSS, "tensor %llu has %u dimensions: 1 to %d are read",
                         (unsigned long long)index, tensor->dimensions_count, GGUF_DIMENSIONS_MAX);
    for (unsigned i = 0; i < GGUF_DIMENSIONS_MAX; i++) {
        tensor->dimensions[i] = 1;
        if (i < tensor->dimensions_count && !gguf_read_u64(reader, &tensor->dimensions[i]))
            return refuse_cut(err, "tensor", index, reader);
    }
    if (!gguf_read_u32(reader, &type) || !gguf_read_u64(reader, &gguf->offsets[index]))
        return refuse_cut(err, "tensor", index, reader);
    tensor->type = (enum gguf_tensor_type)type;
    if (!gguf_tensor_type_size(tensor->type, &block_values, &block_bytes))
        return error_set(err, STATUS_UNIMPLEMENTED, "tensor %llu is of the unknown type %u",
                         (unsigned long long)index, type);
    if (!gguf_tensor_bytes(tensor->type, tensor->dimensions_count, tensor->dimensions, &size)
        || size > SIZE_MAX)
        return error_set(err, STATUS_DATA_LOSS, "tensor %llu of type %s has impossible dimensions",
                         (unsigned long long)index, gguf_tensor_type_name(tensor->type));
    tensor->size_bytes = (size_t)size;
    return STATUS_OK;
}

static enum status open_tensors(struct gguf *gguf, struct gguf_reader *reader, struct error *err)
{
    uint64_t count = gguf->tensors_count;

    gguf->tensors = ARENA_ARRAY(&gguf->arena, struct gguf_tensor, count);
    gguf->by_name = ARENA_ARRAY(&gguf->arena, const struct gguf_tensor *, count);
    gguf->offsets = ARENA_ARRAY(&gguf->arena, uint64_t, count);
    if (gguf->tensors == NULL || gguf->by_name == NULL || gguf->offsets == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the tensors' index");
    for (uint64_t i = 0; i < count; i++) {
        if (open_tensor(gguf, reader, i, err) != STATUS_OK)
            return err == NULL ? STATUS_DATA_LOSS : err->status;
        gguf->by_name[i] = &gguf->tensors[i];
    }
    qsort(gguf->by_name, count, sizeof(*gguf->by_name), gguf_tensor_compare);
    for (uint64_t i = 1; i < count; i++) {
        if (slice_equal(gguf->by_name[i - 1]->name, gguf->by_name[i]->name))
            return error_set(err, STATUS_DATA_LOSS, "two tensors have the same name");
    }
    return STATUS_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a, *const *y = b;

    return (*x)->data < (*y)->data ? -1 : (*x)->data > (*y)->data;
}

/* No two tensors share a byte: a file in which they do was not made by a converter. */
static enum status refuse_overlaps(struct gguf *gguf, struct error *err)
{
    struct arena_mark mark = arena_mark(&gguf->arena);
    const struct gguf_tensor **by_place =
        ARENA_ARRAY(&gguf->arena, const struct gguf_tensor *, gguf->tensors_count);
    enum status status = STATUS_OK;

    if (by_place == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the tensors' index");
    for (uint64_t i = 0; i < gguf->tensors_count; i++)
        by_place[i] = &gguf->tensors[i];
    qsort(by_place, gguf->tensors_count, sizeof(*by_place), compare_places);
    for (uint64_t i = 1; i < gguf->tensors_count && status == STATUS_OK; i++) {
        const struct gguf_tensor *before = by_place[i - 1];

        if ((const char *)before->data + before->size_bytes > (const char *)by_place[i]->data)
            status =
                error_set(err, STATUS_DATA_LOSS, "tensors %zu and %zu overlap",
                          (size_t)(before - gguf->tensors), (size_t)(by_place[i] - gguf->tensors));
    }
    arena_rewind(&gguf->arena, mark);
    return status;
}

static enum status open_data(struct gguf *gguf, struct gguf_reader *reader, struct error *err)
{
    size_t at = (size_t)(reader->at - reader->start);
    size_t padding = (size_t)(-(uint64_t)at & (gguf->alignment - 1));
    struct slice skipped, data;

    if (gguf->tensors_count == 0)
        return STATUS_OK;
    if (!gguf_read_bytes(reader, padding, &skipped))
        return refuse_cut(err, "padding", 0, reader);
    data = slice_of(reader->at, (size_t)(reader->end - reader->at));
    for (uint64_t i = 0; i < gguf->tensors_count; i++) {
        struct gguf_tensor *tensor = &gguf->tensors[i];
        uint64_t offset = gguf->offsets[i];

        if (offset % gguf->alignment != 0)
            return error_set(err, STATUS_DATA_LOSS,
                             "tensor %llu does not lie at a multiple of %llu",
                             (unsigned long long)i, (unsigned long long)gguf->alignment);
        if (offset > data.size || tensor->size_bytes > data.size - offset)
            return error_set(err, STATUS_DATA_LOSS,
                             "tensor %llu needs %zu bytes at offset %llu of %zu: the file is cut",
                             (unsigned long long)i, tensor->size_bytes, (unsigned long long)offset,
                             data.size);
        tensor->data = data.data + offset;
    }
    return refuse_overlaps(gguf, err);
}

/* Opening
 * ------------------------------------------------------------------------------------------ */

static enum status open_all(struct gguf *gguf, struct error *err)
{
    struct gguf_reader reader = { gguf->bytes.data, gguf->bytes.data,
                                  gguf->bytes.data + gguf->bytes.size };
    enum status status = open_header(gguf, &reader, err);

    if (status == STATUS_OK)
        status = open_metadata(gguf, &reader, err);
    if (status == STATUS_OK)
        status = open_alignment(gguf, err);
    if (status == STATUS_OK)
        status = open_tensors(gguf, &reader, err);
    if (status == STATUS_OK)
        status = open_data(gguf, &reader, err);
    return status;
}

/* @err is not NULL. Takes ownership of the mapping only where it succeeds. */
static struct gguf *open_over(struct slice bytes, bool is_mapped, struct error *err)
{
    struct gguf *gguf = calloc(1, sizeof(*gguf));

    if (gguf == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    arena_init(&gguf->arena, GGUF_INDEX_BYTES_MAX);
    gguf->bytes = bytes;
    if (open_all(gguf, err) != STATUS_OK) {
        gguf_close(gguf);
        return NULL;
    }
    gguf->is_mapped = is_mapped;
    return gguf;
}

struct gguf *gguf_open_bytes(struct slice bytes, struct error *err)
{
    struct error local;

    if (bytes.data == NULL)
        bytes = SLICE("");
    return open_over(bytes, false, err == NULL ? &local : err);
}

static enum status map_file(const char *path, struct slice *bytes, struct error *err)
{
    enum status status = STATUS_OK;
    struct stat info;
    void *map;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return error_set_errno(err, errno, "%s", path);
    if (fstat(file, &info) != 0)
        status = error_set_errno(err, errno, "%s", path);
    else if (!S_ISREG(info.st_mode))
        status = error_set(err, STATUS_INVALID_ARGUMENT, "%s: not a file", path);
    else if (info.st_size == 0)
        status = error_set(err, STATUS_DATA_LOSS, "%s: the file is empty", path);
    if (status == STATUS_OK) {
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, file, 0);
        if (map == MAP_FAILED)
            status = error_set_errno(err, errno, "%s: mmap", path);
        else
            *bytes = slice_of(map, (size_t)info.st_size);
    }
    close(file);
    return status;
}

struct gguf *gguf_open(const char *path, struct error *err)
{
    struct error local;
    struct slice bytes;
    struct gguf *gguf;

    if (err == NULL)
        err = &local;
    if (map_file(path, &bytes, err) != STATUS_OK)
        return NULL;
    gguf = open_over(bytes, true, err);
    if (gguf == NULL) {
        error_wrap(err, "%s", path);
        munmap((void *)bytes.data, bytes.size);
    }
    return gguf;
}

void gguf_close(struct gguf *gguf)
{
    if (gguf == NULL)
        return;
    atomic_store(&gguf->is_closing, true);
    gguf_digest_end(gguf);
    if (gguf->is_mapped)
        munmap((void *)gguf->bytes.data, gguf->bytes.size);
    arena_close(&gguf->arena);
    free(gguf);
}

bool gguf_is_mapped(const struct gguf *gguf)
{
    return gguf->is_mapped;
}
