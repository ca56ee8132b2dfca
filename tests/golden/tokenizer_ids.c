/* Texts to ids without a service, for the comparisons in this folder:
 *
 *     tokenizer_ids VOCABULARY < texts > ids
 *
 * A text is its size (four bytes, little-endian) and its bytes; for each one come the number of its
 * ids (0xffffffff: refused) and the ids, four bytes each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "tokenizer_encode.h"
#include "tokenizer_open.h"

static bool read_text(struct slice *text)
{
    static char *bytes;
    uint32_t size;

    if (fread(&size, sizeof(size), 1, stdin) != 1)
        return false;
    free(bytes);
    bytes = malloc((size_t)size + 1);
    if (bytes == NULL || fread(bytes, 1, size, stdin) != size)
        return false;
    *text = slice_of(bytes, size);
    return true;
}

/* Whether counting gives as many, also with counts at hand. */
static bool is_counted(const struct tokenizer_vocab *vocab, struct slice text, size_t expected)
{
    size_t count, again;

    return tokenizer_encode_count(vocab, text, &count, NULL) == STATUS_OK && count == expected
           && tokenizer_encode_count(vocab, text, &again, NULL) == STATUS_OK && again == expected;
}

static void write_ids(const struct tokenizer_ids *ids, enum status status)
{
    uint32_t count = status == STATUS_OK ? (uint32_t)ids->count : UINT32_MAX;

    fwrite(&count, sizeof(count), 1, stdout);
    if (status == STATUS_OK && ids->count > 0)
        fwrite(ids->ids, sizeof(ids->ids[0]), ids->count, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct error err = { 0 };
    struct tokenizer_vocab *vocab = argc == 2 ? tokenizer_open(argv[1], &err) : NULL;
    struct slice text;

    if (vocab == NULL) {
        fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: tokenizer_ids VOCABULARY");
        return 1;
    }
    while (read_text(&text)) {
        struct tokenizer_ids ids;
        struct arena arena;
        enum status status;

        arena_init(&arena, 512 * MIB);
        status = tokenizer_encode(vocab, text, false, false, &arena, &ids, NULL);
        if (status == STATUS_OK && !is_counted(vocab, text, ids.count))
            status = STATUS_INTERNAL;
        write_ids(&ids, status);
        arena_close(&arena);
    }
    tokenizer_vocab_destroy(vocab);
    return 0;
}
