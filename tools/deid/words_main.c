/* deid-words OUT KIND=PATH...: compile the word lists into the file that deid is linked with. A
 * source that is not there (its package is not installed) is left out, and it is said: the lists of
 * the repository alone make a smaller, working file. */
#include <stdio.h>
#include <stdlib.h>

#include "words_pack.h"
#include "words_read.h"

#define FILE_BYTES_MAX (64u << 20)

static enum status file_read(struct arena *arena, const char *path, struct slice *file,
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

static enum status source_read(struct words_table *table, struct slice kind, const char *path,
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

    if (file_read(&table->arena, path, &file, err) != STATUS_OK)
        return err->status;
    if (slice_is(kind, "english"))
        return words_read_english(table, file, level_of(path), err);
    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (slice_is(kind, readers[i].kind))
            return readers[i].read(table, file, err);
    return error_set(err, STATUS_INVALID_ARGUMENT, "an unknown kind of source");
}

static enum status write_all(const char *path, struct slice bytes, struct error *err)
{
    FILE *stream = fopen(path, "wb");

    if (stream == NULL || fwrite(bytes.data, 1, bytes.size, stream) != bytes.size
        || fclose(stream) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "%s cannot be written", path);
    return STATUS_OK;
}

static enum status compile(struct words_table *table, int argc, char **argv, struct error *err)
{
    struct slice packed;
    int i;

    for (i = 2; i < argc; i++) {
        size_t equals = slice_find_byte(slice_from(argv[i]), '=');
        enum status status;

        if (argv[i][equals] == '\0')
            return error_set(err, STATUS_INVALID_ARGUMENT, "not KIND=PATH: %s", argv[i]);
        status = source_read(table, slice_of(argv[i], equals), argv[i] + equals + 1, err);
        if (status == STATUS_NOT_FOUND && !slice_starts_with(slice_from(argv[i]), SLICE("list=")))
            fprintf(stderr, "deid-words: left out: %s\n", err->text);
        else if (status != STATUS_OK)
            return error_wrap(err, "%s", argv[i]);
    }
    if (words_pack(table, &packed, err) != STATUS_OK)
        return err->status;
    return write_all(argv[1], packed, err);
}

int main(int argc, char **argv)
{
    struct words_table table;
    struct error err;
    enum status status;

    if (argc < 3) {
        fprintf(stderr, "usage: deid-words OUT KIND=PATH...\n");
        return 2;
    }
    status = words_table_init(&table, &err);
    if (status == STATUS_OK)
        status = compile(&table, argc, argv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "deid-words: %s\n", err.text);
    words_table_close(&table);
    return status == STATUS_OK ? 0 : 1;
}
