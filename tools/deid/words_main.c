/* deid-words OUT KIND=PATH...: compile the word lists into the file that deid is linked with. A
 * source that is not there (its package is not installed) is left out, and it is said: the lists of
 * the repository alone make a smaller, working file. */
#include <stdio.h>

#include "words_pack.h"
#include "words_source.h"

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

    for (i = 2; i < argc; i++)
        if (words_source_read(table, argv[i], err) != STATUS_OK)
            return err->status;
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
