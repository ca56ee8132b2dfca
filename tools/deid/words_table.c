#include "words_table.h"

#define ROWS_COUNT (1u << 21) /* over half a million words, a quarter full */
#define ARENA_BYTES (1u << 30)

enum status words_table_init(struct words_table *table, struct error *err)
{
    *table = (struct words_table){ .rows_count = ROWS_COUNT };
    arena_init(&table->arena, ARENA_BYTES);
    table->rows = ARENA_ARRAY(&table->arena, struct words_row, ROWS_COUNT);
    if (table->rows == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u words", ROWS_COUNT);
    return STATUS_OK;
}

void words_table_close(struct words_table *table)
{
    arena_close(&table->arena);
}

static struct words_row *row_at(const struct words_table *table, const char *folded, unsigned size)
{
    uint32_t at = (uint32_t)(deid_words_hash(folded, size) >> 32) & (table->rows_count - 1);

    while (table->rows[at].word != NULL
           && (table->rows[at].size != size || memcmp(table->rows[at].word, folded, size) != 0))
        at = (at + 1) & (table->rows_count - 1);
    return &table->rows[at];
}

static bool has_letter(const char *folded, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++)
        if ((folded[i] >= 'a' && folded[i] <= 'z') || (folded[i] & 0x80))
            return true;
    return false;
}

struct words_row *words_table_row(struct words_table *table, struct slice word)
{
    char folded[DEID_WORDS_BYTES_MAX + 8];
    unsigned size = deid_words_fold(word, folded);
    struct words_row *row;

    if (size == 0 || !has_letter(folded, size))
        return NULL;
    row = row_at(table, folded, size);
    if (row->word != NULL)
        return row;
    if (table->words_count >= table->rows_count / 2)
        return NULL;
    /* With the zeros that the hash reads. */
    row->word = arena_copy(&table->arena, slice_of(folded, (size + 7) & ~7u)).data;
    row->size = size;
    table->words_count += row->word != NULL;
    return row->word == NULL ? NULL : row;
}

struct words_row *words_table_find(const struct words_table *table, struct slice word)
{
    char folded[DEID_WORDS_BYTES_MAX + 8];
    unsigned size = deid_words_fold(word, folded);
    struct words_row *row = size == 0 ? NULL : row_at(table, folded, size);

    return row == NULL || row->word == NULL ? NULL : row;
}
