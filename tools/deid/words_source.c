#include "words_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "words_read.h"

#define FILE_BYTES_MAX (64u << 20)

enum status words_file_read(struct arena *arena, const char *path, struct slice *file,
                            struct error *err)
{
    FILE *stream = fopen(path, "rb");
    char *bytes;
    long size;

    if (stream == NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s is not there", path);
    fseek(stream, 0, SEEK_END);
    size = ftell(stream);
    rewind(stream);
    bytes = size < 0 || size > (long)FILE_BYTES_MAX ? NULL : arena_alloc(arena, (size_t)size + 1);
    if (bytes != NULL)
        bytes[size] = '\0';
    if (bytes == NULL || fread(bytes, 1, (size_t)size, stream) != (size_t)size) {
        fclose(stream);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "%s cannot be read", path);
    }
    fclose(stream);
    *file = slice_of(bytes, (size_t)size);
    return STATUS_OK;
}

/* The number at the end of "english-words.35". */
static unsigned level_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot == NULL ? 95 : (unsigned)strtoul(dot + 1, NULL, 10);
}

static enum status read_as(struct words_table *table, struct slice kind, const char *path,
                           struct error *err)
{
    static const struct {
        const char *kind;
        enum status (*read)(struct words_table *, struct slice, struct error *);
    } readers[] = {
        { "list", words_read_list },       { "census", words_read_census },
        { "names", words_read_names },     { "films", words_read_films },
        { "wordnet", words_read_wordnet }, { "cities", words_read_cities },
        { "postal", words_read_postal },
    };
    struct slice file;
    size_t i;

    if (words_file_read(&table->arena, path, &file, err) != STATUS_OK)
        return err->status;
    if (slice_is(kind, "english"))
        return words_read_english(table, file, level_of(path), err);
    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (slice_is(kind, readers[i].kind))
            return readers[i].read(table, file, err);
    return error_set(err, STATUS_INVALID_ARGUMENT, "an unknown kind of source");
}

enum status words_source_read(struct words_table *table, const char *source, struct error *err)
{
    size_t equals = slice_find_byte(slice_from(source), '=');
    enum status status;

    if (source[equals] == '\0')
        return error_set(err, STATUS_INVALID_ARGUMENT, "not KIND=PATH: %s", source);
    status = read_as(table, slice_of(source, equals), source + equals + 1, err);
    if (status == STATUS_NOT_FOUND && !slice_starts_with(slice_from(source), SLICE("list="))) {
        fprintf(stderr, "word lists: left out: %s\n", err->text);
        return STATUS_OK;
    }
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", source);
}
