#include "train_data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char data_magic[8] = { 'C', 'O', 'N', 'S', 'D', 'A', 'T', '1' };

struct file_header {
    char magic[8];
    uint32_t vocabulary_size, kinds_count;
    uint64_t examples_count, tokens_count;
    char kinds[DATA_KINDS_MAX][DATA_KIND_BYTES];
};

struct example_header {
    uint32_t size, prefix, segments_count;
};

/* Bytes of an example after its header: segments, then tokens, padded to whole words. */
static size_t body_bytes(const struct example_header *header)
{
    return header->segments_count * sizeof(struct example_segment)
           + ((size_t)header->size * 2 + 3) / 4 * 4;
}

static bool is_sound(const struct example *e, uint32_t vocabulary_size, uint32_t kinds_count)
{
    uint32_t at = e->prefix;

    for (uint32_t i = 0; i < e->segments_count; i++) {
        const struct example_segment *s = &e->segments[i];

        if (s->first != at || s->answer <= s->first || s->end <= s->answer || s->end > e->size
            || s->kind >= kinds_count)
            return false;
        at = s->end;
    }
    for (uint32_t i = 0; i < e->size; i++)
        if (e->tokens[i] >= vocabulary_size)
            return false;
    return at == e->size;
}

static enum status read_example(struct data *data, size_t *offset, struct example *example,
                                struct error *err)
{
    const char *bytes = data->mapped;
    struct example_header header;

    if (data->mapped_bytes - *offset < sizeof(header))
        return error_set(err, STATUS_DATA_LOSS, "the data end at byte %zu", *offset);
    memcpy(&header, bytes + *offset, sizeof(header));
    *offset += sizeof(header);
    if (header.size > EXAMPLE_TOKENS_MAX || header.prefix == 0 || header.prefix > header.size
        || header.segments_count > EXAMPLE_SEGMENTS_MAX)
        return error_set(err, STATUS_DATA_LOSS, "an example of %u tokens and %u questions",
                         header.size, header.segments_count);
    if (data->mapped_bytes - *offset < body_bytes(&header))
        return error_set(err, STATUS_DATA_LOSS, "the data end at byte %zu", data->mapped_bytes);
    *example = (struct example){ header.size, header.prefix, header.segments_count, NULL, NULL };
    example->segments = (const struct example_segment *)(bytes + *offset);
    example->tokens = (const uint16_t *)(example->segments + header.segments_count);
    *offset += body_bytes(&header);
    if (!is_sound(example, data->vocabulary_size, data->kinds_count))
        return error_set(err, STATUS_DATA_LOSS, "an example before byte %zu does not fit together",
                         *offset);
    return STATUS_OK;
}

static enum status read_all(struct data *data, struct arena *arena, struct error *err)
{
    const struct file_header *header = data->mapped;
    size_t offset = sizeof(*header);

    if (data->mapped_bytes < sizeof(*header)
        || memcmp(header->magic, data_magic, sizeof(data_magic)) != 0)
        return error_set(err, STATUS_DATA_LOSS, "no training data of this version");
    if (header->kinds_count > DATA_KINDS_MAX
        || header->examples_count > data->mapped_bytes / sizeof(struct example_header))
        return error_set(err, STATUS_DATA_LOSS, "%u kinds, %zu examples", header->kinds_count,
                         (size_t)header->examples_count);
    data->vocabulary_size = header->vocabulary_size;
    data->kinds_count = header->kinds_count;
    data->tokens_count = header->tokens_count;
    memcpy(data->kinds, header->kinds, sizeof(data->kinds));
    for (uint32_t i = 0; i < DATA_KINDS_MAX; i++)
        data->kinds[i][DATA_KIND_BYTES - 1] = 0;
    data->examples_count = header->examples_count;
    data->examples = ARENA_ARRAY(arena, struct example, header->examples_count);
    if (data->examples == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu examples",
                         data->examples_count);
    for (size_t i = 0; i < data->examples_count; i++) {
        enum status status = read_example(data, &offset, &data->examples[i], err);

        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status map_file(struct data *data, const char *path, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;

    if (file < 0)
        return error_set_errno(err, errno, "%s", path);
    if (fstat(file, &about) == 0 && about.st_size > 0) {
        data->mapped_bytes = (size_t)about.st_size;
        data->mapped = mmap(NULL, data->mapped_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    if (data->mapped == NULL || data->mapped == MAP_FAILED) {
        data->mapped = NULL;
        return error_set(err, STATUS_DATA_LOSS, "%s cannot be mapped", path);
    }
    return STATUS_OK;
}

enum status data_open(struct data *data, const char *path, struct arena *arena, struct error *err)
{
    enum status status;

    *data = (struct data){ 0 };
    status = map_file(data, path, err);
    if (status == STATUS_OK && (status = read_all(data, arena, err)) != STATUS_OK && err != NULL)
        error_wrap(err, "%s", path);
    if (status != STATUS_OK)
        data_close(data);
    return status;
}

void data_close(struct data *data)
{
    if (data->mapped != NULL)
        munmap(data->mapped, data->mapped_bytes);
    *data = (struct data){ 0 };
}

struct data_writer {
    FILE *file;
    struct arena *arena;
    const char *path, *part_path;
    struct file_header header;
    bool has_failed;
};

struct data_writer *data_writer_start(const char *path, uint32_t vocabulary_size,
                                      struct arena *arena, struct error *err)
{
    struct data_writer *writer = ARENA_NEW(arena, struct data_writer);

    if (writer == NULL || (writer->part_path = arena_format(arena, "%s.part", path)) == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a writer");
        return NULL;
    }
    writer->path = arena_string(arena, slice_from(path));
    writer->arena = arena;
    memcpy(writer->header.magic, data_magic, sizeof(data_magic));
    writer->header.vocabulary_size = vocabulary_size;
    writer->file = fopen(writer->part_path, "wb");
    if (writer->file == NULL || writer->path == NULL) {
        error_set_errno(err, errno, "%s", path);
        return NULL;
    }
    writer->has_failed = fwrite(&writer->header, sizeof(writer->header), 1, writer->file) != 1;
    return writer;
}

uint32_t data_writer_kind(struct data_writer *writer, struct slice name)
{
    struct file_header *header = &writer->header;
    struct slice cut = slice_cut(name, 0, DATA_KIND_BYTES - 1);

    for (uint32_t i = 0; i < header->kinds_count; i++)
        if (slice_is(cut, header->kinds[i]))
            return i;
    if (header->kinds_count == DATA_KINDS_MAX)
        return DATA_KINDS_MAX - 1;
    if (cut.size > 0)
        memcpy(header->kinds[header->kinds_count], cut.data, cut.size);
    return header->kinds_count++;
}

void data_writer_put(struct data_writer *writer, const struct example *e)
{
    struct example_header header = { e->size, e->prefix, e->segments_count };
    uint16_t padding = 0;
    bool is_written =
        fwrite(&header, sizeof(header), 1, writer->file) == 1
        && (e->segments_count == 0
            || fwrite(e->segments, sizeof(e->segments[0]), e->segments_count, writer->file)
                   == e->segments_count)
        && fwrite(e->tokens, sizeof(e->tokens[0]), e->size, writer->file) == e->size
        && (e->size % 2 == 0 || fwrite(&padding, sizeof(padding), 1, writer->file) == 1);

    writer->has_failed |= !is_written;
    writer->header.examples_count++;
    writer->header.tokens_count += e->size;
}

enum status data_writer_finish(struct data_writer *writer, struct error *err)
{
    bool is_written = !writer->has_failed && fseek(writer->file, 0, SEEK_SET) == 0
                      && fwrite(&writer->header, sizeof(writer->header), 1, writer->file) == 1;

    if (fclose(writer->file) != 0 || !is_written)
        return error_set(err, STATUS_UNAVAILABLE, "%s could not be written", writer->part_path);
    if (rename(writer->part_path, writer->path) != 0)
        return error_set_errno(err, errno, "%s", writer->path);
    return STATUS_OK;
}
