/* The table of words while the lists are compiled: what each source said of a word, added up. */
#ifndef WORDS_TABLE_H
#define WORDS_TABLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "deid_words.h"

struct words_row {
    const char *word; /* folded; NULL in an empty row */
    uint32_t size;
    uint32_t flags; /* enum deid_word, as the lists of the repository say */
    double given;   /* share of people */
    double family;
    double people; /* of the largest town of that name */
    double use;    /* in a million words of text, in lower case */
};

struct words_table {
    struct arena arena;
    struct words_row *rows;
    uint32_t rows_count; /* a power of two */
    uint32_t words_count;
    unsigned char postal[DEID_WORDS_POSTAL_BYTES];
};

enum status words_table_init(struct words_table *table, struct error *err);
void words_table_close(struct words_table *table);

/* The row of @word, made when there was none. NULL for a word that no list can hold: too long, or
 * without a letter. */
struct words_row *words_table_row(struct words_table *table, struct slice word);

/* The same, NULL when there is none. */
struct words_row *words_table_find(const struct words_table *table, struct slice word);

#endif
